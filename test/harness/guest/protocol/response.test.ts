import { crc32 } from 'node:zlib';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseResponse, parseResponseHeader } from '../../../../harness/guest/protocol/response.ts';
import { fuzzRuns } from '../../../fuzz/runs.ts';

const RUNS = fuzzRuns(500);

function frame(type: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(type, 0);
  header.writeUInt32LE(payload.length, 4);
  return Buffer.concat([header, payload, Buffer.alloc((4 - (payload.length % 4)) % 4)]);
}

function u32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, index * 4);
  return bytes;
}

function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

const RESPONSE = Buffer.concat([
  frame(18, Buffer.from('\0')),
  frame(17, Buffer.concat([u32(33, 1), Buffer.from('on_fork\0tp_btf/sched_process_fork\0tracing\0')])),
  frame(19, Buffer.concat([u32(2), Buffer.from('libbpf: loading\n')])),
  frame(20, Buffer.concat([u32(2, 22), u64(1_500_000n), u64(80_000_000n)])),
  frame(56, Buffer.concat([u32(0, 2), Buffer.from('on_fork\0no such thing\0')])),
  frame(21, Buffer.from('6,1,2,-;hello\n')),
  frame(22, u32(139)),
  frame(23, u64(90_000_000n)),
]);

test('a response is read frame by frame', () => {
  expect(parseResponse(RESPONSE, crc32(RESPONSE))).toEqual({
    damage: null,
    frames: [
      { type: 'attempt-begin', program: '' },
      { type: 'program', insns: 33, autoload: true, name: 'on_fork', section: 'tp_btf/sched_process_fork', programType: 'tracing' },
      { type: 'log', level: 'debug', text: 'libbpf: loading\n' },
      { type: 'attempt-end', reached: 'load', errno: 22, openMs: 1.5, loadMs: 80 },
      { type: 'attached', kind: 'program', errno: 2, name: 'on_fork', detail: 'no such thing' },
      { type: 'kernel-log', text: '6,1,2,-;hello\n' },
      { type: 'crash', waitStatus: 139 },
      { type: 'end', guestMs: 90 },
    ],
  });
});

test('a response with a wrong checksum is not read', () => {
  expect(parseResponse(RESPONSE, 1)).toEqual({ frames: [], damage: 'the checksum of the response does not match its bytes' });
});

test('a truncated response is reported as damaged and keeps the frames before the cut', () => {
  expect(parseResponse(RESPONSE.subarray(0, 20), null)).toEqual({
    frames: [{ type: 'attempt-begin', program: '' }],
    damage: 'frame 1 claims 50 bytes, but fewer are left',
  });
});

test('reading a response stops at an unknown frame type', () => {
  expect(parseResponse(frame(99, Buffer.alloc(0)), null).damage).toBe('frame 0 has the unknown type 99');
});

test('a response with too many frames is damaged, and numbers too large for JSON are limited', () => {
  const { frames, damage } = parseResponse(Buffer.concat(Array.from({ length: 1_000_001 }, () => u32(19, 0))), null);
  expect([frames.length, damage]).toEqual([1_000_000, 'more than 1000000 frames']);
  const huge = parseResponse(frame(23, u64(0xffffffffffffffffn)), null);
  expect(huge).toEqual({ frames: [{ type: 'end', guestMs: Number.MAX_SAFE_INTEGER / 1e6 }], damage: null });
});

test('a response header is read, and other bytes give null', () => {
  expect(parseResponseHeader(u32(0x31424d58, 500, 7, 1, 0, 0xabcd, 3))).toEqual({
    length: 500,
    dropped: 7,
    complete: true,
    crc: 0xabcd,
    beats: 3,
  });
  expect(parseResponseHeader(u32(0, 0, 0, 0, 0, 0, 0))).toBeNull();
  expect(parseResponseHeader(Buffer.alloc(3))).toBeNull();
});

test('any bytes can be read as a response without an error and without more frames than fit', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(RESPONSE.length), (noise, cut) => {
      const mutated = Buffer.concat([RESPONSE.subarray(0, cut), Buffer.from(noise)]);
      expect(parseResponse(mutated, null).frames.length).toBeLessThanOrEqual(mutated.length / 8);
    }),
    { numRuns: RUNS },
  );
});
