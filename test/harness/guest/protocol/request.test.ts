import { expect, test } from 'vitest';
import { encodeRequest } from '../../../../harness/guest/protocol/request.ts';

test('a request reserves whole pages for the response', () => {
  const { bytes, responseOffset } = encodeRequest([{ type: 'object', name: 'on_fork', elf: Buffer.alloc(5000, 1) }]);
  expect(responseOffset).toBe(0x3000);
  expect(bytes.length).toBeLessThanOrEqual(responseOffset);
});

test('a request has a header and frames, each with its number, its length and its fields', () => {
  const { bytes } = encodeRequest([
    { type: 'autoload', program: 'p', wanted: 'if-supported' },
    { type: 'command', timeoutMs: 9, folder: '/', argv: ['a'], env: { B: 'c' } },
    { type: 'pins' },
  ]);
  expect(bytes.subarray(0, 16).toString('hex')).toBe('584d4231340000000020000000000000');
  expect(bytes.subarray(16, 0x1000).every((byte) => byte === 0)).toBe(true);
  const autoload = ['02000000', '06000000', '02000000', '70000000'];
  const command = ['41000000', '14000000', '09000000', '2f000100', '00006100', '01000000', '423d6300'];
  const pins = ['24000000', '00000000'];
  expect(bytes.subarray(0x1000).toString('hex')).toBe([...autoload, ...command, ...pins].join(''));
});
