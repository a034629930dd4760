// Tests of objects with many programs: more than a process has descriptors by default, and more than a log can repeat for each of them.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { generatedObject } from '../../bench/generated-object.ts';
import { logText } from '../../../harness/results/logs.ts';
import { realRun } from './real-run.ts';

const PROGRAMS = 5000;
/** Up to 256 programs, the log of each repeats what libbpf prints for the others. */
const FEW = 256;
const MANY = 300;

let folder = '';
let object = '';
const failing = async (programs: number, ownSections: boolean) => {
  const path = join(folder, `failing-${programs}.bpf.o`);
  await writeFile(path, generatedObject({ programs, relocations: 1, missing: 'all', ownSections }));
  return path;
};
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

it(
  'each of many programs that fail has its own verdict, logs and relocation record, and no lines about the others',
  { timeout: 300_000 },
  async () => {
    const { cells, logs } = await realRun([await failing(MANY, true)], ['debian:5.10', 'debian:6.12']);
    for (const { programs, relocations } of cells) {
      expect(relocations.filter(({ outcome, reached }) => outcome === 'poisoned' && reached === 'yes')).toHaveLength(MANY);
      expect(new Set(programs.map(({ class: failure, errno }) => `${failure} ${errno}`))).toEqual(new Set(['core-field-missing 22']));
      for (const { name, logs: own } of programs) {
        const lines = logText(logs, own.libbpf).split('\n');
        expect(lines[0]).toBe('[corematrix: what libbpf prints for every program is left out here; the log of the object has it]');
        expect(lines.filter((line) => /found \d+ CO-RE|'many_\d+'/.test(line) && !line.includes(name.replace('many', '')))).toEqual([]);
        expect(lines).toContain(`libbpf: sec 'raw_tp/sched_switch${name.replace('many', '')}': found 1 CO-RE relocations`);
        expect(logText(logs, own.verifier)).toMatch(/CO-RE relocation|invalid func unknown/);
      }
      expect(programs).toHaveLength(MANY);
    }
  },
);

it('each of a few programs that fail has a whole log, with the lines about the others', { timeout: 300_000 }, async () => {
  const { cells, logs } = await realRun([await failing(FEW, false)], ['debian:6.12']);
  const own = cells.flatMap(({ programs }) => programs.map((program) => logText(logs, program.logs.libbpf)));
  expect(own).toHaveLength(FEW);
  for (const log of own) {
    expect(log.match(/found program 'many_\d+'/g)).toHaveLength(FEW);
    expect(log).not.toContain('left out');
  }
});
