// Tests of finding the line of a log that names the failure.
import { expect, it } from 'vitest';
import { failureLine } from '../../../../reports/html/client/log-lines.ts';

it.each([
  [['0: (b7) r0 = 0', 'R1 invalid mem access', 'processed 13 insns'], 1],
  [['; failed to say', '1: (85) call unknown#9', 'invalid func unknown#9', 'processed 2 insns'], 2],
  [['libbpf: loading object', "libbpf: prog 'x': failed to load: -EINVAL", 'libbpf: done'], 1],
  [['Booting', 'Kernel panic - not syncing'], 1],
  [['all is well', '0: R1=ctx() R10=fp0'], -1],
  [[], -1],
])('the log %j names the failure at position %i', (lines, at) => {
  expect(failureLine(lines)).toBe(at);
});
