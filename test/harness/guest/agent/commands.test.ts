// Tests of commands that the agent runs: their ends, and their output.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { GuestCommand } from '../../../../harness/guest/protocol/frames.ts';
import { type HostProgram, requestBytes, responseIn, startHostProgram } from './host-program.ts';

let folder = '';
let program: HostProgram;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'commands-'));
  const agent = [
    'archive',
    'clock',
    'collect',
    'command',
    'custom_loader',
    'mailbox',
    'payload',
    'symbol_lists',
    'traceable',
    'trigger_command',
  ];
  program = await startHostProgram({ folder, test: 'run-commands.c', agent, libbpf: true, mailboxBytes: 24 << 20 });
});
afterAll(async () => {
  await program.stop();
  await rm(folder, { recursive: true, force: true });
});

function shell(script: string, changes: Partial<GuestCommand> = {}): GuestCommand {
  return { timeoutMs: 60_000, folder: '/', argv: ['/bin/sh', '-c', script], env: {}, ...changes };
}

/** Runs a custom loader without an archive, which the agent would unpack into the root of this machine. */
async function run(command: GuestCommand) {
  expect(await program.ask(requestBytes([{ type: 'command', ...command }]))).toBe('custom loader');
  const { frames, damage } = await responseIn(folder);
  expect(damage).toBeNull();
  const printed = (stream: number) =>
    frames.flatMap((frame) => (frame.type === 'output' && frame.stream === stream ? [frame.bytes.toString('utf8')] : [])).join('');
  const end = frames.find((frame) => frame.type === 'command-end');
  if (end?.type !== 'command-end') throw new Error('the response has no end of the command');
  return { end: end.end, value: end.value, dropped: end.dropped, ms: end.ms, stdout: printed(1), stderr: printed(2) };
}

test('a command has its arguments, its folder and its environment, and nothing else', async () => {
  const { end, value, stdout, stderr } = await run(
    shell('', {
      folder: '/tmp',
      argv: ['/bin/sh', '-c', 'pwd; echo "$0 $1"; env | grep -vE "^(PWD|_|OLDPWD|SHLVL)=" | sort; cat; echo wrong >&2; exit 3', 'ä b', ''],
      env: { PATH: '/usr/bin:/bin', EMPTY: '' },
    }),
  );
  expect({ end, value, stdout, stderr }).toEqual({
    end: 'exited',
    value: 3,
    stdout: '/tmp\nä b \nEMPTY=\nPATH=/usr/bin:/bin\n',
    stderr: 'wrong\n',
  });
});

test.each<[string, GuestCommand, { end: string; value: number }]>([
  ['is killed', shell('kill -11 $$'), { end: 'killed', value: 11 }],
  ['takes too long', shell('sleep 100 & sleep 100', { timeoutMs: 50, env: { PATH: '/usr/bin:/bin' } }), { end: 'timed-out', value: 50 }],
  ['does not exist', shell('', { argv: ['/no/such/program'] }), { end: 'not-started', value: 2 }],
  ['has no such folder', shell('', { folder: '/no/such/folder' }), { end: 'not-started', value: 2 }],
  ['is not a program', shell('', { argv: ['/etc/passwd'] }), { end: 'not-started', value: 13 }],
  ['has no arguments', shell('', { argv: [] }), { end: 'not-started', value: 22 }],
  ['has too many arguments', shell('', { argv: Array.from({ length: 1025 }, () => '/bin/true') }), { end: 'not-started', value: 22 }],
])('a command that %s has a distinct end', async (_, command, expected) => {
  expect(await run(command)).toMatchObject(expected);
});

test('processes that a command leaves running end with it', async () => {
  const pidFile = join(folder, 'pid');
  const env = { PATH: '/usr/bin:/bin' };
  expect(await run(shell(`sleep 1000 & echo $! > ${pidFile}; echo done`, { env }))).toMatchObject({
    end: 'exited',
    value: 0,
    stdout: 'done\n',
  });
  const pid = Number(await readFile(pidFile, 'utf8'));
  const runs = async () => {
    const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z ');
    return !state.includes(') Z ');
  };
  // The kernel takes a moment to end it.
  await expect.poll(runs).toBe(false);
});

test('output of a command beyond 16 MiB is dropped and counted', async () => {
  const { stdout, dropped, end } = await run(shell('head -c 17000000 /dev/zero | tr "\\0" x', { env: { PATH: '/usr/bin:/bin' } }));
  expect(end).toBe('exited');
  expect(stdout.length).toBeLessThanOrEqual(16 << 20);
  expect(stdout.length + dropped).toBe(17_000_000);
});

test('the end of each trigger command has its index', async () => {
  const request = requestBytes([
    { type: 'trigger-command', index: 4, ...shell('echo four') },
    { type: 'trigger-command', index: 1, ...shell('', { argv: [] }) },
  ]);
  expect(await program.ask(request)).toBe('triggers');
  expect((await responseIn(folder)).frames).toMatchObject([
    { type: 'output', stream: 1 },
    { type: 'trigger-end', index: 4, end: 'exited', value: 0 },
    { type: 'trigger-end', index: 1, end: 'not-started', value: 22 },
  ]);
});
