// Tests that objects with many relocations and programs take time in proportion to their size. `npm run load` has larger ones.
import { readFile } from 'node:fs/promises';
import { beforeAll, expect, it } from 'vitest';
import { readBtf } from '../../../harness/bpf/btf/btf.ts';
import { indexNames } from '../../../harness/bpf/btf/names.ts';
import { readBpfObject } from '../../../harness/bpf/object/object.ts';
import type { KernelTypes } from '../../../harness/core-relo/candidates.ts';
import { predictCell } from '../../../harness/predict/predict.ts';
import { generatedObject } from '../../bench/generated-object.ts';
import { pulledBtf } from '../../kernels/pulled.ts';

let kernel: KernelTypes;
beforeAll(async () => {
  const { path } = await pulledBtf('debian:6.1');
  const read = readBtf(await readFile(path));
  if (!read.ok) throw new Error(read.reason);
  kernel = { vmlinux: indexNames(read.btf), modules: [] };
});

/** Milliseconds of processor time for reading and predicting an object. */
function cost(object: Parameters<typeof generatedObject>[0]): number {
  const bytes = generatedObject(object);
  const before = process.cpuUsage();
  predictCell(readBpfObject(bytes, 'generated.bpf.o'), kernel);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

it.each<[string, (count: number) => Parameters<typeof generatedObject>[0]]>([
  ['relocations', (count: number) => ({ programs: 1, relocations: count })],
  ['relocations of which some are poisoned', (count: number) => ({ programs: 1, relocations: count, missing: 'some' })],
  ['poisoned relocations', (count: number) => ({ programs: 1, relocations: count, missing: 'all' })],
  ['programs', (count: number) => ({ programs: count / 4, relocations: 4 })],
  ['programs that all fail', (count: number) => ({ programs: count / 16, relocations: 4, missing: 'some' })],
  ['sections with a program that fails', (count: number) => ({ programs: count / 16, relocations: 4, missing: 'some', ownSections: true })],
])('a prediction of sixteen times as many %s takes at most forty times as long', (_, object) => {
  cost(object(2000));
  const few = Math.min(cost(object(2000)), cost(object(2000)));
  expect(cost(object(32_000)) / few).toBeLessThan(40);
});

it('an object with 20,000 relocations has a prediction for each of them', () => {
  const { programs, relocations } = predictCell(
    readBpfObject(generatedObject({ programs: 1, relocations: 20_000, missing: 'some' }), 'generated.bpf.o'),
    kernel,
  );
  expect(programs.map(({ failure }) => failure?.class)).toEqual(['core-field-missing']);
  const outcomes = relocations.map(({ outcome, reached }) => `${outcome} ${reached}`);
  expect(new Set(outcomes)).toEqual(new Set(['resolved null', 'moved null', 'poisoned yes', 'poisoned unknown']));
});
