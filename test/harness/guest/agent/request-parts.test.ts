// Tests of the agent's reading of modules and the object of a request.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { u32Bytes } from '../../../../harness/guest/protocol/fields.ts';
import { FRAMES } from '../../../../harness/guest/protocol/frames.ts';
import { type HostProgram, rawRequest, requestBytes, responseIn, startHostProgram } from './host-program.ts';
import { REQUEST_PARTS } from './programs.ts';

let folder = '';
let program: HostProgram;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'request-parts-'));
  program = await startHostProgram({ folder, ...REQUEST_PARTS });
});
afterAll(async () => {
  await program.stop();
  await rm(folder, { recursive: true, force: true });
});

const moduleFrame = (name: string, ko: string) => ({ type: 'module', name, ko: Buffer.from(ko) }) as const;

test('modules of a request are loaded in their order, and the object after them is found', async () => {
  const request = requestBytes([
    moduleFrame('a', '\u0001\u0002'),
    moduleFrame('b', '\u0003'),
    { type: 'object', name: 'x', elf: Buffer.alloc(7) },
  ]);
  expect(await program.ask(request)).toBe(
    "syscall 1 of 2 bytes, sum 3, parameters ''; syscall 1 of 1 bytes, sum 3, parameters ''; modules loaded; object 1 characters, 7 bytes",
  );
  expect((await responseIn(folder)).frames).toEqual([
    { type: 'module-end', errno: 0, name: 'a' },
    { type: 'module-end', errno: 0, name: 'b' },
  ]);
});

test('no module is loaded after one that failed', async () => {
  const answer = await program.ask(requestBytes([moduleFrame('a', 'bad module'), moduleFrame('b', 'good')]));
  expect(answer).toBe("syscall 1 of 10 bytes, sum 973, parameters ''; a module failed; no object");
  expect((await responseIn(folder)).frames).toEqual([{ type: 'module-end', errno: 8, name: 'a' }]);
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['a name without its end', Buffer.from('veth')],
  ['a name alone', Buffer.from('veth\0')],
])('a damaged module frame (%s) never reaches the kernel', async (_, payload) => {
  expect(await program.ask(rawRequest(FRAMES.module.number, payload))).toBe('a module failed; no object');
  expect((await responseIn(folder)).frames).toMatchObject([{ type: 'module-end', errno: 22 }]);
});

test.each([
  ['a name of 255 bytes', Buffer.concat([u32Bytes(255), Buffer.alloc(256, 'n')]), 'object 255 characters, 1 bytes'],
  ['a name of 256 bytes', Buffer.concat([u32Bytes(256), Buffer.alloc(300, 'n')]), 'no object'],
  ['a name with a 0', Buffer.concat([u32Bytes(3), Buffer.from('a\0b'), Buffer.alloc(2)]), 'object 1 characters, 2 bytes'],
  ['a name longer than the frame', Buffer.concat([u32Bytes(10), Buffer.from('short')]), 'no object'],
  ['no name and no bytes', u32Bytes(0), 'object 0 characters, 0 bytes'],
  ['nothing', Buffer.alloc(0), 'no object'],
])('an unusual object frame (%s) is read or refused', async (_, payload, answer) => {
  expect(await program.ask(rawRequest(FRAMES.object.number, payload))).toBe(`modules loaded; ${answer}`);
});

test.each([0, 0x1000, 0x1014, 0x2001, 0xffffffff])(
  'a response that the request places at offset %i does not overwrite the request',
  async (place) => {
    const request = requestBytes([moduleFrame('a', 'good'), { type: 'object', name: 'name', elf: Buffer.alloc(3) }]);
    request.writeUInt32LE(place, 8);
    expect(await program.ask(request)).toBe("syscall 1 of 4 bytes, sum 425, parameters ''; modules loaded; object 4 characters, 3 bytes");
  },
);
