// Tests of the GitHub action on an imitated runner: installation, system packages, /dev/kvm and the cache.
import { chmod, chown, copyFile, cp, mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';
import { MAIN } from '../harness/cli/command.ts';
import { KERNEL_FOLDERS, linkedCache } from '../harness/run/real-run.ts';
import { listening } from '../listening.ts';
import { ACTION, addProgram, imitatedRunner, type Runner, runStep } from './runner.ts';

/** What apt-get of Ubuntu 24.04 answers; it notes its arguments, and installs QEMU. */
const UBUNTU_APT = `
printf '%s\\n' "$*" >>"$(dirname "$0")/apt-get.log"
case "$*" in
*--print-uris*) echo "'http://archive.ubuntu.invalid/ubuntu/dists/noble/InRelease' archive.ubuntu.invalid_ubuntu_dists_noble_InRelease 0 " ;;
*install*) printf '#!/bin/sh\\n' >"$(dirname "$0")/qemu-system-x86_64" && chmod +x "$(dirname "$0")/qemu-system-x86_64" ;;
esac`;
const DAY_MS = 24 * 60 * 60 * 1000;

let runner: Runner;
const servers: Server[] = [];
beforeEach(async () => {
  runner = await imitatedRunner();
  await addProgram(runner, 'apt-get', UBUNTU_APT);
});
afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  await rm(runner.folder, { recursive: true, force: true });
});

const aptLog = async () => readFile(join(runner.bin, 'apt-get.log'), 'utf8').catch(() => '');

interface ActionStep {
  id?: string;
  if?: string;
  uses?: string;
  run?: string;
  env?: Record<string, string>;
  with?: Record<string, string>;
}

describe('action.yml', () => {
  const definition = async () => parse(await readFile(join(PACKAGE_ROOT, 'action.yml'), 'utf8'));

  it('the GitHub action passes each declared input to its scripts in the environment, never in the command text', async () => {
    const { inputs, runs } = await definition();
    const steps: ActionStep[] = runs.steps;
    const passed = steps.flatMap(({ env = {} }) =>
      Object.values(env).flatMap((text) => /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(text)?.[1] ?? []),
    );
    expect([...new Set([...passed, 'lock', 'comment'])].toSorted()).toEqual(Object.keys(inputs).toSorted());
    expect(JSON.stringify(steps.map(({ run }) => run))).not.toContain('${{');
    for (const { run, env = {} } of steps.filter((step) => step.run !== undefined)) {
      const [, path = ''] = /^(?:bash|node) "\$GITHUB_ACTION_PATH\/(docs\/ci\/action\/[\w-]+\.(?:sh|mjs))"$/.exec(run ?? '') ?? [];
      const script = await readFile(join(PACKAGE_ROOT, path), 'utf8');
      // The program itself reads where its cache is.
      const unread = Object.keys(env).filter((name) => name !== 'COREMATRIX_CACHE' && !script.includes(name));
      expect(unread).toEqual([]);
    }
  });

  it('the GitHub action gives the token only to the step that comments, and comments only if the input is true', async () => {
    const { inputs, runs } = await definition();
    const steps: ActionStep[] = runs.steps;
    const withToken = steps.filter((step) => JSON.stringify(step).includes('github.token'));
    expect(withToken.map(({ run }) => basename(run ?? '', '"'))).toEqual(['comment.mjs']);
    expect([inputs.comment.default, withToken[0]?.if]).toEqual(['false', "${{ always() && inputs.comment == 'true' }}"]);
  });

  it('the GitHub action saves the cache that its steps use, by the lock file, after it is pruned, even if programs fail', async () => {
    const { runs } = await definition();
    const steps: ActionStep[] = runs.steps;
    const restore = steps.find(({ uses }) => uses === 'actions/cache/restore@v4');
    const [prune, save] = steps.slice(-2);
    const used = steps.flatMap(({ env }) => env?.['COREMATRIX_CACHE'] ?? []);
    expect(new Set([...used, save?.with?.['path']])).toEqual(new Set([restore?.with?.['path']]));
    expect(restore?.with?.['key']).toContain('hashFiles(inputs.lock)');
    expect(prune).toMatchObject({ if: '${{ always() }}', run: 'bash "$GITHUB_ACTION_PATH/docs/ci/action/prune.sh"' });
    expect(save).toMatchObject({
      uses: 'actions/cache/save@v4',
      if: "${{ always() && steps.prepare.outputs.main != '' }}",
      with: { key: `\${{ steps.${restore?.id ?? ''}.outputs.cache-primary-key }}` },
    });
  });
});

/** The built program as a package without dependencies; they are found in a folder above. */
async function packed(version: string): Promise<Buffer> {
  const folder = join(runner.folder, 'package');
  await mkdir(folder);
  for (const path of ['dist/harness', 'dist/kernels', 'dist/reports', 'dist/programs', 'harness/guest/agent', 'kernels/lock.json']) {
    await cp(join(PACKAGE_ROOT, path), join(folder, path), { recursive: true, filter: (name) => !name.endsWith('.map') });
  }
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'corematrix', version, type: 'module' }));
  const { stdout } = await execa('npm', ['pack', '--silent', '--ignore-scripts'], { cwd: folder });
  await symlink(join(PACKAGE_ROOT, 'node_modules'), join(runner.folder, 'node_modules'));
  return readFile(join(folder, stdout.trim()));
}

/** Starts a package registry that has one package. Returns its address. */
async function registry(version: string): Promise<string> {
  const tarball = await packed(version);
  const server = createServer((request, response) => {
    if (request.url?.endsWith('.tgz')) {
      response.end(tarball);
      return;
    }
    const address = `http://${request.headers.host ?? ''}/corematrix.tgz`;
    const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
    const manifest = { name: 'corematrix', version, dist: { tarball: address, integrity } };
    response.setHeader('content-type', 'application/json');
    response.statusCode = request.url === '/corematrix' ? 200 : 404;
    response.end(JSON.stringify({ name: 'corematrix', 'dist-tags': { latest: version }, versions: { [version]: manifest } }));
  });
  servers.push(server);
  return `http://127.0.0.1:${await listening(server)}/`;
}

/** A PATH of a machine without QEMU. */
async function pathWithoutQemu(): Promise<string> {
  const names = [
    'bash',
    'sh',
    'env',
    'node',
    'npm',
    'mkdir',
    'rm',
    'find',
    'touch',
    'dirname',
    'chmod',
    'setpriv',
    'flock',
    'sed',
    'uname',
  ];
  for (const name of names) {
    const { stdout } = await execa('sh', ['-c', `command -v ${name}`]);
    await symlink(stdout, join(runner.bin, name));
  }
  await addProgram(runner, 'true', '');
  await addProgram(runner, 'sudo', '[ "$1" = -n ] && shift && exec "$@"');
  return runner.bin;
}

describe('the preparation of the runner', () => {
  it('the GitHub action installs the published version into its own folder, and QEMU if it is missing', async () => {
    const variables = {
      COREMATRIX_ACTION_VERSION: '7.8.9',
      PATH: await pathWithoutQemu(),
      npm_config_registry: await registry('7.8.9'),
      npm_config_cache: join(runner.folder, 'npm'),
    };
    // The repository must not choose what is installed.
    await writeFile(join(runner.workspace, '.npmrc'), 'registry=http://127.0.0.1:1/\n');
    const first = await runStep(runner, 'prepare.sh', variables);
    const main = join(runner.temp, 'corematrix/package/node_modules/corematrix/dist/harness/cli/main.js');
    expect([first.exitCode, first.stderr, first.output]).toEqual([
      0,
      expect.stringContaining('installing qemu-system-x86'),
      `main=${main}\n`,
    ]);
    expect((await execa('node', [main, '--version'])).exitCode).toBe(0);
    const { version } = parse(await readFile(join(main, '../../../../package.json'), 'utf8'));
    expect(version).toBe('7.8.9');
    expect(await readdir(runner.workspace)).toEqual(['.npmrc']);
    const installations = (await aptLog()).split('\n').filter((line) => line.includes('install'));
    expect(installations).toEqual([
      expect.stringMatching(/ install -y --no-install-recommends qemu-system-x86( debian-archive-keyring)?$/),
    ]);
    // It is not missing any more.
    const before = await aptLog();
    expect((await runStep(runner, 'prepare.sh', { ...variables, COREMATRIX_ACTION_VERSION: 'latest' })).exitCode).toBe(0);
    expect((await aptLog()).slice(before.length)).not.toContain('install');
  });

  it.each([
    '$(touch hacked)',
    '1.0.0"; touch hacked; "',
    '1.0.0\ntouch hacked',
    '`touch hacked`',
    '--registry=http://127.0.0.1:1/',
    '../x',
  ])('the GitHub action refuses %j as a version and runs nothing', async (version) => {
    const said = await runStep(runner, 'prepare.sh', { COREMATRIX_ACTION_VERSION: version });
    expect([said.exitCode, said.stdout, said.output]).toEqual([2, expect.stringContaining('the input version is neither'), '']);
    expect([await readdir(runner.workspace), await readdir(runner.temp), await aptLog()]).toEqual([[], [], '']);
  });

  it('without a version, the GitHub action builds its own checkout, with the mirrors of the input', async () => {
    await addProgram(runner, 'npm', 'printf "%s\\n" "$PWD" "$*" "$COREMATRIX_DEBIAN_MIRROR"');
    const said = await runStep(runner, 'prepare.sh', {
      COREMATRIX_ACTION_MIRROR: 'http://a.invalid/debian\nhttp://b.invalid/$(touch hacked)',
    });
    expect(said.stdout.split('\n')).toEqual([
      PACKAGE_ROOT,
      'run --silent setup',
      'http://a.invalid/debian',
      'http://b.invalid/$(touch hacked)',
    ]);
    expect([said.exitCode, said.output]).toEqual([0, `main=${MAIN}\n`]);
    expect(await readdir(runner.workspace)).toEqual([]);
  });
});

describe('/dev/kvm', () => {
  const NOBODY = 65_534;

  /** Runs the script as a user who may not open the device. */
  async function openKvm(sudo: string) {
    const device = join(runner.folder, 'kvm');
    await writeFile(device, '', { mode: 0 });
    await copyFile(join(ACTION, 'open-kvm.sh'), join(runner.bin, 'open-kvm.sh'));
    await addProgram(runner, 'sudo', `printf '%s\\n' "$*" >>"$(dirname "$0")/sudo.log"\n${sudo}`);
    const isRoot = process.getuid?.() === 0;
    if (isRoot) for (const path of [runner.folder, runner.bin, device]) await chown(path, NOBODY, NOBODY);
    const user = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
    await chmod(runner.folder, 0o755);
    const env = { PATH: `${runner.bin}:${process.env['PATH'] ?? ''}` };
    const run = async () => execa('bash', [join(runner.bin, 'open-kvm.sh'), device], { ...user, env, cwd: '/', reject: false });
    return { run, device, log: async () => (await readFile(join(runner.bin, 'sudo.log'), 'utf8')).trimEnd().split('\n') };
  }

  it('the GitHub action opens /dev/kvm with a rule of udev, once', async () => {
    const { run, device, log } = await openKvm(
      `case "$*" in *trigger*) chmod 666 ${join(runner.folder, 'kvm')} ;; *tee*) cat >/dev/null ;; esac`,
    );
    const { exitCode, stdout, stderr } = await run();
    expect([exitCode, stdout, stderr]).toEqual([0, '', '']);
    const expected = [
      '-n tee /etc/udev/rules.d/99-corematrix-kvm.rules',
      '-n udevadm control --reload-rules',
      '-n udevadm trigger --settle --name-match=kvm',
    ];
    expect(await log()).toEqual(expected);
    expect((await stat(device)).mode & 0o777).toBe(0o666);
    await run();
    expect(await log()).toEqual(expected);
  });

  it('the GitHub action changes the mode of /dev/kvm on a runner without udev', async () => {
    const { run, device } = await openKvm('case "$2" in chmod) shift; exec "$@" ;; tee) cat >/dev/null; exit 1 ;; *) exit 1 ;; esac');
    expect((await run()).exitCode).toBe(0);
    expect((await stat(device)).mode & 0o777).toBe(0o666);
  });

  it('the GitHub action goes on without a word if it cannot open /dev/kvm, or if the runner has none', async () => {
    const { run, device } = await openKvm('echo "sudo: a password is required" >&2; exit 1');
    expect(await run()).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    await rm(device);
    expect(await run()).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
  });
});

describe('the cache of the GitHub action', () => {
  it('the GitHub action keeps in its cache what the run read or made, although a restored cache looks just used', async () => {
    const cache = join(runner.folder, 'cache');
    const old = new Date(Date.now() - 30 * DAY_MS);
    for (const name of ['read', 'unread', 'recent']) {
      await mkdir(join(cache, 'downloads', name), { recursive: true });
      const file = join(cache, 'downloads', name, 'file');
      await writeFile(file, 'content');
      if (name !== 'recent') for (const path of [file, join(cache, 'downloads', name)]) await utimes(path, old, old);
    }
    // As actions/cache saves and restores it.
    await execa('tar', ['--posix', '-cf', join(runner.folder, 'cache.tar'), '-P', cache]);
    await rm(cache, { recursive: true });
    await execa('tar', ['-xf', join(runner.folder, 'cache.tar'), '-P']);
    await addProgram(runner, 'npm', 'exit 0');
    const variables = { COREMATRIX_CACHE: cache, COREMATRIX_ACTION_MAIN: MAIN };
    expect((await runStep(runner, 'prepare.sh', variables)).exitCode).toBe(0);
    await readFile(join(cache, 'downloads/read/file'));
    expect((await runStep(runner, 'prune.sh', variables)).exitCode).toBe(0);
    expect((await readdir(join(cache, 'downloads'))).toSorted()).toEqual(['read', 'recent']);
  });

  it('the GitHub action prunes nothing if the preparation failed', async () => {
    expect(await runStep(runner, 'prune.sh')).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
  });
});

describe('the mirror of the GitHub action', () => {
  /** A cache with an agent, but without kernels and indexes. */
  const emptyCache = async () => linkedCache(join(runner.folder, 'cache'), KERNEL_FOLDERS);

  const run = async (inputs: Record<string, string>) =>
    runStep(runner, 'run.sh', {
      COREMATRIX_ACTION_MAIN: MAIN,
      COREMATRIX_CACHE: await emptyCache(),
      COREMATRIX_OBJECTS: join(PACKAGE_ROOT, 'programs/build/task_state.bpf.o'),
      COREMATRIX_KERNELS: 'debian:6.12',
      ...inputs,
    });

  it('on a runner with the apt of Ubuntu, the GitHub action says which input names a mirror', async () => {
    const { exitCode, stderr } = await run({});
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining("name one with the input 'mirror' of the action")]);
  });

  it('the GitHub action takes kernels from the mirror of its input', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(404).end();
    });
    servers.push(server);
    const { exitCode, stderr } = await run({ COREMATRIX_ACTION_MIRROR: `http://127.0.0.1:${await listening(server)}/archive/debian` });
    expect([exitCode, stderr]).toEqual([expect.any(Number), expect.not.stringContaining("input 'mirror'")]);
    expect(exitCode).toBeGreaterThan(1);
    expect(asked.every((url) => url.startsWith('/archive/debian'))).toBe(true);
    expect(asked.length).toBeGreaterThan(0);
  });

  it.each(['$(touch hacked)', '"; touch hacked; "', '`touch hacked`'])('the GitHub action treats the mirror %j as text', async (mirror) => {
    expect(await run({ COREMATRIX_ACTION_MIRROR: mirror })).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('is not the address of a Debian mirror'),
    });
    expect(await readdir(runner.workspace)).not.toContain('hacked');
  });
});
