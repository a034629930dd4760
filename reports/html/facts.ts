// What the report concludes from results before it draws anything: verdicts, predictions, the order of kernels.
import { compareKernelVersions, tryParseKernelVersion } from '../../harness/base/kernel-version.ts';
import type { CellProgram, KernelResult, ObjectResult, Results } from '../../harness/results/schema.ts';
import type { Status } from '../../harness/base/vocabulary.ts';
import type { MatrixRow } from '../summary.ts';

/** Whether a status says that something loads; null where it is no verdict. */
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

/** What is to be seen first. */
const ATTENTION: readonly Status[] = ['fail', 'xpass', 'infra'];

/** Stage, class and errno of a failure as one line: `verify · core-field-missing · errno 22`; '' where nothing failed. */
export function failureFacts(of: Pick<CellProgram, 'stage' | 'class'> & { errno?: number | null }): string {
  return [of.stage, of.class, typeof of.errno === 'number' ? `errno ${of.errno}` : null].filter((fact) => fact !== null).join(' · ');
}

/** The facts of a program's failure, and what became of it after the load. */
export function programFacts(program: CellProgram): string {
  const { attached, runs } = program;
  const ran = runs === undefined ? '' : `ran ${runs} ${runs === 1 ? 'time' : 'times'}`;
  const after =
    attached === undefined
      ? ''
      : attached
        ? 'attached'
        : 'loaded, but not attached: libbpf does not by itself, and no attach_to says to what';
  return [failureFacts(program), after, ran].filter((fact) => fact !== '').join(' · ');
}

/** The first kernel of a list from which on a program loads on every later one as far as there are verdicts. */
export interface Since {
  /** Position of the kernel in the row; null where it does not load on the last. */
  kernel: number | null;
  /** Not every later kernel gave a verdict. */
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

function compareVersions(a: string, b: string): number {
  const [left, right] = [tryParseKernelVersion(a), tryParseKernelVersion(b)];
  if (left && right) return compareKernelVersions(left, right);
  if (left || right) return left ? -1 : 1;
  return a < b ? -1 : Number(a > b);
}

/** Kernels by architecture, in the order in which each is first named, and by version, the oldest first. */
function orderedKernels(kernels: readonly KernelResult[]): KernelResult[] {
  const architectures = [...new Set(kernels.map(({ arch }) => arch))];
  const rank = ({ arch }: KernelResult) => architectures.indexOf(arch);
  return kernels.toSorted((a, b) => rank(a) - rank(b) || compareVersions(a.version, b.version));
}

/** Results with their kernels in order, and the objects that need attention before the others. */
export function inOrder(results: Results): Results {
  const worst = new Map<string, number>();
  for (const { object, programs } of results.cells) {
    const ranks = programs.map(({ status }) => ATTENTION.indexOf(status)).filter((rank) => rank >= 0);
    worst.set(object, Math.min(worst.get(object) ?? ATTENTION.length, ...ranks));
  }
  const rank = ({ id }: ObjectResult) => worst.get(id) ?? ATTENTION.length;
  return { ...results, kernels: orderedKernels(results.kernels), objects: results.objects.toSorted((a, b) => rank(a) - rank(b)) };
}
