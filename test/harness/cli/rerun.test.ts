// Tests of `corematrix rerun`: it runs one cell again and keeps all files.
import { constants, existsSync } from 'node:fs';
import { access, copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sample } from '../run/real-run.ts';
import { corematrix, hasTerminals, MAIN, steady } from './command.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rerun-'));
  await corematrix(folder, ['run', sample('task_state'), '-k', 'debian:6.12', '-o', 'report']);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const said = async (...args: string[]) => {
  const { stdout, stderr, exitCode } = await corematrix(folder, args);
  return `${steady(stderr)}\n---\n${steady(stdout)}\nexit ${exitCode}`
    .replaceAll(folder, 'FOLDER')
    .replaceAll(/\((?:Debian source|system) package [^)]*\)/g, '(ORIGIN)');
};

it('rerun gives the verdict of the run and keeps its evidence', async () => {
  expect(await said('rerun', 'report', '6.12/task_state', '-o', 'again')).toMatchInlineSnapshot(`
    "1 kernel × 1 object: 1 cell, N at a time
    fail task_state on 6.12: task_struct___before_5_14.state: no such field (byte_off, task_state.bpf.c:26)
    report: FOLDER/again/debian-6.12-REST.task_state/index.html
    the same guest by hand: FOLDER/again/debian-6.12-REST.task_state/qemu.sh
    ---

                  6.12
    task_state
      old_name    FAIL
      new_name      ok
      either_name   ok

    fail core-field-missing: task_struct___before_5_14.state: no such field (byte_off, task_state.bpf.c:26) [0baa2a1e7902]
         task_state/old_name on 6.12

    2 pass, 1 fail (1 kernel, 1 object, N s, ACCEL, libbpf N)
    exit 1"
  `);
  const [kept = ''] = await readdir(join(folder, 'again'));
  expect((await readdir(join(folder, 'again', kept))).toSorted().join(' ')).toMatchInlineSnapshot(
    `".corematrix-report.json guest index.html junit.xml logs qemu.sh results.json summary.md"`,
  );
  await access(join(folder, 'again', kept, 'qemu.sh'), constants.X_OK);
});

it('rerun of an unknown cell suggests the nearest one', async () => {
  expect(await said('rerun', 'report', '6.12/task_stat')).toMatchInlineSnapshot(`
    "error: no object "task_stat" in these results; did you mean task_state?
    ---

    exit 2"
  `);
  expect(await said('rerun', 'report', '5.10/task_state')).toMatchInlineSnapshot(`
    "error: no kernel "5.10" in these results; there are: debian-6.12-REST
    ---

    exit 2"
  `);
});

it('rerun finds object, configuration and loader from any folder, or lists where it searched', async () => {
  const project = join(folder, 'project');
  await mkdir(join(project, 'build'), { recursive: true });
  await copyFile(sample('array_length'), join(project, 'build/lengths.bpf.o'));
  await writeFile(
    join(project, 'corematrix.yaml'),
    'loaders: [libbpf@default, libbpf@1.1]\nobjects: [{ path: build/lengths.bpf.o, name: sizes, programs: { start_of_name: { autoload: true } } }]\n',
  );
  await corematrix(project, ['run', '-k', 'debian:6.12', '-o', 'reports/nightly']);
  expect(await said('rerun', 'project/reports/nightly', '6.12/sizes+libbpf-1.1', '-o', 'again')).toMatchInlineSnapshot(`
    "libbpf@1.1 is libbpf N (ORIGIN)
    1 kernel × 1 object: 1 cell, N at a time
    fail sizes+libbpf-1.1 on 6.12: task_struct.comm: its size or sign on this kernel does not fit the compiled access (byte_off, array_length.bpf.c:20)
    report: FOLDER/again/debian-6.12-REST.sizes+libbpf-1.1/index.html
    the same guest by hand: FOLDER/again/debian-6.12-REST.sizes+libbpf-1.1/qemu.sh
    ---

                    6.12
    sizes+libbpf-1.1
      start_of_name FAIL

    fail core-field-incompatible: task_struct.comm: its size or sign on this kernel does not fit the compiled access (byte_off, array_length.bpf.c:20) [7cd8e1e0f88b]
         sizes+libbpf-1.1/start_of_name on 6.12

    1 fail (1 kernel, 1 object, N s, ACCEL, libbpf N)
    exit 1"
  `);
  await rename(join(project, 'build/lengths.bpf.o'), join(project, 'lengths.bpf.o'));
  expect(await said('rerun', 'project/reports/nightly', '6.12/sizes')).toMatchInlineSnapshot(`
    "error: build/lengths.bpf.o: no such file; looked for FOLDER/project/build/lengths.bpf.o, FOLDER/build/lengths.bpf.o, FOLDER/project/reports/nightly/build/lengths.bpf.o, FOLDER/project/reports/build/lengths.bpf.o; start this where that run was started
    ---

    exit 2"
  `);
});

/** Waits until `look` returns a value. */
async function eventually<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 600; tries++) {
    const found = await look();
    if (found !== undefined) return found;
    await setTimeout(100);
  }
  throw new Error('nothing came');
}

it('rerun waits for a debugger, after which the guest continues to its verdict', async () => {
  const args = ['rerun', join(folder, 'report'), '6.12/task_state', '-o', 'debugged', '--gdb'];
  const child = execa('node', [MAIN, ...args], { cwd: folder, reject: false, stdin: 'ignore', env: { GITHUB_ACTIONS: '' } });
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const path = await eventually(() => /target remote (\S+?)'?$/m.exec(text)?.[1]);
  await eventually(() => (existsSync(path) ? path : undefined));
  const socket = createConnection(path);
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  // GDB's remote protocol: ask why the guest is stopped, then detach.
  socket.write('+$?#3f');
  await eventually(() => (answer.includes('#') ? answer : undefined));
  expect(answer).toMatch(/^\+?\$T05/);
  expect(child.exitCode).toBeNull();
  socket.end('+$D#44');
  const { exitCode, stdout } = await child;
  expect([exitCode, stdout.includes('old_name    FAIL')]).toEqual([1, true]);
});

it('rerun writes a script that boots the same guest, loads again and ends with Ctrl-C', async () => {
  const [kept = ''] = (await readdir(join(folder, 'again'))).filter((name) => name.endsWith('.task_state'));
  const script = join(folder, 'again', kept, 'qemu.sh');
  const bell = async () => readFile(join(folder, 'again', kept, 'bell'), 'utf8').catch(() => '');
  const child = execa(script, [], { stdin: 'pipe', reject: false });
  const rung = await eventually(async () => ((await bell()).includes('done') ? bell() : undefined));
  expect(rung.replaceAll(/ \w+/g, ' WORD')).toMatchInlineSnapshot(`
    "ready WORD WORD WORD WORD
    done WORD WORD WORD WORD
    "
  `);
  child.kill('SIGINT');
  const { signal, exitCode } = await child;
  expect([signal ?? null, exitCode ?? null]).toEqual([null, 0]);
});

/** A shell in a guest, on a separate terminal. */
function shellOnTerminal() {
  const command = `node ${MAIN} shell -k debian:6.12 ${sample('task_state')}`;
  return execa('script', ['-qec', command, '/dev/null'], { stdin: 'pipe', reject: false });
}

// A container may have no terminals.
describe.skipIf(!hasTerminals)('a shell in a guest', () => {
  it('a shell in a guest has the object and exits with the typed status', async () => {
    const child = shellOnTerminal();
    child.stdin.end('echo answer-$((40+2)); ls /root; uname -r\nexit\n');
    const { stdout } = await child;
    expect(stdout).toContain('answer-42');
    expect(stdout).toContain('task_state.bpf.o');
  });

  it('a shell in a guest receives Ctrl-C and ends with Ctrl-A X', async () => {
    const child = shellOnTerminal();
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const types = async (keys: string, answer: string) => {
      child.stdin.write(keys);
      await eventually(() => (text.includes(answer) ? answer : undefined));
    };
    await eventually(() => (text.includes('Ctrl-A X') ? text : undefined));
    await types('echo up-$((1+1))\n', 'up-2');
    await types('sleep 1000; echo slept\n', 'echo slept');
    await types('\u0003', '^C');
    await types('echo still-$((1+1))\n', 'still-2');
    child.stdin.write('\u0001x');
    const { exitCode } = await child;
    expect([exitCode, text.includes('\nslept')]).toEqual([0, false]);
  });
});
