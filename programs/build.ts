// Builds the sample programs with clang, one object for each source, into programs/build/. Rebuilds only after a change.
import { access, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { InfraError, UserError } from '../harness/base/errors.ts';
import { makeFolderBeside } from '../harness/base/populate.ts';
import { run, secondsSince, versionLine } from '../harness/setup/command.ts';
import { digestOf, filesIn } from '../harness/base/digest.ts';
import { PACKAGE_ROOT } from '../harness/base/package-root.ts';

/** Every kernel since 5.1 supports the instructions of v3. */
const FLAGS = ['-target', 'bpf', '-mcpu=v3', '-O2', '-g', '-Wall', '-Wextra', '-Werror', '-Wno-unused-parameter'];

export interface BuildOptions {
  /** Folder of libbpf's headers. */
  includeDir: string;
  onNote: (text: string) => void;
  /** Folder of the sources; objects go to `build/` in it. */
  sources?: string;
}

async function requireTool(program: string, debian: string): Promise<string> {
  const version = await versionLine(program);
  if (version !== null) return version;
  throw new InfraError(`${program} is not installed; run "npm run setup", or on Debian: apt-get install ${debian}`);
}

/** Debian keeps asm/types.h in a folder named after the host, where clang for BPF does not look. */
async function hostInclude(): Promise<string[]> {
  const { ok, stdout } = await run(['gcc', '-print-multiarch']);
  return ok && stdout !== '' ? ['-idirafter', `/usr/include/${stdout}`] : [];
}

/**
 * Line information names files by their path in the repository or in libbpf, on every machine. clang runs in the folder above
 * the sources and drops its name; the relative names that remain also let clang read the text of the lines.
 */
function mappedNames(above: string, includeDir: string): string[] {
  return [`-ffile-prefix-map=${above}=`, `-ffile-prefix-map=${includeDir}=include`];
}

async function compile(source: string, target: string, flags: readonly string[]): Promise<void> {
  const folder = dirname(source);
  const relative = join(basename(folder), basename(source));
  const built = await run(['clang', ...flags, '-c', relative, '-o', target], { cwd: dirname(folder) });
  if (!built.ok) throw new UserError(`${basename(source)} does not compile:`, { detail: built.said });
  const stripped = await run(['llvm-strip', '-g', target]);
  if (!stripped.ok) throw new InfraError(`${basename(target)}: llvm-strip failed: ${stripped.said}`);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Whether all objects exist and were built from the current sources. */
async function upToDate(stamp: string, digest: string, objects: readonly string[]): Promise<boolean> {
  if ((await readFile(stamp, 'utf8').catch(() => '')) !== digest) return false;
  const there = await Promise.all(objects.map(exists));
  return !there.includes(false);
}

/**
 * Builds all objects unless they are up to date, and returns their paths, sorted. Objects whose source is gone are removed.
 * @throws InfraError when clang is missing; UserError when a program does not compile, with clang's message
 */
export async function buildPrograms(options: BuildOptions): Promise<string[]> {
  const folder = options.sources ?? join(PACKAGE_ROOT, 'programs');
  const output = join(folder, 'build');
  const sources = await filesIn(folder, ['.bpf.c']);
  const nameOf = (source: string) => basename(source).replace(/\.c$/, '.o');
  const objects = sources.map((source) => join(output, nameOf(source)));
  const clang = await requireTool('clang', 'clang');
  const strip = await requireTool('llvm-strip', 'llvm');
  const { includeDir, onNote } = options;
  const flags = [...FLAGS, ...mappedNames(dirname(folder), includeDir), '-isystem', includeDir, ...(await hostInclude())];
  const digest = await digestOf(await filesIn(folder, ['.bpf.c', '.h']), clang, strip, ...flags);
  if (await upToDate(join(output, 'digest'), digest, objects)) return objects;
  const started = performance.now();
  const building = await makeFolderBeside(output);
  try {
    for (const source of sources) await compile(source, join(building.path, nameOf(source)), flags);
    await writeFile(join(building.path, 'digest'), digest);
    await rm(output, { recursive: true, force: true });
    await building.moveTo(output);
  } finally {
    await building.remove();
  }
  onNote(`${sources.length} sample programs: ${secondsSince(started)}`);
  return objects;
}
