import { expect, test } from 'vitest';
import { nextCommand } from '../../../harness/cli/next-command.ts';
import { SAMPLE } from '../../reports/sample.ts';

test('the next command resumes an interrupted run, explains failures of a complete one, and is absent after success', () => {
  const command = ['corematrix', 'run', 'my prog.bpf.o', '-k', 'debian:>=5.10'];
  const complete = { ...SAMPLE.run, complete: true };
  expect([
    nextCommand(SAMPLE, command, 'report'),
    nextCommand(SAMPLE, [...command, '--resume'], 'report'),
    nextCommand({ ...SAMPLE, run: complete }, command, 'my report'),
    nextCommand({ run: complete, cells: [] }, command, 'report'),
  ]).toEqual([
    "corematrix run 'my prog.bpf.o' -k 'debian:>=5.10' --resume",
    "corematrix run 'my prog.bpf.o' -k 'debian:>=5.10' --resume",
    "corematrix explain 'my report'",
    null,
  ]);
});

test('the next command of an interrupted exec is the same command, and there is none after a complete one', () => {
  const command = ['corematrix', 'exec', '-k', 'debian:all', './x.test', '-test.v'];
  expect(nextCommand(SAMPLE, command, '')).toBe('corematrix exec -k debian:all ./x.test -test.v');
  expect(nextCommand({ ...SAMPLE, run: { ...SAMPLE.run, complete: true } }, command, '')).toBe(null);
});
