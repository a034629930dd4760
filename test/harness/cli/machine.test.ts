// Tests of commands on a machine that lacks a resource: one line names it, the exit code is 3, and no command reports a bug in corematrix.
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';
import { cacheRoot } from '../../../harness/base/files.ts';
import { sample } from '../run/real-run.ts';
import { corematrix, MAIN, withoutMirrorNotes } from './command.ts';

const NOBODY = 65534;
const RUN = ['run', '--no-cache', sample('task_state'), '-k', 'debian:5.10'];

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'machine-'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

/** Runs a command after a shell has set limits: `ulimit -n 24`. */
async function limited(limits: string, args: readonly string[], env: Record<string, string> = {}) {
  const { exitCode, stderr } = await execa('bash', ['-c', `${limits} && exec "$@"`, 'bash', process.execPath, MAIN, ...args], {
    cwd: folder,
    env: { GITHUB_ACTIONS: '', ...env },
    reject: false,
    stdin: 'ignore',
  });
  return {
    exitCode,
    lines: withoutMirrorNotes(stderr)
      .split('\n')
      .filter((line) => !/^accelerator: |^\d+ kernels? × /.test(line)),
  };
}

/** True if private mounts are possible. Some containers forbid them. */
const mayMount = !(await execa('unshare', ['--mount', 'true'], { reject: false })).failed;

describe('too few open files', () => {
  const needs = (count: number) => ({
    exitCode: 3,
    lines: [`error: only ${count} files may be open at once, and corematrix needs at least 256: ulimit -n 1024`],
  });

  it.each([
    ['run', RUN],
    ['predict', ['predict', sample('task_state')]],
    ['plan', ['plan', sample('task_state'), '-k', 'debian:5.10']],
    ['kernels list', ['kernels', 'list']],
    ['doctor', ['doctor']],
    ['--help', ['--help']],
  ])('%s with 24, 64 or 255 open files says how many it needs', async (_, args) => {
    expect([await limited('ulimit -n 24', args), await limited('ulimit -n 64', args), await limited('ulimit -n 255', args)]).toEqual([
      needs(24),
      needs(64),
      needs(255),
    ]);
  });

  it('a run with 256 open files has its verdicts', async () => {
    expect((await limited('ulimit -n 256', RUN)).exitCode).toBe(1);
  });
});

it('a report that cannot be written does not hide a compatibility failure', async () => {
  const results = join(PACKAGE_ROOT, 'test/fixtures/results-v1/results.json');
  const { exitCode, lines } = await limited('ulimit -f 8', ['merge', results, '-o', 'report']);
  expect(lines.at(-1)).toMatch(/^error: .*EFBIG: file too large.*$/);
  expect(exitCode).toBe(1);
});

it('a limit of file sizes ends a run with an error that names the limit, and not by a signal', async () => {
  const { exitCode, lines } = await limited('ulimit -f 1', RUN);
  expect(exitCode).toBe(3);
  expect(lines.at(-1)).toMatch(/^error: .*EFBIG: file too large.*$/);
  expect(lines.join('\n')).toMatch(/raise the limit of file sizes: ulimit -f unlimited/);
  expect(lines.join('\n')).not.toMatch(/report it/);
});

describe('the folder for temporary files', () => {
  it('a run with a TMPDIR that does not exist names it and TMPDIR', async () => {
    const { exitCode, lines } = await limited('true', RUN, { TMPDIR: join(folder, 'none') });
    expect({ exitCode, lines }).toEqual({
      exitCode: 3,
      lines: [
        expect.stringMatching(
          /^error: ENOENT: no such file or directory, mkdir '.*\/none\/corematrix-\w+'; set TMPDIR to a folder that exists and that this user can write$/,
        ),
      ],
    });
  });

  it('a run with a TMPDIR that cannot be written names it and TMPDIR', async () => {
    const { exitCode, lines } = await limited('true', RUN, { TMPDIR: '/proc' });
    expect(exitCode).toBe(3);
    expect(lines).toEqual([expect.stringMatching(/^error: E\w+: .*'\/proc\/corematrix-\w+'; set TMPDIR to a folder that exists and/)]);
  });
});

describe('programs of the machine', () => {
  /** A folder for PATH with some programs of this machine, by links. */
  async function pathWith(...names: string[]): Promise<string> {
    const path = await mkdtemp(join(folder, 'path-'));
    for (const name of names) {
      const { stdout } = await execa('sh', ['-c', 'command -v "$0"', name]);
      await symlink(stdout, join(path, name));
    }
    return path;
  }

  /** A folder for PATH in which QEMU is a script. */
  async function pathWithQemu(script: string): Promise<string> {
    const path = await pathWith();
    await writeFile(join(path, 'qemu-system-x86_64'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return `${path}:${process.env['PATH']}`;
  }

  it('a run without QEMU ends with 3 and lists everything that is missing in one line', async () => {
    const path = await pathWith('gcc', 'as', 'ld', 'flock', 'git', 'setpriv');
    const { exitCode, lines } = await limited(`export PATH='${path}'`, RUN);
    expect([exitCode, lines.slice(-1)]).toEqual([
      3,
      [
        expect.stringMatching(
          /^error: guests need what this machine lacks: qemu-system-x86_64 \(QEMU, which runs the guests\), .*clang .*, make .*; "corematrix setup" installs it, "corematrix doctor" checks this machine$/,
        ),
      ],
    ]);
  });

  it('a run without gcc ends with 3 and says what needs it', async () => {
    const path = await pathWith('qemu-system-x86_64', 'flock', 'git', 'setpriv');
    const { exitCode, lines } = await limited(`export PATH='${path}'`, RUN);
    expect([exitCode, lines.slice(-1)]).toEqual([3, [expect.stringMatching(/^error: gcc is not installed; it builds the guest agent/)]]);
  });

  it('a run and doctor with a QEMU that does not answer end with 3 and name it', async () => {
    const env = { PATH: await pathWithQemu('sleep 600; true') };
    const said = 'qemu-system-x86_64 --version: has not ended after 20 s; check that program';
    const [ran, doctor] = await Promise.all([limited('true', RUN, env), corematrix(folder, ['doctor', '--json'], env)]);
    expect([ran.exitCode, ran.lines.at(-1)]).toEqual([3, `error: ${said}`]);
    expect([doctor.exitCode, doctor.stdout]).toEqual([3, expect.stringContaining(said)]);
  });

  it('a run with a QEMU that prints hundreds of megabytes ends with 3 and says so', async () => {
    const { exitCode, lines } = await limited('true', RUN, { PATH: await pathWithQemu('yes | head -c 300000000') });
    expect([exitCode, lines.at(-1)]).toEqual([
      3,
      'error: qemu-system-x86_64 --version: prints more than 1048576 bytes; check that program',
    ]);
  });
});

describe.skipIf(!mayMount)('a machine in a mount namespace', () => {
  const mounted = async (mount: string, args: readonly string[], env: Record<string, string> = {}) =>
    execa('unshare', ['--mount', 'sh', '-c', `${mount} && exec "$@"`, 'sh', process.execPath, MAIN, ...args], {
      cwd: folder,
      env: { GITHUB_ACTIONS: '', ...env },
      reject: false,
      stdin: 'ignore',
    });

  it('a run with a full disk for temporary files names the full disk, and leaves no file there', async () => {
    const disk = join(folder, 'disk');
    await mkdir(disk);
    const script = `mount -t tmpfs -o size=64k none '${disk}' && "$@"; code=$?; ls '${disk}'; exit $code`;
    const { exitCode, stdout, stderr } = await execa('unshare', ['--mount', 'sh', '-c', script, 'sh', process.execPath, MAIN, ...RUN], {
      cwd: folder,
      env: { GITHUB_ACTIONS: '', TMPDIR: disk },
      reject: false,
      stdin: 'ignore',
    });
    expect([exitCode, stderr.match(/ENOSPC: no space left on device, write '[^']*'; free some space on that disk, or set TMPDIR/)]).toEqual(
      [3, expect.anything()],
    );
    expect(stderr).not.toMatch(/report it/);
    expect(stdout).not.toMatch(/^corematrix-\d/m);
  });

  it('a run without /dev/shm has its verdicts', async () => {
    const { exitCode } = await mounted('mount -t tmpfs -o size=4k,mode=000 none /dev/shm', RUN);
    expect(exitCode).toBe(1);
  });

  it('a run without /proc has its verdicts, writes its report and removes its temporary files', async () => {
    const temporary = join(folder, 'tmp');
    await mkdir(temporary);
    const { exitCode, stderr } = await mounted('mount -t tmpfs none /proc', RUN, { TMPDIR: temporary });
    const [report, next] = stderr.split('\n').slice(-2);
    expect([exitCode, report, next]).toEqual([
      1,
      expect.stringMatching(/^report: .*index\.html$/),
      'next: corematrix explain corematrix-report',
    ]);
    expect(await readdir(temporary)).toEqual([]);
  });

  it('a read-only home without a cache is an error in one line that names COREMATRIX_CACHE', async () => {
    const home = join(folder, 'home');
    await mkdir(home);
    const mount = `mount --bind '${home}' '${home}' && mount -o remount,ro,bind '${home}'`;
    const { exitCode, stderr } = await mounted(mount, ['kernels', 'pull', 'debian:5.10'], {
      HOME: home,
      COREMATRIX_CACHE: '',
      XDG_CACHE_HOME: '',
    });
    expect(exitCode).toBe(3);
    expect(stderr.split('\n').at(-1)).toMatch(
      /^error: cannot write .*\/home\/.cache.*: the file system is read-only; point COREMATRIX_CACHE/,
    );
  });

  it('a limit of processes ends a run with an error that names the limit, and no program is called missing', async (context) => {
    if (process.getuid?.() !== 0) context.skip('only root can become another user');
    await chmod(folder, 0o777);
    const places = { checkout: PACKAGE_ROOT, cache: cacheRoot(), node: dirname(process.execPath) };
    const mounts = Object.entries(places).map(
      ([name, path]) => `mkdir -p '${folder}/${name}' && mount --bind '${path}' '${folder}/${name}'`,
    );
    const drop = `exec setpriv --reuid=${NOBODY} --regid=${NOBODY} --clear-groups --inh-caps=-all prlimit --nproc=$0 '${folder}/node/node' "$@"`;
    const args = [
      join(folder, 'checkout/dist/harness/cli/main.js'),
      'run',
      join(folder, 'checkout', relative(PACKAGE_ROOT, sample('task_state'))),
    ];
    const withProcesses = async (count: number) => {
      const script = [...mounts, drop].join(' && ');
      const { exitCode, stderr } = await execa('unshare', ['--mount', 'sh', '-c', script, String(count), ...args, '-k', 'debian:5.10'], {
        cwd: folder,
        env: { COREMATRIX_CACHE: join(folder, 'cache'), HOME: folder, TMPDIR: folder },
        reject: false,
        stdin: 'ignore',
      });
      return [exitCode, stderr];
    };
    // Node.js itself needs about eleven threads, and ends by a signal without them.
    const first = async (count: number): Promise<unknown> => {
      const [exitCode, stderr] = await withProcesses(count);
      return exitCode === undefined || exitCode === 134 ? first(count + 1) : [exitCode, stderr];
    };
    expect(await first(8)).toEqual([
      3,
      expect.stringMatching(/^error: gcc cannot be started: [^\n]* EAGAIN; raise the limit of processes \(ulimit -u\)[^\n]*$/),
    ]);
  });
});

it.each([RUN, ['report', 'results.json'], ['--help']])('a removed current folder is an error in one line: %s', async (...args) => {
  const gone = join(folder, 'gone');
  const { exitCode, lines } = await limited(`mkdir '${gone}' && cd '${gone}' && rmdir '${gone}'`, args);
  expect([exitCode, lines]).toEqual([3, ['error: the current folder was removed; change to a folder that exists']]);
});

it('a device as the report folder is refused in one line', async () => {
  const { exitCode, lines } = await limited('true', [
    'report',
    join(PACKAGE_ROOT, 'test/fixtures/results-v1/results.json'),
    '-o',
    '/dev/full',
  ]);
  expect([exitCode, lines.filter((line) => line.includes('report it'))]).toEqual([2, []]);
  expect(await readdir(folder)).toEqual([]);
});
