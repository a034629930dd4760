// Checks the C of the agent with more warnings than its build turns on, and with clang's analyzer.
// usage: node dist/harness/setup/check-agent.js [FOLDER]
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import pLimit from 'p-limit';
import { filesIn } from '../base/digest.ts';
import { InfraError, messageOf } from '../base/errors.ts';
import { cacheRoot } from '../base/files.ts';
import { PACKAGE_ROOT } from '../base/package-root.ts';
import { run, versionLine } from './command.ts';
import { installedLibbpf } from './libbpf.ts';

const WARNINGS = ['-Wall', '-Wextra', '-Wshadow', '-Wconversion', '-Wformat=2', '-Wmissing-prototypes', '-Wstrict-prototypes', '-Wvla'];

/** Each tool finds what the other misses: gcc knows more warnings, clang's analyzer follows memory through arrays. */
const TOOLS = [
  { program: 'gcc', flags: ['-fsyntax-only', '-O2', '-Werror', ...WARNINGS] },
  { program: 'clang', flags: ['--analyze', '-Xclang', '-analyzer-werror', '-Xclang', '-analyzer-output=text'] },
] as const;

type Tool = (typeof TOOLS)[number];

async function toolFor(program: Tool['program']): Promise<void> {
  if ((await versionLine(program)) !== null) return;
  throw new InfraError(`${program} is not installed; run "npm run setup", or on Debian: apt-get install ${program}`);
}

/**
 * Checks all C files of a folder and prints each fault.
 * @returns whether there is no fault
 * @throws InfraError when a tool or the headers of libbpf are missing
 */
async function check(folder: string): Promise<boolean> {
  await Promise.all(TOOLS.map(async ({ program }) => toolFor(program)));
  const libbpf = await installedLibbpf(cacheRoot());
  if (libbpf === null) throw new InfraError('the cache has no headers of libbpf; run "npm run setup"');
  const files = await filesIn(folder, ['.c']);
  const limit = pLimit(availableParallelism());
  const faultsOf = async ({ program, flags }: Tool, file: string) => {
    const { ok, said } = await limit(async () => run([program, '-std=gnu11', ...flags, '-isystem', libbpf.includeDir, file]));
    return ok ? [] : [said];
  };
  const jobs = files.flatMap((file) => TOOLS.map(async (tool) => faultsOf(tool, file)));
  const faults = (await Promise.all(jobs)).flat();
  for (const fault of faults) process.stdout.write(`${fault}\n`);
  const tools = TOOLS.map(({ program }) => program).join(' and ');
  process.stdout.write(`${files.length} C files of the agent: ${faults.length === 0 ? `${tools} find no fault` : 'see above'}\n`);
  return faults.length === 0;
}

try {
  process.exitCode = (await check(resolve(process.argv[2] ?? join(PACKAGE_ROOT, 'harness/guest/agent')))) ? 0 : 1;
} catch (error) {
  process.stdout.write(`the C of the agent is not checked: ${messageOf(error)}\n`);
  process.exitCode = 1;
}
