// Builds the sample programs with clang: each source an object in programs/build/, again only when something it is made of changed.
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { UserError } from '../harness/errors.ts';
import { digestOf, filesIn } from '../harness/setup/digest.ts';
import { PACKAGE_ROOT } from '../harness/setup/root.ts';

/** Works on every kernel since 5.1: the instructions of v3 are older than the oldest kernel of the matrix. */
const FLAGS = ['-target', 'bpf', '-mcpu=v3', '-O2', '-g', '-Wall', '-Wextra', '-Werror', '-Wno-unused-parameter', '-D__TARGET_ARCH_x86'];

interface BuildOptions {
  /** Folder of libbpf's headers. */
  includeDir: string;
  say: (text: string) => void;
  /** Folder of the sources; objects go to `build/` in it. */
  sources?: string;
}

async function versionOf(program: string, advice: string): Promise<string> {
  const result = await execa(program, ['--version'], { reject: false });
  if (result.failed) throw new UserError(`${program} is not installed; run "npm run setup", or on Debian: apt-get install ${advice}`);
  return result.stdout.split('\n')[0] ?? '';
}

/** clang for BPF looks for the C library's asm/ headers nowhere: they lie in a folder named after the host. */
async function hostInclude(): Promise<string[]> {
  const result = await execa('gcc', ['-print-multiarch'], { reject: false });
  const multiarch = result.failed ? '' : result.stdout.trim();
  return multiarch === '' ? [] : ['-idirafter', `/usr/include/${multiarch}`];
}

async function compile(source: string, target: string, folder: string, flags: readonly string[]): Promise<void> {
  // Line information names the source as it is called in the repository, wherever that lies.
  const prefix = `-ffile-prefix-map=${folder}=programs`;
  const temporary = `${target}.new`;
  const built = await execa('clang', [...flags, prefix, '-fdebug-compilation-dir=.', '-c', source, '-o', temporary], {
    reject: false,
    cwd: folder,
  });
  if (built.failed) throw new UserError(`${basename(source)} does not compile:\n${built.stderr.trim()}`);
  const stripped = await execa('llvm-strip', ['-g', temporary], { reject: false });
  if (stripped.failed) throw new UserError(`${basename(target)}: llvm-strip failed: ${stripped.stderr.trim()}`);
  await rename(temporary, target);
}

/**
 * Builds what is not up to date and returns the paths of all objects, sorted.
 * @throws UserError when clang is missing or a program does not compile, with what clang says
 */
export async function buildPrograms(options: BuildOptions): Promise<string[]> {
  const folder = options.sources ?? join(PACKAGE_ROOT, 'programs');
  const output = join(folder, 'build');
  const sources = await filesIn(folder, ['.bpf.c']);
  const objects = sources.map((source) => join(output, basename(source).replace(/\.c$/, '.o')));
  const clang = await versionOf('clang', 'clang');
  await versionOf('llvm-strip', 'llvm');
  const flags = [...FLAGS, '-isystem', options.includeDir, ...(await hostInclude())];
  const digest = await digestOf(await filesIn(folder, ['.bpf.c', '.h']), clang, ...flags);
  const stamp = join(output, 'digest');
  const there = await Promise.all(
    objects.map(async (object) =>
      stat(object).then(
        () => true,
        () => false,
      ),
    ),
  );
  if ((await readFile(stamp, 'utf8').catch(() => '')) === digest && !there.includes(false)) return objects;
  const started = performance.now();
  await rm(output, { recursive: true, force: true });
  await mkdir(output, { recursive: true });
  for (const [index, source] of sources.entries()) await compile(source, objects[index] ?? '', folder, flags);
  await writeFile(stamp, digest);
  options.say(`${sources.length} sample programs: ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return objects;
}
