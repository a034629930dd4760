// Tests of the agent's children: they change only shared memory, and their crash is that of the agent.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type HostProgram, startHostProgram } from './host-program.ts';

let folder = '';
let program: HostProgram;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'child-'));
  program = await startHostProgram({ folder, test: 'run-children.c', agent: ['child', 'mailbox'] });
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

test('each child begins with the memory of the agent, and only what it writes to shared memory stays', async () => {
  expect(await program.ask(Buffer.from('write'))).toBe('done, own 1, shared 1');
  expect(await program.ask(Buffer.from('write'))).toBe('done, own 1, shared 2');
  await program.stop();
});

test.each([
  ['die', 'SIGKILL'],
  ['exit', 'status 3'],
])('a child that ends early ends the agent in the same way (%s)', async (word, end) => {
  await expect(program.ask(Buffer.from(word))).rejects.toThrow(`the program ended with ${end}`);
});
