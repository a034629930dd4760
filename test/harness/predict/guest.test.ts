// The engine against real loads: what guests' own libbpf printed, the relocation table made of it, and which programs failed over CO-RE.
// COREMATRIX_TEST_KERNELS=all takes every series of the mirror instead of two.
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { indexNames } from '../../../harness/bpf/btf/names.ts';
import { readBpfObject } from '../../../harness/bpf/object/object.ts';
import type { KernelTypes } from '../../../harness/core-relo/candidates.ts';
import { predictCell } from '../../../harness/predict/predict.ts';
import type { PredictedCell } from '../../../harness/predict/predicted-cell.ts';
import { predictLoad } from '../../../harness/core-relo/relocate.ts';
import { logText } from '../../../harness/results/logs.ts';
import type { CellRelocation, CellResult, Results } from '../../../harness/results/schema.ts';
import { mustReadBtf, type SampleObject, sampleObjects } from '../bpf/object/samples.ts';
import { ALL_SERIES, pulledKernels } from '../../kernels/pulled.ts';
import { realRun } from '../run/real-run.ts';
import { coreLinesOf, linesOf, tellCount } from '../core-relo/oracles.ts';

const SELECTORS = ALL_SERIES ? ['debian:all'] : ['debian:5.10', 'debian:6.12'];

let samples: SampleObject[] = [];
let results: Results;
/** By release as the guest says it. */
const kernels = new Map<string, KernelTypes>();

beforeAll(async () => {
  samples = await sampleObjects();
  results = await realRun(
    samples.map(({ path }) => path),
    SELECTORS,
  );
  for (const { release, btf } of await pulledKernels(SELECTORS)) {
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

/** Every cell that gave a verdict, with the prediction for it. */
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
  it('gave a verdict', () => {
    expect(comparedCells().length).toBe(results.cells.length);
    expect(results.cells.length).toBe(results.kernels.length * samples.length);
  });

  it('had libbpf print the very lines that are predicted', () => {
    let lines = 0;
    for (const { title, cell, bpf, kernel } of comparedCells()) {
      const loads = [
        { program: null, log: cell.logs.libbpf },
        ...cell.programs.map(({ name, logs }) => ({ program: name, log: logs.libbpf })),
      ];
      for (const { program, log } of cell.programs.length > 1 ? loads : loads.slice(0, 1)) {
        const observed = coreLines(log);
        // A load that fails before relocation, over a kernel function that is missing, says nothing of it.
        if (observed.length === 0) continue;
        expect({ title, program, lines: linesOf(predictLoad(bpf, kernel, program).log) }).toEqual({ title, program, lines: observed });
        lines += observed.length;
      }
    }
    expect(lines).toBeGreaterThan(results.cells.length * 10);
    tellCount(`${lines} lines of guests' libbpf, all equal (${results.cells.length} cells)`);
  });

  it('have the relocation table that is predicted, to the last candidate', () => {
    let compared = 0;
    const behind = new Map<string, number>();
    for (const { title, cell, predicted } of comparedCells()) {
      // What is suspicious is told from BTF after the load, by the run.
      const plain = (relocations: readonly CellRelocation[]) => relocations.map((relocation) => ({ ...relocation, suspicious: null }));
      const reached = cell.relocations.filter(({ outcome }) => outcome !== 'not-reached');
      const refs = new Set(reached.map(({ ref }) => ref));
      const foretold = predicted.relocations.filter(({ ref }) => refs.has(ref));
      expect({ title, relocations: plain(foretold) }).toEqual({ title, relocations: plain(reached) });
      compared += reached.length;
      const unseen = predicted.relocations.filter(({ ref, outcome }) => !refs.has(ref) && outcome !== 'not-reached').length;
      if (unseen > 0) behind.set(cell.class ?? 'nothing', (behind.get(cell.class ?? 'nothing') ?? 0) + unseen);
    }
    // libbpf ends a load over a kernel function that is missing before it relocates anything.
    expect([...behind.keys()].filter((failure) => failure !== 'kfunc-missing')).toEqual([]);
    tellCount(
      `${compared} relocations in guests, all equal; not compared: ${behind.get('kfunc-missing') ?? 0} behind a missing kernel function`,
    );
  });

  it('failed over CO-RE exactly where that is predicted, and for the reason', () => {
    const isCore = (failure: string | undefined | null) => failure?.startsWith('core-') === true;
    for (const { title, cell, predicted } of comparedCells()) {
      const observed = cell.programs.map(({ name, stage, class: failure, reason }) => {
        return { name, failure: isCore(failure) ? { stage, class: failure, reason } : null };
      });
      const foretold = predicted.programs.map(({ name, failure }) => ({ name, failure: isCore(failure?.class) ? failure : null }));
      expect({ title, programs: foretold }).toEqual({ title, programs: observed });
    }
  });

  it('failed over what else BTF tells where that is predicted, or said to be possible', () => {
    const told = new Set(['map-type-unsupported', 'program-type-unsupported', 'helper-unknown', 'attach-target-missing', 'kfunc-missing']);
    const surprises = comparedCells().flatMap(({ title, cell, predicted }) =>
      cell.programs.flatMap(({ name, class: observed }, index) => {
        const { failure = null, possible = null } = predicted.programs[index] ?? {};
        const isPredicted = failure ? failure.class === observed : observed === null || !told.has(observed) || possible?.class === observed;
        return isPredicted ? [] : [{ title, name, observed, failure, possible }];
      }),
    );
    expect(surprises).toEqual([]);
  });

  it('have the prediction beside each observation, and nowhere another', () => {
    const programs = results.cells.flatMap((cell) =>
      cell.programs.map(({ name, status, predicted }) => ({ cell, name, status, predicted })),
    );
    // What is not loaded by default has nothing to agree with.
    const agreement = (status: string) => (status === 'skip' ? null : true);
    expect(programs.filter(({ status, predicted }) => predicted?.agrees !== agreement(status))).toEqual([]);
    expect(new Set(programs.map(({ status, predicted }) => `${predicted?.status}, ${status}`))).toEqual(
      new Set(['fail, fail', 'may-fail, fail', 'unknown, fail', 'unknown, pass', 'unknown, skip']),
    );
    const different = results.cells.flatMap(({ relocations }) => relocations.filter(({ predicted }) => predicted));
    expect(new Set(different.map(({ outcome }) => outcome))).toEqual(new Set(['not-reached']));
  });
});
