// The choice of cells to run again, from the results of an earlier run.
import { matchKernels } from '../../results/compare.ts';
import type { CellResult, Results } from '../../results/schema.ts';
import type { CellChoice, Choose } from './choice.ts';

export type Since = 'last-failed' | 'only-changed';

const isSettled = ({ status }: CellResult) => status !== 'fail' && status !== 'xpass' && status !== 'infra' && status !== 'not-run';

function choiceOf(mode: Since, cell: CellResult | undefined, sameObject: boolean, sameKernel: boolean): CellChoice {
  if (!cell) return mode === 'last-failed' ? { skip: 'not in the earlier run' } : 'run';
  if (mode === 'last-failed') return isSettled(cell) ? { skip: `${cell.status} in the earlier run` } : 'run';
  if (!sameObject || !sameKernel || cell.status === 'infra' || cell.status === 'not-run' || cell.status === 'skip') return 'run';
  return { skip: `unchanged since the earlier run, where it was ${cell.status}` };
}

/**
 * `last-failed` runs the cells that failed unexpectedly or had no verdict. `only-changed` runs the cells whose object file or kernel has
 * changed, and those that had no verdict. All other cells are skipped with their earlier status as the reason.
 */
export function chooseSince(mode: Since, earlier: Results): Choose {
  const digests = new Map(earlier.objects.map(({ id, sha256 }) => [id, sha256]));
  const cells = new Map(earlier.cells.map((cell) => [JSON.stringify([cell.kernel, cell.object]), cell]));
  return (kernels, objects) => {
    const matched = matchKernels(earlier.kernels, kernels);
    return (kernel, object) => {
      const before = matched.get(kernel);
      const cell = before === undefined ? undefined : cells.get(JSON.stringify([before, object]));
      const sameObject = digests.get(object) === objects.find(({ id }) => id === object)?.sha256;
      return choiceOf(mode, cell, sameObject, before === kernel);
    };
  };
}
