// Tests that cells with a predicted failure run first, on any kernel, and that the results are the same.
import { expect, it } from 'vitest';
import { realRun, sample } from './real-run.ts';

const SERIES = ['debian:5.10', 'debian:6.12'];
/** Two objects load on both kernels, one fails on 5.10 because of its map, one on 6.12 because of a field. */
const OBJECTS = ['exec_watch', 'subreaper_bit', 'bloom_filter', 'inode_ctime'].map(sample);

async function order(predictFirst: boolean) {
  const started: string[] = [];
  const results = await realRun(OBJECTS, SERIES, {
    predictFirst,
    jobs: 1,
    onEvent: (event) => {
      if (event.kind === 'cell-started') started.push(`${event.object} ${event.kernel.replace(/^debian-(\d+\.\d+).*/, '$1')}`);
    },
  });
  return { started, cells: results.cells.map(({ kernel, object, status }) => ({ kernel, object, status })) };
}

it('cells with a predicted failure run first, and no cell is left out', async () => {
  const usual = await order(false);
  const predicted = await order(true);
  expect(predicted.cells).toEqual(usual.cells);
  expect(predicted.started.toSorted()).toEqual(usual.started.toSorted());
  const firstOn = (started: readonly string[], kernel: string) => started.find((cell) => cell.endsWith(kernel));
  expect(SERIES.map((series) => firstOn(usual.started, series.slice(7)))).toEqual(['exec_watch 5.10', 'exec_watch 6.12']);
  expect(SERIES.map((series) => firstOn(predicted.started, series.slice(7)))).toEqual(['bloom_filter 5.10', 'inode_ctime 6.12']);
});
