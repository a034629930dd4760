// Tests of the commands that need no guest on a machine that has only Node: no other program on PATH, no /proc, no /dev/shm, no apt and no keys.
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { bzImage, elfImage, type FakeMirror, kernelDeb, startMirror } from '../../kernels/fixtures.ts';
import { publicKey } from '../../kernels/signing.ts';
import { SAMPLE } from '../../reports/sample.ts';
import { buildBtf } from '../bpf/btf/build-btf.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { MAIN } from './command.ts';
import { copyInstalled } from './installed.ts';

const SOURCE = `
struct task_struct { int pid; } access_index;
int seen;
SEC("raw_tp/sched_switch") int reads_pid(u64 *ctx)
{
	seen = __builtin_preserve_field_info(((struct task_struct *)ctx[0])->pid, 0);
	return 0;
}
`;
const TYPES = buildBtf([
  { name: 'int', kind: 1, size: 4, words: [0x01000020] },
  { name: 'task_struct', kind: 4, vlen: 2, size: 8, words: ['state', 1, 0, 'pid', 1, 32] },
]);
const RELEASE = '6.1.0-50-cloud-amd64';
const BANNER = `${RELEASE} (maker@example) #1 SMP Debian 6.1.176-1 (2026-01-01)`;

/** Hides what only Linux has, then runs a command. /proc goes last, because mount(8) reads it. */
const HIDE = 'for folder in /dev/shm /usr/share/keyrings /etc/apt /sys /proc; do mount -t tmpfs none $folder || exit 99; done; exec "$@"';
const mayMount = !(await execa('unshare', ['--mount', 'sh', '-c', HIDE, 'sh', '/bin/true'], { reject: false })).failed;

let folder = '';
let main = '';
let mirror: FakeMirror;
const path = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'without-linux-'));
  const image = bzImage({ payload: gzipSync(elfImage({ btf: TYPES, banner: `Linux version ${BANNER}` })), banner: BANNER });
  const name = `linux-image-${RELEASE}`;
  const version = '6.1.176-1';
  mirror = await startMirror({
    bookworm: [{ name, version, deb: kernelDeb({ name, version }, [{ path: `./boot/vmlinuz-${RELEASE}`, content: image }]) }],
  });
  main = await copyInstalled(path('package'));
  await mkdir(path('package/keys'));
  await cp(publicKey('mirror'), path('package/keys/debian-archive-keyring.gpg'));
  await mkdir(path('bin'));
  await symlink(process.execPath, path('bin/node'));
  await mkdir(path('work'));
  await cp(await compileBpf(folder, 'pid', SOURCE), path('work/pid.bpf.o'));
  await writeFile(path('work/results.json'), JSON.stringify(SAMPLE));
});
afterAll(async () => {
  mirror.close();
  await rm(folder, { recursive: true, force: true });
});

interface Answer {
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
}

/** Runs a command of the installed package with a PATH that has only node. */
function start(...args: readonly string[]) {
  const variables = { PATH: path('bin'), HOME: path('home'), COREMATRIX_CACHE: path('cache') };
  const named = Object.entries(variables).map(([key, value]) => `${key}=${value}`);
  const hidden = ['--mount', 'sh', '-c', HIDE, 'sh', '/usr/bin/env', '-i', ...named, process.execPath, main, ...args];
  return execa('unshare', hidden, { cwd: path('work'), reject: false, stdin: 'ignore' });
}

async function bare(...args: readonly string[]): Promise<Answer> {
  const ended = await start(...args);
  return { exitCode: ended.exitCode, stdout: ended.stdout, stderr: ended.stderr.replaceAll(mirror.address, 'MIRROR') };
}

/** The same command on a system with another name. */
async function onSystem(platform: string, ...args: readonly string[]): Promise<Answer> {
  const other = `data:text/javascript,Object.defineProperty(process,'platform',{value:'${platform}'})`;
  const { exitCode, stdout, stderr } = await execa('node', ['--import', other, MAIN, ...args], {
    cwd: path('work'),
    env: { COREMATRIX_CACHE: path('cache') },
    reject: false,
    stdin: 'ignore',
  });
  return { exitCode, stdout, stderr };
}

describe.skipIf(!mayMount)('a machine that has only Node (skipped where folders cannot be hidden: no private mounts)', () => {
  it('a machine without apt gets one line that says how to name a mirror', async () => {
    expect(await bare('kernels', 'pull', 'debian:6.1')).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringMatching(/^error: this machine has no apt-get; name a Debian mirror: --mirror URL, /),
    });
  });

  it('a machine with only Node pulls the kernel that a prediction needs, with the keys of the package, then explains, shows types, reports and merges', async () => {
    const first = await bare('predict', 'pid.bpf.o', '-k', 'debian:6.1', '--mirror', mirror.address);
    expect([first.exitCode, first.stderr]).toEqual([0, 'debian:6.1 is not in the cache: pulling 1 kernel, 1.0 MiB']);
    const commands: readonly (readonly string[])[] = [
      ['kernels', 'list', 'debian:6.1', '--mirror', mirror.address],
      ['predict', 'pid.bpf.o', '-k', 'debian:6.1'],
      ['explain', 'pid.bpf.o', '-k', 'debian:6.1'],
      ['explain', 'results.json'],
      ['types', 'show', 'struct task_struct', '-k', 'debian:6.1'],
      ['report', 'results.json', '-o', 'report'],
      ['merge', 'results.json', '-o', 'merged'],
      ['init', 'pid.bpf.o'],
    ];
    const answers: Record<string, unknown> = {};
    for (const args of commands) {
      const { exitCode, stdout, stderr } = await bare(...args);
      answers[args.slice(0, 2).join(' ')] = [exitCode, stdout.split('\n').slice(0, 4), stderr.split('\n').slice(0, 4)];
    }
    expect(answers).toMatchInlineSnapshot(`
      {
        "explain pid.bpf.o": [
          0,
          [
            "nothing fails on 1 kernel",
          ],
          [
            "",
          ],
        ],
        "explain results.json": [
          1,
          [
            "core-field-missing: task_struct.field_3  [b9f1655e8fd2]",
            "  seen in a guest",
            "  task_state/new_name programs/task_state.bpf.c:23 task_struct.field_3 (signed)",
            "    > seen = task->field_3;",
          ],
          [
            "",
          ],
        ],
        "init pid.bpf.o": [
          0,
          [
            "",
          ],
          [
            "corematrix.yaml: 1 object; "corematrix plan" shows what it runs, "corematrix run" runs it",
          ],
        ],
        "kernels list": [
          0,
          [
            "KERNEL                       VERSION  PACKAGE                                     SUITE     SIZE     CACHED",
            "debian-6.1.0-50-cloud-amd64  6.1.176  linux-image-6.1.0-50-cloud-amd64 6.1.176-1  bookworm  1.0 MiB  yes",
          ],
          [
            "",
          ],
        ],
        "merge results.json": [
          130,
          [
            "",
            "                    5.10 6.12 7.4-rc3",
            "task_state",
            "  old_name            ok   xf    !inf",
          ],
          [
            "report: merged/index.html",
          ],
        ],
        "predict pid.bpf.o": [
          0,
          [
            "              6.1",
            "pid",
            "  reads_pid    ok",
            "",
          ],
          [
            "",
          ],
        ],
        "report results.json": [
          0,
          [
            "",
            "                    5.10 6.12 7.4-rc3",
            "task_state",
            "  old_name            ok   xf    !inf",
          ],
          [
            "report: report/index.html",
          ],
        ],
        "types show": [
          0,
          [
            "6.1: struct task_struct, 8 bytes, 2 members",
            "  offset  size  member  type",
            "       0     4  state   int",
            "       4     4  pid     int",
          ],
          [
            "",
          ],
        ],
      }
    `);
    expect((await readdir(path('work/report'))).toSorted()).toContain('index.html');
  });
});

describe.skipIf(!mayMount)('a machine without the program flock', () => {
  it('two pulls at a time, and one after a killed one, all succeed without the program flock', async () => {
    await rm(path('cache'), { recursive: true, force: true });
    const pull = ['kernels', 'pull', 'debian:6.1', '--mirror', mirror.address] as const;
    mirror.holdAfter = 1000;
    mirror.requests.length = 0;
    const held = start(...pull);
    await vi.waitUntil(() => mirror.requests.some((request) => request.endsWith('.deb')), { timeout: 60_000 });
    held.kill('SIGKILL');
    await held;
    mirror.holdAfter = null;
    const both = await Promise.all([bare(...pull), bare(...pull)]);
    expect(both.map(({ exitCode, stderr }) => [exitCode, stderr.includes('error')])).toEqual([
      [0, false],
      [0, false],
    ]);
  });
});

describe('another system than Linux', () => {
  it.each(['run', 'floor', 'exec', 'rerun', 'shell'])('%s says in one line what it needs on macOS', async (command) => {
    const named =
      {
        run: ['pid.bpf.o'],
        floor: ['pid.bpf.o'],
        exec: ['-k', 'debian:6.1', '--', '/bin/true'],
        rerun: ['results.json', 'x'],
        shell: ['-k', 'debian:6.1'],
      }[command] ?? [];
    expect(await onSystem('darwin', command, ...named)).toEqual({
      exitCode: 3,
      stdout: '',
      stderr:
        'error: guests need Linux and QEMU, and this is macOS; here, "corematrix predict", "explain", "types", "report" and "merge" work',
    });
  });

  it.each(['darwin', 'win32'])('a prediction from a BTF file works on %s', async (platform) => {
    await writeFile(path('work/6.1.btf'), TYPES);
    const { exitCode, stdout } = await onSystem(platform, 'predict', 'pid.bpf.o', '-k', 'btf:6.1.btf');
    expect([exitCode, stdout.split('\n')[0]]).toEqual([0, expect.anything()]);
    expect(await readFile(path('work/6.1.btf'))).toEqual(TYPES);
  });
});
