// An empty project in which the built package is installed as from a registry, and the examples of docs/library.md.
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';

const SAMPLES = ['task_state', 'exec_watch'];
const packSchema = z.tuple([z.object({ filename: z.string() })]);

/** The examples of docs/library.md by the name in their first line. */
export async function examplesOf(document: string): Promise<Map<string, string>> {
  const text = await readFile(join(PACKAGE_ROOT, document), 'utf8');
  const blocks = [...text.matchAll(/^```ts\n(\/\/ (\S+)\n[^]*?)^```$/gm)];
  return new Map(blocks.map(([, code = '', name = '']) => [name, code]));
}

/** Unpacks the package as `npm pack` makes it from the built files. */
async function installPackage(folder: string): Promise<void> {
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const { stdout } = await execa('npm', pack, { cwd: PACKAGE_ROOT });
  const [{ filename }] = packSchema.parse(JSON.parse(stdout));
  const target = join(folder, 'node_modules/corematrix');
  await mkdir(target, { recursive: true });
  await execa('tar', ['-xzf', join(folder, filename), '--strip-components=1', '-C', target]);
}

/** Makes what the repository has installed available to the project, by links. */
async function linkDependencies(folder: string): Promise<void> {
  for (const name of await readdir(join(PACKAGE_ROOT, 'node_modules'))) {
    const link = join(folder, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(PACKAGE_ROOT, 'node_modules', name), link);
  }
}

const COMPILER_OPTIONS = {
  module: 'nodenext',
  moduleResolution: 'nodenext',
  target: 'es2023',
  strict: true,
  exactOptionalPropertyTypes: true,
  types: ['node'],
  outDir: '.',
};

/** A project with the installed package, sample objects in build/, and a configuration. */
export interface Project {
  folder: string;
  remove: () => Promise<void>;
  /** Compiles files to JavaScript beside them, and returns the output of the compiler: '' without an error. */
  compile: (files: readonly string[], options?: Record<string, unknown>) => Promise<string>;
  /** Runs a script with Node.js. */
  node: (script: string) => Promise<{ exitCode?: number | undefined; stdout: string; stderr: string }>;
}

/** Makes a project in a temporary folder. */
export async function makeProject(): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), 'corematrix-library-'));
  await installPackage(folder);
  await linkDependencies(folder);
  await mkdir(join(folder, 'build'));
  for (const name of SAMPLES) {
    await copyFile(join(PACKAGE_ROOT, `programs/build/${name}.bpf.o`), join(folder, `build/${name}.bpf.o`));
    await copyFile(join(PACKAGE_ROOT, `programs/${name}.bpf.c`), join(folder, `build/${name}.bpf.c`));
  }
  await writeFile(join(folder, 'package.json'), '{ "type": "module", "private": true }');
  await writeFile(join(folder, 'corematrix.yaml'), 'kernels:\n  - debian:6.12\nobjects:\n  - build/*.bpf.o\n');
  await writeFile(join(folder, 'wrong.yaml'), 'kernel: debian:6.12\n');
  return {
    folder,
    remove: async () => rm(folder, { recursive: true, force: true }),
    compile: async (files, options = {}) => {
      const config = { compilerOptions: { ...COMPILER_OPTIONS, ...options }, files };
      await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
      const tsc = join(PACKAGE_ROOT, 'node_modules/.bin/tsc');
      const { stdout } = await execa(tsc, ['-p', folder, '--pretty', 'false'], { cwd: folder, reject: false });
      return stdout;
    },
    node: async (script) => execa('node', [script], { cwd: folder, reject: false, stdin: 'ignore' }),
  };
}
