// Tests of the package that `npm pack` makes: its content, and that it works where it is installed, without any compiler.
import { access, copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, normalize } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';
import { pulledKernels } from '../kernels/pulled.ts';
import { packInto, type PackedPackage, SYSTEM_PATH } from './packed.ts';

const MEBIBYTE = 1 << 20;
/** What an installed corematrix needs for guests: QEMU, and programs that every Linux system has. */
const NEEDED = ['node', 'qemu-system-x86_64', 'setpriv', 'flock', 'cat'];
const COMMAND = 'dist/harness/cli/main.js';
const OBJECT = join(PACKAGE_ROOT, 'programs/build/task_state.bpf.o');

let root = '';
let packed: PackedPackage;
let bin = '';
let project = '';

/** A folder with links to the only programs that an installed corematrix may use. */
async function programsFolder(): Promise<string> {
  const folder = join(root, 'bin');
  await mkdir(folder);
  for (const name of NEEDED) {
    const { stdout } = await execa('sh', ['-c', `command -v ${name}`]);
    await symlink(stdout, join(folder, name));
  }
  return folder;
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'corematrix-package-'));
  packed = await packInto(root, { PATH: SYSTEM_PATH });
  bin = await programsFolder();
  project = join(root, 'project');
  await mkdir(project);
  await writeFile(join(project, 'package.json'), '{ "private": true }');
  await execa('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', packed.tarball], { cwd: project });
});
afterAll(async () => rm(root, { recursive: true, force: true }));

/** The name of a file, or of all files of its kind, for files that come and go with sources and versions. */
function kindOf(path: string): string {
  if (path.startsWith('prebuilt/licences/')) return 'prebuilt/licences/*';
  if (/^harness\/(?:guest\/agent|loaders)\//.test(path)) return `${dirname(path)}/*${/\.\w+$/.exec(path)?.[0] ?? basename(path)}`;
  return path.startsWith('dist/') ? 'dist/*.js' : path;
}

/** The files that a module imports from the package, and the module itself. */
async function reachable(path: string, found: Set<string>): Promise<void> {
  if (found.has(path)) return;
  found.add(path);
  const text = await readFile(join(packed.folder, path), 'utf8').catch(() => '');
  for (const [, target = ''] of text.matchAll(/\b(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g)) {
    await reachable(normalize(join(dirname(path), target)), found);
  }
}

it('the package has only its listed kinds of files', () => {
  const kinds = [...new Set(packed.files.map(kindOf))].filter((kind) => kind !== 'prebuilt/loaders-x86_64.br');
  expect(kinds).toMatchInlineSnapshot(`
    [
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "dist/*.js",
      "harness/guest/agent/*.c",
      "harness/guest/agent/*.h",
      "harness/loaders/aya/0.13/*.lock",
      "harness/loaders/aya/0.13/*.toml",
      "harness/loaders/aya/0.14/*.lock",
      "harness/loaders/aya/0.14/*.toml",
      "harness/loaders/aya/*.toml",
      "harness/loaders/aya/src/*.rs",
      "harness/loaders/cilium/*.mod",
      "harness/loaders/cilium/*.sum",
      "harness/loaders/cilium/*.go",
      "harness/plan/config/config.schema.json",
      "kernels/lock.json",
      "keys/debian-archive-keyring.gpg",
      "package.json",
      "prebuilt/NOTICE.md",
      "prebuilt/agents-x86_64.br",
      "prebuilt/licences/*",
      "prebuilt/manifest.json",
      "reports/results.schema.json",
    ]
  `);
});

/** The modules that a module needs, itself included. */
async function modulesOf(...paths: readonly string[]): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const path of paths) await reachable(path, found);
  return found;
}

it('the package has all modules that its command imports, and none that only commands of contributors import', async () => {
  const used = await modulesOf(COMMAND);
  expect([...used].filter((path) => !packed.files.includes(path))).toEqual([]);
  const scripts = await readFile(join(packed.folder, 'package.json'), 'utf8');
  const others = [...scripts.matchAll(/\bdist\/(?:harness|kernels|reports)\/\S+?\.js\b/g)].map(([path]) => path);
  const contributors = [...(await modulesOf(...others.filter((path) => path !== COMMAND)))].filter((path) => !used.has(path));
  expect(contributors).toContain('dist/harness/setup/pack/pack.js');
  const texts = await Promise.all(contributors.map(async (path) => readFile(join(packed.folder, path), 'utf8')));
  const withCode = (text: string) => text.replaceAll(/\/\/.*|\/\*[^]*?\*\/|\bexport \{\};/g, '').trim() !== '';
  expect(contributors.filter((path, at) => withCode(texts[at] ?? '') && packed.files.includes(path))).toEqual([]);
});

it('the package is smaller than 6 MiB', () => {
  expect(packed.size).toBeLessThan(6 * MEBIBYTE);
});

it('the package has the licences of what its agents link, and says how to link them again', async () => {
  const notice = await readFile(join(packed.folder, 'prebuilt/NOTICE.md'), 'utf8');
  const named = [...notice.matchAll(/^- (\S+) [\w.:+~-]+ \(Debian source package\): /gm)].map(([, name]) => name);
  expect(named).toEqual([
    'libbpf',
    'libbpf',
    'libbpf',
    'libbpf',
    'elfutils',
    'zlib',
    'libzstd',
    'glibc',
    expect.stringMatching(/^gcc-\d+$/),
  ]);
  const linked = [...notice.matchAll(/\]\((licences\/[^)]+)\)/g)].map(([, path]) => `prebuilt/${path}`);
  expect(packed.files.filter((path) => path.startsWith('prebuilt/licences/'))).toEqual([...new Set(linked)].toSorted());
  expect(notice).toContain('To link again:');
});

/** Runs the installed command with only the programs that it may use. */
async function corematrix(args: readonly string[], env: Record<string, string> = {}) {
  const command = join(project, 'node_modules/.bin/corematrix');
  const all = { PATH: bin, GITHUB_ACTIONS: '', ...env };
  return execa(command, args, { cwd: project, env: all, extendEnv: false, reject: false, stdin: 'ignore' });
}

/** The kernel that the commands get, and its file, which needs no mirror. */
async function kernelFile(): Promise<string> {
  const [kernel] = await pulledKernels(['debian:6.1']);
  return `file:${kernel?.vmlinux ?? ''}`;
}

it('an installed corematrix loads objects with prebuilt agents, on a machine without compilers', async () => {
  const kernel = await kernelFile();
  const loaders = ['libbpf@default', 'libbpf@1.1'];
  const cache = join(root, 'cache');
  const args = ['run', OBJECT, '-k', kernel, ...loaders.flatMap((name) => ['--loader', name])];
  const { exitCode, stderr, stdout } = await corematrix(args, { COREMATRIX_CACHE: cache });
  expect([exitCode, stderr]).toEqual([1, expect.not.stringContaining('error')]);
  expect(stdout).toContain('4 pass, 2 fail');
  const results: unknown = JSON.parse(await readFile(join(project, 'corematrix-report/results.json'), 'utf8'));
  const prebuilt = (libbpf: string, version: string) => ({ libbpf, libbpfOrigin: `Debian source package libbpf ${version}, prebuilt` });
  expect(results).toMatchObject({
    run: {
      agent: prebuilt('1.7.0', '1.7.0-1'),
      otherAgents: [{ loader: 'libbpf@1.1', ...prebuilt('1.1.2', '1.1.2-0+deb12u1') }],
    },
  });
  // Nothing was built there.
  expect(await readdir(cache)).not.toContain('libbpf');
  expect(await readdir(cache)).not.toContain('agent');
});

it.each(['predict', 'explain'])('an installed corematrix answers %s on a machine with Node alone', async (command) => {
  const kernel = await kernelFile();
  const onlyNode = join(root, 'only-node');
  await mkdir(onlyNode, { recursive: true });
  await symlink(process.execPath, join(onlyNode, 'node')).catch(() => undefined);
  const env = { PATH: onlyNode, COREMATRIX_CACHE: join(root, `cache-${command}`) };
  const { exitCode, stderr, stdout } = await corematrix([command, OBJECT, '-k', kernel], env);
  expect([exitCode, stderr]).toEqual([1, '']);
  expect(stdout).toContain('task_struct___before_5_14.state');
});

it('an installed corematrix proposes a configuration whose schema is in the package', async () => {
  await copyFile(OBJECT, join(project, 'task_state.bpf.o'));
  const { exitCode, stderr } = await corematrix(['init', 'task_state.bpf.o']);
  expect([exitCode, stderr]).toEqual([0, expect.any(String)]);
  const [, schema = ''] = /\$schema=(\S+)/.exec(await readFile(join(project, 'corematrix.yaml'), 'utf8')) ?? [];
  await access(join(project, schema));
});
