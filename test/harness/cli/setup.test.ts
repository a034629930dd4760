// Tests of `corematrix setup` in an installed package, with a package manager that is a script.
import { access, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { hasTerminals } from './command.ts';
import { copyInstalled } from './installed.ts';

let folder = '';
let main = '';
const path = (name: string) => join(folder, name);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'setup-'));
  main = await copyInstalled(path('package'));
  await mkdir(path('bin'));
  for (const name of ['sh', 'env', 'touch', 'chmod', 'setpriv', 'flock']) {
    await symlink((await execa('which', [name])).stdout, path(`bin/${name}`));
  }
  await script('sudo', 'shift; exec "$@"');
  await script(
    'apt-get',
    `echo "$@" >> ${path('log')}; touch ${path('bin/qemu-system-x86_64')}; chmod +x ${path('bin/qemu-system-x86_64')}`,
  );
});
afterEach(async () => rm(folder, { recursive: true }));

async function script(name: string, text: string): Promise<void> {
  await writeFile(path(`bin/${name}`), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
}

async function setup(...args: readonly string[]) {
  const env = { PATH: path('bin'), COREMATRIX_CACHE: path('cache') };
  const options = { env, extendEnv: false, reject: false, stdin: 'ignore' } as const;
  const { exitCode, stdout, stderr } = await execa(process.execPath, [main, 'setup', ...args], options);
  return { exitCode, stdout, stderr: stderr.replaceAll(/\d+\.\d s/g, 'N s') };
}

const wasInstalled = async () =>
  access(path('log')).then(
    () => true,
    () => false,
  );

it('setup without a terminal installs nothing, and says how to go on', async () => {
  expect([await setup(), await wasInstalled()]).toMatchInlineSnapshot(`
    [
      {
        "exitCode": 3,
        "stderr": "error: packages are missing; "corematrix setup --yes" installs them, or type as root: apt-get install --no-install-recommends qemu-system-x86",
        "stdout": "",
      },
      false,
    ]
  `);
});

it('setup --print prints only the command', async () => {
  expect([await setup('--print'), await wasInstalled()]).toMatchInlineSnapshot(`
    [
      {
        "exitCode": 0,
        "stderr": "",
        "stdout": "apt-get install --no-install-recommends qemu-system-x86",
      },
      false,
    ]
  `);
});

it('setup --yes installs what is missing, and then has nothing to do', async () => {
  expect([await setup('--yes'), await wasInstalled(), await setup()]).toMatchInlineSnapshot(`
    [
      {
        "exitCode": 0,
        "stderr": "installing qemu-system-x86
    system packages: N s",
        "stdout": "",
      },
      true,
      {
        "exitCode": 0,
        "stderr": "nothing is missing; "corematrix doctor" checks whether guests boot",
        "stdout": "",
      },
    ]
  `);
});

it('setup ends with 3 and the message of a package manager that fails', async () => {
  await script('apt-get', 'echo "E: no space" >&2; exit 100');
  expect(await setup('--yes')).toMatchInlineSnapshot(`
    {
      "exitCode": 3,
      "stderr": "installing qemu-system-x86
    error: env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 update failed:
    E: no space",
      "stdout": "",
    }
  `);
});

it('setup ends with 3 if the package manager does not install QEMU', async () => {
  await script('apt-get', 'exit 0');
  expect(await setup('--yes')).toMatchInlineSnapshot(`
    {
      "exitCode": 3,
      "stderr": "installing qemu-system-x86
    error: 1 system package is missing, and the package manager did not install the expected files:
      qemu-system-x86  QEMU, which runs the guests
    As root: apt-get install --no-install-recommends qemu-system-x86",
      "stdout": "",
    }
  `);
});

it.skipIf(!hasTerminals).each([
  ['y', 0, true],
  ['n', 3, false],
])('setup on a terminal asks first: after the answer %s it ends with %i', async (answer, exitCode, installed) => {
  const command = `exec ${process.execPath} ${main} setup`;
  const env = { PATH: path('bin'), COREMATRIX_CACHE: path('cache'), SHELL: '/bin/sh' };
  const ended = await execa('/usr/bin/script', ['-qec', command, '/dev/null'], {
    env,
    extendEnv: false,
    reject: false,
    input: `${answer}\n`,
  });
  expect(ended.stdout).toContain('Install these packages? [y/N]');
  expect(ended.stdout).toContain('This will be run as root: apt-get install --no-install-recommends qemu-system-x86');
  expect([ended.exitCode, await wasInstalled()]).toEqual([exitCode, installed]);
});

it('setup refuses --yes together with --print', async () => {
  expect(await setup('--yes', '--print')).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: 'error: --yes installs packages and --print only prints; choose one',
  });
});

it('a run without QEMU names what is missing and the commands to type', async () => {
  await writeFile(path('x.bpf.o'), '');
  const env = { PATH: path('bin'), COREMATRIX_CACHE: path('cache') };
  const ended = await execa(process.execPath, [main, 'run', path('x.bpf.o')], { env, extendEnv: false, reject: false });
  expect([ended.exitCode, ended.stderr]).toMatchInlineSnapshot(`
    [
      3,
      "error: guests need what this machine lacks: qemu-system-x86_64 (QEMU, which runs the guests); "corematrix setup" installs it, "corematrix doctor" checks this machine",
    ]
  `);
});
