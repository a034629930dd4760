import { expect, test } from 'vitest';
import { bellLines, parseRing } from '../../../harness/guest/bell.ts';

test('a ring of the bell has the place of the response', () => {
  expect(parseRing('ready f8000000 1000 70 34b004ff\r')).toEqual({
    word: 'ready',
    mailboxAddress: 0xf8000000n,
    offset: 0x1000,
    length: 0x70,
    crc: 0x34b004ff,
  });
});

test.each(['', 'ready', 'done x 1 2 3', 'ready f8000000 1000 70 34b004ff more', 'done 11111111111111111 1 1 1'])(
  'the line %j is not a ring of the bell',
  (line) => {
    expect(parseRing(line)).toBeNull();
  },
);

test('chunks from the bell are cut into lines, and an endless line is a flood', () => {
  const lines: string[] = [];
  const floods: string[] = [];
  const take = bellLines(
    (line) => lines.push(line),
    (error) => floods.push(error.message),
  );
  for (const chunk of ['re', 'ady 1\ndone', ' 2\n', 'x'.repeat(300)]) take(Buffer.from(chunk));
  expect({ lines, floods }).toEqual({ lines: ['ready 1', 'done 2'], floods: ['the guest floods its doorbell'] });
});
