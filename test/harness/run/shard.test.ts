// Tests of a matrix that is run in shards on real kernels and merged: the results equal those of one run.
import { beforeAll, describe, expect, it } from 'vitest';
import { chooseShard } from '../../../harness/plan/choice/shard.ts';
import { mergeResults } from '../../../harness/results/merge.ts';
import type { Results } from '../../../harness/results/schema.ts';
import { realRun, sample } from './real-run.ts';

const KERNELS = ['debian:5.10', 'debian:6.12'];
const OBJECTS = [sample('task_state'), sample('new_helpers')];

/** Results without times, commands and ids of logs. */
function comparable({ run, kernels, objects, cells, layouts: types }: Results) {
  return {
    run: { ...run, id: '', startedAt: '', finishedAt: '' },
    kernels,
    objects,
    types,
    cells: cells.map(({ kernel, object, status, stage, reason, flaky, programs, relocations, attempts }) => ({
      verdict: [kernel, object, status, stage, reason, flaky],
      relocations,
      attempts: attempts.map(({ isolation, infra }) => [isolation, infra]),
      programs: programs.map((program) => ({ ...program, logs: null })),
    })),
  };
}

const shape = ({ run, cells, kernels }: Results) => ({
  shard: run.shard,
  cells: cells.map(({ kernel, object }) => `${object} on ${kernels.find(({ id }) => id === kernel)?.series}`),
  booted: kernels.flatMap(({ series, release }) => (release === null ? [] : [series])),
});

describe('a matrix of two kernels and two objects in three shards', () => {
  let whole: Results;
  const shards: Results[] = [];
  beforeAll(async () => {
    whole = await realRun(OBJECTS, KERNELS);
    for (const index of [1, 2, 3]) {
      const shard = { index, total: 3 };
      shards.push(await realRun(OBJECTS, KERNELS, { shard, choose: chooseShard(shard, whole) }));
    }
  });

  it('three shards of two kernels and two objects run every cell once, and boot no kernel without cells', () => {
    expect(shards.flatMap(({ cells }) => cells.map(({ kernel, object }) => `${kernel} ${object}`)).toSorted()).toEqual(
      whole.cells.map(({ kernel, object }) => `${kernel} ${object}`).toSorted(),
    );
    for (const shard of shards) {
      const { cells, booted } = shape(shard);
      expect(booted).toEqual([...new Set(cells.map((cell) => cell.split(' on ')[1]))]);
      expect(shard.kernels).toHaveLength(2);
    }
    expect(shards.map(({ run }) => run.shard)).toEqual([1, 2, 3].map((index) => ({ index, total: 3 })));
  });

  it('the merged results of three shards equal those of one run', () => {
    const [first, ...others] = shards.map((results, at) => ({ name: `shard ${at + 1}`, results }));
    if (!first) throw new Error('there are shards');
    expect(comparable(mergeResults([first, ...others]))).toEqual(comparable(whole));
  });
});

describe('a run of nothing', () => {
  it('a run without chosen cells boots nothing, and each cell has the reason why it was left out', async () => {
    const results = await realRun(OBJECTS, KERNELS, { choose: () => () => ({ skip: 'passed before' }) });
    expect(shape(results).booted).toEqual([]);
    expect(results.run.host.accelReason).toBe('no cell was to run');
    expect(results.cells.map(({ status, reason, durationMs }) => ({ status, reason, durationMs }))).toEqual(
      Array.from({ length: 4 }, () => ({ status: 'skip', reason: 'passed before', durationMs: 0 })),
    );
  });
});
