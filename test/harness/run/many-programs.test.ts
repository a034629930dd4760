// Tests of an object with more programs than a process has descriptors by default.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { generatedObject } from '../../bench/generated-object.ts';
import { realRun } from './real-run.ts';

const PROGRAMS = 5000;

let folder = '';
let object = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'many-programs-'));
  object = join(folder, 'many.bpf.o');
  await writeFile(object, generatedObject({ programs: PROGRAMS, relocations: 1 }));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

it('five thousand programs of an object load at once, and each has its result', { timeout: 300_000 }, async () => {
  const { cells } = await realRun([object], ['debian:5.10', 'debian:6.12']);
  const found = cells.map(({ status, reason, attempts, programs }) => ({
    status,
    reason,
    attempts: attempts.length,
    passed: programs.filter((program) => program.status === 'pass').length,
  }));
  expect(found).toEqual(Array.from({ length: 2 }, () => ({ status: 'pass', reason: null, attempts: 1, passed: PROGRAMS })));
});
