// The kernel since which a program loads.
import type { Status } from '../../harness/base/vocabulary.ts';
import type { MatrixRow } from '../model/summary.ts';

/** Whether a status means that the program loads; null without a verdict. */
const LOADS = {
  pass: true,
  xpass: true,
  fail: false,
  xfail: false,
  unsupported: false,
  skip: null,
  infra: null,
  'not-run': null,
} as const satisfies Record<Status, boolean | null>;

/** The first kernel from which a program loads on every later kernel with a verdict. */
export interface Since {
  /** Position of the kernel in the row; null if the program does not load on the last. */
  kernel: number | null;
  /** Whether a later kernel has no verdict. */
  gaps: boolean;
}

/** Since when a program loads, among the kernels at these positions of its row. */
export function loadsSince(row: MatrixRow, kernels: readonly number[]): Since {
  const loads = kernels.map((at) => {
    const status = row.cells[at]?.program.status;
    return status ? LOADS[status] : null;
  });
  const after = loads.lastIndexOf(false) + 1;
  const first = loads.indexOf(true, after);
  return { kernel: first < 0 ? null : (kernels[first] ?? null), gaps: loads.slice(after).includes(null) };
}
