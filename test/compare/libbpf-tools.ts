// Compares the real tools of Debian's libbpf-tools with the plan that `corematrix init` writes for their objects, on real kernels.
// usage: npm run compare:libbpf-tools -- [--suite sid] [--kernel SELECTOR]... [--keep NEW_FOLDER] [TOOL...]
// Exit code 1 below the goals of the suite. --keep keeps the plans and both results.
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { InfraError, messageOf, UserError } from '../../harness/base/errors.ts';
import { cacheRoot } from '../../harness/base/files.ts';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';
import { exitCodeOf, reportError } from '../../harness/cli/exit.ts';
import { logText } from '../../harness/results/logs.ts';
import type { CellResult, Results } from '../../harness/results/schema.ts';
import { readResults } from '../../reports/json.ts';
import { type Comparison, linesOf, planResult, toolResult, totalsOf } from './comparison.ts';
import { installedTools, type InstalledTools, LINKER, type Tool } from './installed.ts';

const MAIN = fileURLToPath(new URL('../../harness/cli/main.js', import.meta.url));
const KERNELS = ['debian:5.10', 'debian:6.12', 'debian:7.3'];

/** The least that each suite must reach on all kernels: comparisons that agree, and of those in which both work the ones with the same programs. */
const GOALS = { sid: { agree: 155 / 162, samePrograms: 95 / 106 }, bookworm: { agree: 0.95, samePrograms: 0.9 } } as const;

/** Arguments without which a tool ends at once, needs a terminal, or loads only some of its programs. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  biolatency: ['-Q'],
  biosnoop: ['-Q'],
  bashreadline: ['-s', '{folder}/bash'],
  biotop: ['-C'],
  filetop: ['-C'],
  fsdist: ['-t', 'ext4'],
  fsslower: ['-t', 'ext4'],
  funclatency: ['vfs_read'],
  gethostlatency: ['-l', '{folder}/libc.so.6'],
  ksnoop: ['trace', 'vfs_read'],
  memleak: ['-P'],
  slabratetop: ['-C'],
  tcptop: ['-C'],
};
const FILES: Readonly<Record<string, readonly string[]>> = { bashreadline: ['/bin/bash'] };

const say = (text: string) => process.stdout.write(`${text}\n`);

/** The entry of corematrix.yaml that runs the tool itself. */
function toolEntry({ name, program }: Tool, { libraries }: InstalledTools, watch: string): object {
  const files = [
    ...libraries.map((library) => ({ path: library.path, to: library.name })),
    { path: program, to: name },
    ...(FILES[name] ?? []),
  ];
  const argv = [watch, `{folder}/${LINKER}`, '--library-path', '{folder}', `{folder}/${name}`, ...(ARGUMENTS[name] ?? [])];
  return { path: `${name}.bpf.o`, command: { argv, files, timeout: 120 } };
}

/** Runs corematrix and returns its results. Failures of cells are results, too. */
async function resultsOf(folder: string, name: string, kernels: readonly string[]): Promise<Results> {
  const selectors = kernels.flatMap((kernel) => ['-k', kernel]);
  const args = [MAIN, 'run', '-c', `${name}.yaml`, ...selectors, '-o', name, '--format', 'json', '--force'];
  const { exitCode, stderr } = await execa(process.execPath, args, { cwd: folder, reject: false, stdin: 'ignore' });
  const path = join(folder, name, 'results.json');
  const json = await readFile(path, 'utf8').catch(() => null);
  if (json === null) throw new InfraError(`"corematrix run -c ${name}.yaml" ended with exit code ${exitCode}: ${stderr.slice(-2000)}`);
  return readResults(json, path);
}

/** The plan of `corematrix init`, in which only the mode is set. */
async function writePlan(folder: string, tools: readonly Tool[]): Promise<void> {
  const objects = tools.map(({ name }) => `${name}.bpf.o`);
  await execa(process.execPath, [MAIN, 'init', ...objects, '-c', 'plan.yaml'], { cwd: folder });
  const path = join(folder, 'plan.yaml');
  const text = await readFile(path, 'utf8');
  const attached = text.replace('\n# defaults: { mode: attach }\n', '\ndefaults: { mode: attach }\n');
  if (attached === text) throw new InfraError('corematrix init no longer writes the line "# defaults: { mode: attach }"');
  await writeFile(path, attached);
}

function cellOf({ cells }: Results, kernel: string, object: string): CellResult {
  const cell = cells.find((each) => each.kernel === kernel && each.object === object);
  if (!cell) throw new InfraError(`the results have no cell of ${object} on ${kernel}`);
  return cell;
}

function compared(tools: readonly Tool[], real: Results, plan: Results): Comparison[] {
  return tools.flatMap(({ name }) =>
    real.kernels.map(({ id, series }): Comparison => {
      const cell = cellOf(real, id, name);
      return {
        tool: name,
        kernel: series,
        real: toolResult(cell, logText(real.logs, cell.logs.stdout), logText(real.logs, cell.logs.stderr)),
        plan: planResult(cellOf(plan, id, name)),
      };
    }),
  );
}

async function compare(folder: string, installed: InstalledTools, tools: readonly Tool[], kernels: readonly string[]) {
  const watch = join(folder, 'watch');
  await execa('gcc', ['-std=gnu11', '-O1', '-static', '-Wall', join(PACKAGE_ROOT, 'test/compare/watch.c'), '-o', watch]);
  for (const { name, object } of tools) await symlink(object, join(folder, `${name}.bpf.o`));
  await writePlan(folder, tools);
  await writeFile(join(folder, 'tools.yaml'), stringify({ objects: tools.map((tool) => toolEntry(tool, installed, watch)) }));
  const plan = await resultsOf(folder, 'plan', kernels);
  return compared(tools, await resultsOf(folder, 'tools', kernels), plan);
}

async function folderFor(keep: string | undefined): Promise<string> {
  if (keep === undefined) return mkdtemp(join(tmpdir(), 'compare-'));
  const folder = resolve(keep);
  await mkdir(folder).catch((error: unknown) => {
    throw new UserError(`--keep ${keep} cannot be made: ${messageOf(error)}; name a folder that does not exist`);
  });
  return folder;
}

function isSuite(name: string): name is keyof typeof GOALS {
  return Object.hasOwn(GOALS, name);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      suite: { type: 'string', default: 'sid' },
      kernel: { type: 'string', multiple: true, default: KERNELS },
      keep: { type: 'string' },
    },
  });
  const { suite } = values;
  if (!isSuite(suite)) throw new UserError(`--suite is '${suite}'; expected ${Object.keys(GOALS).join(' or ')}`);
  const installed = await installedTools(suite, cacheRoot());
  const unknown = positionals.find((name) => !installed.tools.some((tool) => tool.name === name));
  if (unknown !== undefined) throw new UserError(`the package has no tool '${unknown}'`);
  const tools = installed.tools.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  const folder = await folderFor(values.keep);
  try {
    const comparisons = await compare(folder, installed, tools, values.kernel);
    for (const line of comparisons.flatMap(linesOf)) say(line);
    const { agree, compared: count, samePrograms, bothWork, environment } = totalsOf(comparisons);
    say(`libbpf-tools ${installed.version} of ${suite}, ${tools.length} tools: ${agree} of ${count} agree; ${environment} not counted`);
    say(`the plan loads the programs of the tool in ${samePrograms} of ${bothWork} comparisons in which both work`);
    const goal = GOALS[suite];
    if (agree < goal.agree * count || samePrograms < goal.samePrograms * bothWork) {
      say(
        `less than the goals: ${(goal.agree * 100).toFixed(1)} % agree, ${(goal.samePrograms * 100).toFixed(1)} % load the same programs`,
      );
      process.exitCode = 1;
    }
  } finally {
    if (values.keep === undefined) await rm(folder, { recursive: true, force: true });
  }
}

try {
  await main();
} catch (error) {
  reportError(error);
  process.exitCode = exitCodeOf(error);
}
