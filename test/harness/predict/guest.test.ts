// Compares predictions with real loads in guests: the lines of libbpf, the relocation table, and the failures.
// COREMATRIX_TEST_KERNELS=all uses every series of the mirror instead of two.
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { cacheRoot } from '../../../harness/base/files.ts';
import { explainRun } from '../../../harness/explain/of-results.ts';
import { indexNames } from '../../../harness/bpf/btf/names.ts';
import { readBpfObject } from '../../../harness/bpf/object/object.ts';
import type { KernelTypes } from '../../../harness/core-relo/candidates.ts';
import { predictCell } from '../../../harness/predict/predict.ts';
import type { PredictedCell } from '../../../harness/predict/predicted-cell.ts';
import { predictLoad } from '../../../harness/core-relo/relocate.ts';
import { logText } from '../../../harness/results/logs.ts';
import type { CellRelocation, CellResult, Results } from '../../../harness/results/schema.ts';
import { mustReadBtf, type SampleObject, sampleObjects } from '../bpf/object/samples.ts';
import { ALL_SERIES, pulledKernels, testSelectors } from '../../kernels/pulled.ts';
import { realRun } from '../run/real-run.ts';
import { coreLinesOf, linesOf, tellCount } from '../core-relo/oracles.ts';

let samples: SampleObject[] = [];
let results: Results;
/** Keyed by the release that the guest prints. */
const kernels = new Map<string, KernelTypes>();

beforeAll(async () => {
  samples = await sampleObjects();
  const selectors = ALL_SERIES ? await testSelectors() : ['debian:5.10', 'debian:6.12'];
  results = await realRun(
    samples.map(({ path }) => path),
    selectors,
  );
  for (const { release, btf } of await pulledKernels(selectors)) {
    if (btf) kernels.set(release, { vmlinux: indexNames(mustReadBtf(await readFile(btf.path))), modules: [] });
  }
}, 900_000);

interface Compared {
  title: string;
  cell: CellResult;
  bpf: ReturnType<typeof readBpfObject>;
  kernel: KernelTypes;
  predicted: PredictedCell;
}

/** Every cell with a verdict, with its prediction. */
function comparedCells(): Compared[] {
  return results.cells.flatMap((cell) => {
    const release = results.kernels.find(({ id }) => id === cell.kernel)?.release ?? '';
    const kernel = kernels.get(release);
    const path = results.objects.find(({ id }) => id === cell.object)?.path ?? '';
    const sample = samples.find(({ name }) => name === basename(path));
    if (!kernel || !sample || cell.status === 'infra') return [];
    const bpf = readBpfObject(sample.bytes, sample.name);
    return [{ title: `${cell.object} on ${release}`, cell, bpf, kernel, predicted: predictCell(bpf, kernel) }];
  });
}

function coreLines(log: string | null): string[] {
  return coreLinesOf(logText(results.logs, log));
}

describe('sample objects loaded in guests', () => {
  it('every sample object gets a verdict in a guest', () => {
    expect(comparedCells().length).toBe(results.cells.length);
    expect(results.cells.length).toBe(results.kernels.length * samples.length);
  });

  it('libbpf prints exactly the predicted lines in a guest', () => {
    let lines = 0;
    for (const { title, cell, bpf, kernel } of comparedCells()) {
      const loads = [
        { program: null, log: cell.logs.libbpf },
        ...cell.programs.map(({ name, logs }) => ({ program: name, log: logs.libbpf })),
      ];
      for (const { program, log } of cell.programs.length > 1 ? loads : loads.slice(0, 1)) {
        const observed = coreLines(log);
        // A missing kfunc fails the load before relocation, so libbpf prints no lines.
        if (observed.length === 0) continue;
        expect({ title, program, lines: linesOf(predictLoad(bpf, kernel, program).log) }).toEqual({ title, program, lines: observed });
        lines += observed.length;
      }
    }
    expect(lines).toBeGreaterThan(results.cells.length * 10);
    tellCount(`${lines} lines of guests' libbpf, all equal (${results.cells.length} cells)`);
  });

  it('the relocation table of a guest equals the predicted one, including all candidates', () => {
    let compared = 0;
    const behind = new Map<string, number>();
    for (const { title, cell, predicted } of comparedCells()) {
      // The run adds suspicious changes from BTF after the load.
      const plain = (relocations: readonly CellRelocation[]) => relocations.map((relocation) => ({ ...relocation, suspicious: null }));
      const reached = cell.relocations.filter(({ outcome }) => outcome !== 'not-reached');
      const refs = new Set(reached.map(({ ref }) => ref));
      const comparable = predicted.relocations.filter(({ ref }) => refs.has(ref));
      expect({ title, relocations: plain(comparable) }).toEqual({ title, relocations: plain(reached) });
      compared += reached.length;
      const unseen = predicted.relocations.filter(({ ref, outcome }) => !refs.has(ref) && outcome !== 'not-reached').length;
      if (unseen > 0) behind.set(cell.class ?? 'nothing', (behind.get(cell.class ?? 'nothing') ?? 0) + unseen);
    }
    // If a kfunc is missing, libbpf ends the load before relocation.
    expect([...behind.keys()].filter((failure) => failure !== 'kfunc-missing')).toEqual([]);
    tellCount(
      `${compared} relocations in guests, all equal; not compared: ${behind.get('kfunc-missing') ?? 0} behind a missing kernel function`,
    );
  });

  it('programs fail because of CO-RE exactly where predicted, with the predicted reason', () => {
    const isCore = (failure: string | undefined | null) => failure?.startsWith('core-') === true;
    for (const { title, cell, predicted } of comparedCells()) {
      const observed = cell.programs.map(({ name, stage, class: failure, reason }) => {
        return { name, failure: isCore(failure) ? { stage, class: failure, reason } : null };
      });
      const expected = predicted.programs.map(({ name, failure }) => ({ name, failure: isCore(failure?.class) ? failure : null }));
      expect({ title, programs: expected }).toEqual({ title, programs: observed });
    }
  });

  it('programs fail because of other facts in BTF only where a failure is predicted or possible', () => {
    const predictable = new Set([
      'map-type-unsupported',
      'program-type-unsupported',
      'helper-unknown',
      'attach-target-missing',
      'kfunc-missing',
    ]);
    const surprises = comparedCells().flatMap(({ title, cell, predicted }) =>
      cell.programs.flatMap(({ name, class: observed }, index) => {
        const { failure = null, possible = null } = predicted.programs[index] ?? {};
        const isPredicted = failure
          ? failure.class === observed
          : observed === null || !predictable.has(observed) || possible?.class === observed;
        return isPredicted ? [] : [{ title, name, observed, failure, possible }];
      }),
    );
    expect(surprises).toEqual([]);
  });

  it('the explanation of the run names each failed program once, with the class of its verdict, and no other program', async () => {
    const objects = comparedCells().map(({ cell, bpf }) => [cell.object, bpf] as const);
    const byId = new Map(objects);
    const explained = results.objects.map((result) => ({ result, bpf: byId.get(result.id) ?? null }));
    const { causes } = await explainRun(results, explained, cacheRoot(), (problem) => {
      throw new Error(problem);
    });
    const named = causes.flatMap((cause) =>
      cause.places.flatMap(({ object, program, fails }) => fails.map((kernel) => `${kernel} ${object} ${program}: ${cause.class}`)),
    );
    const failed = results.cells.flatMap(({ kernel, object, programs }) =>
      programs.flatMap(({ name, status, class: failure }) => (status === 'fail' ? [`${kernel} ${object} ${name}: ${failure}`] : [])),
    );
    expect(named.toSorted()).toEqual(failed.toSorted());
    expect(failed.length).toBeGreaterThan(30);
  });

  it('the results have a prediction for every program, and every prediction agrees', () => {
    const programs = results.cells.flatMap((cell) =>
      cell.programs.map(({ name, status, predicted }) => ({ cell, name, status, predicted })),
    );
    // The prediction for a program that is not loaded by default can neither agree nor disagree.
    const agreement = (status: string) => (status === 'skip' ? null : true);
    expect(programs.filter(({ status, predicted }) => predicted?.agrees !== agreement(status))).toEqual([]);
    expect(new Set(programs.map(({ status, predicted }) => `${predicted?.status}, ${status}`))).toEqual(
      new Set(['fail, fail', 'may-fail, fail', 'unknown, fail', 'unknown, pass', 'unknown, skip']),
    );
    const different = results.cells.flatMap(({ relocations }) => relocations.filter(({ predicted }) => predicted));
    expect(new Set(different.map(({ outcome }) => outcome))).toEqual(new Set(['not-reached']));
  });
});
