// Tests of programs of this machine as triggers, in real guests.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parsePlacedConfig } from '../../../harness/plan/config/load.ts';
import { logText } from '../../../harness/results/logs.ts';
import type { CellResult } from '../../../harness/results/schema.ts';
import { readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { objectSources } from '../../../harness/plan/inputs/object-sources.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { realRun } from './real-run.ts';

const RENAMED = `
u32 renamed;
SEC("tracepoint/task/task_rename")
int on_rename(void *context)
{
	renamed++;
	return 0;
}
`;

let folder = '';
let object = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'triggers-'));
  object = await compileBpf(folder, 'renamed', RENAMED);
  await execa('gcc', ['-O1', join(import.meta.dirname, 'poke.c'), '-o', join(folder, 'poke')]);
  await writeFile(join(folder, 'note.txt'), 'hello');
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

async function inputsOf(entries: readonly object[]) {
  const placed = parsePlacedConfig(JSON.stringify({ objects: entries }, null, 1), 'corematrix.yaml');
  const inputs = await readInputs(objectSources(placed, folder));
  return { ...inputs, problems: inputs.problems.map((problem) => problem.replaceAll(folder, '<folder>')) };
}

const poke = (argv: readonly string[], more: object = {}) => ({ command: { argv: ['./poke', ...argv], ...more } });
const run = (name: string, trigger: object | readonly object[], check: object = { variable: 'renamed', at_least: 1 }) => ({
  path: object,
  name,
  mode: 'run',
  trigger,
  check: [check],
});

/** The verdict on the only program. */
function verdictOf({ object: name, status, stage, class: failure, reason }: CellResult): string {
  return [name, status, stage, failure, reason].filter((word) => word !== null).join(' | ');
}

test('a trigger command runs in the guest with its files, arguments, environment and working folder', async () => {
  const { objects, problems } = await inputsOf([
    run('poked', [
      poke(['read', '{folder}/lines/note'], { files: [{ path: 'note.txt', to: 'lines/note' }], folder: '/tmp' }),
      poke(['rename'], { env: { NAME: 'other' } }),
    ]),
  ]);
  expect(problems).toEqual([]);
  const { cells, logs } = await realRun([], ['debian:5.10', 'debian:7.3'], { objects });
  expect(cells.map(verdictOf)).toEqual(['poked | pass', 'poked | pass']);
  expect(cells.map((cell) => logText(logs, cell.logs.stdout))).toEqual(Array(2).fill('/trigger/0/lines/note says hello in /tmp'));
});

test('a trigger command that fails is a failure with its last line of output, and one that cannot run gives no verdict', async () => {
  const { objects, problems } = await inputsOf([
    run('nothing-seen', poke([]), { variable: 'renamed', at_least: 9 }),
    run('status', [poke(['rename'], { env: { NAME: 'other' } }), poke(['exit', '3'])]),
    run('signal', poke(['crash'])),
    run('time', poke(['hang'], { timeout: 0.5 })),
    run('folder', poke([], { folder: '/nowhere' })),
    run('shell', poke(['exit', '127'])),
  ]);
  expect(problems).toEqual([]);
  const { cells, logs } = await realRun([], ['debian:6.12'], { objects });
  expect(cells.map(verdictOf)).toMatchInlineSnapshot(`
    [
      "nothing-seen | fail | run | run-failed | renamed after poke: expected at least 9, seen 1",
      "status | fail | run | run-failed | trigger poke: exits with status 3: nothing to poke at",
      "signal | fail | run | run-failed | trigger poke: is killed by signal 11",
      "time | fail | run | run-failed | trigger poke: did not end within 0.5 s",
      "folder | infra | infra-transport | the command of a trigger cannot be started in the guest: ENOENT",
      "shell | infra | infra-transport | the command of a trigger cannot run in the guest (exit status 127): nothing to poke at",
    ]
  `);
  expect(logText(logs, cells[1]?.logs.stderr)).toBe('first\nnothing to poke at');
});

test('a request that is too large for a guest gives no verdict, and the reason names its size', async () => {
  const large = join(folder, 'large.bpf.o');
  await writeFile(large, Buffer.concat([await readFile(object), Buffer.alloc(25 << 20)]));
  await execa('truncate', ['-s', '35M', join(folder, 'large')]);
  const { objects, problems } = await inputsOf([{ ...run('large', poke([], { files: ['large'] })), path: large }]);
  expect(problems).toEqual([]);
  const { cells } = await realRun([], ['debian:6.12'], { objects });
  expect(cells.map(verdictOf).map((verdict) => verdict.replace(/\d+\.\d MiB together/, 'N MiB together'))).toEqual([
    'large | infra | infra-transport | object, BTF, modules and files of commands have N MiB together, and 56.0 MiB fit a guest',
  ]);
});

test('a trigger command that cannot be packed or is invalid is an error with its place', async () => {
  await writeFile(join(folder, 'script'), '#!/bin/sh\n');
  await writeFile(join(folder, 'text'), 'text\n');
  const command = (argv: readonly string[], more: object = {}) => ({ command: { argv, ...more } });
  const { objects, problems } = await inputsOf([
    run('missing', command(['./nothing'])),
    run('second', [poke([]), command(['no-such-program'])]),
    run('script', command(['./script'])),
    run('text', command(['./text'])),
    run('files', poke([], { files: ['note.txt', 'absent.txt'] })),
    run('twice', poke([], { files: ['note.txt', { path: 'text', to: 'note.txt' }] })),
    run('object', poke(['load', '{object}'])),
    { ...run('both', poke([])), command: { argv: ['./poke'] } },
  ]);
  expect(objects).toEqual([]);
  expect(problems).toMatchInlineSnapshot(`
    [
      "corematrix.yaml:10:7: ./nothing: no such file",
      "corematrix.yaml:36:8: no-such-program: no such program in PATH; a path such as ./no-such-program names one beside this file",
      "corematrix.yaml:55:7: ./script: a script; guests have no interpreter for it: name an executable, or give the interpreter with its files",
      "corematrix.yaml:73:7: ./text: not an executable: not an ELF file",
      "corematrix.yaml:95:7: absent.txt: no such file",
      "corematrix.yaml:111:16: two files would be /trigger/0/note.txt in the guest; give one another name with "to:"",
      "corematrix.yaml:140:7: {object} has no meaning here; the object is already loaded",
      "corematrix.yaml:154:12: "mode: run" is for objects that are loaded without "command"; a custom loader itself attaches and runs what it loads",
    ]
  `);
});
