// Tests of the package that `npm pack` makes: its content, and that it works where it is installed, without any compiler.
import { access, copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';
import { pulledKernels } from '../kernels/pulled.ts';
import { packInto, type PackedPackage, SYSTEM_PATH } from './packed.ts';

const MEBIBYTE = 1 << 20;
/** What an installed corematrix needs for guests: QEMU, and programs that every Linux system has. */
const NEEDED = ['node', 'qemu-system-x86_64', 'setpriv', 'flock', 'cat'];
const TYPES = join(PACKAGE_ROOT, 'node_modules/@types');
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

/** Hides the compiler for arm64, so that a machine with it packs as fast as others. `npm run proof:package` packs with it. */
async function withoutArm64(): Promise<string> {
  const folder = join(root, 'hidden');
  await mkdir(folder);
  await writeFile(join(folder, 'aarch64-linux-gnu-gcc'), '#!/bin/sh\nexit 127\n', { mode: 0o755 });
  return folder;
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'corematrix-package-'));
  packed = await packInto(root, { PATH: [await withoutArm64(), SYSTEM_PATH].join(delimiter) });
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
  return path.startsWith('dist/') ? `dist/*${/(?:\.d\.ts|\.js)$/.exec(path)?.[0] ?? basename(path)}` : path;
}

it('the package has only its listed kinds of files', () => {
  const kinds = [...new Set(packed.files.map(kindOf))].filter((kind) => kind !== 'prebuilt/loaders-x86_64.br');
  expect(kinds).toMatchInlineSnapshot(`
    [
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "dist/*.js",
      "dist/*.d.ts",
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

it('the package has no modules of tests and of commands for contributors', () => {
  const modules = packed.files.filter((path) => path.startsWith('dist/'));
  expect(modules).toEqual(
    expect.arrayContaining(['dist/harness/cli/main.js', 'dist/harness/library/index.js', 'dist/reports/html/client.js']),
  );
  expect(modules.filter((path) => /^dist\/test|\/docs\/|\/pack\/|\/publish|\/setup\/check-|verify-known-changes/.test(path))).toEqual([]);
});

it('all that an installed package exports can be imported, and its types are complete', async () => {
  await writeFile(
    join(project, 'all.mjs'),
    `import * as all from 'corematrix';\nprocess.stdout.write(Object.keys(all).sort().join(' '));\n`,
  );
  const { stdout } = await execa('node', ['all.mjs'], { cwd: project });
  expect(stdout.split(' ')).toEqual(
    expect.arrayContaining(['explain', 'floor', 'loadConfig', 'merge', 'parseResults', 'predict', 'render', 'run']),
  );
  await writeFile(
    join(project, 'all.mts'),
    `import { predict } from 'corematrix';\nexport const result = await predict({ objects: 7 });\n`,
  );
  const options = ['--noEmit', '--strict', '--target', 'es2023', '--module', 'nodenext', '--typeRoots', TYPES, '--types', 'node'];
  const checked = await execa(join(PACKAGE_ROOT, 'node_modules/.bin/tsc'), [...options, 'all.mts'], { cwd: project, reject: false });
  // The compiler knows the type of the option.
  expect(checked.stdout).toBe("all.mts(2,39): error TS2322: Type 'number' is not assignable to type 'readonly string[]'.");
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
