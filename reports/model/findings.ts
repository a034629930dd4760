// Findings for annotations and code scanning: one for each program and root cause, with its C line if known.
import type { CellResult, ObjectResult, Results } from '../../harness/results/schema.ts';
import type { ObjectRelocation, SourceLine } from '../../harness/bpf/object/places.ts';
import { type FailureClass, isRelocationFailure } from '../../harness/base/failures.ts';
import { type Outcome, type Status } from '../../harness/base/vocabulary.ts';
import { surprise } from '../../harness/results/unexpected.ts';

export interface Finding {
  status: Extract<Status, 'fail' | 'xpass' | 'infra' | 'not-run'>;
  class: FailureClass | null;
  reason: string;
  /** Null for a cell without a verdict, which has one finding for all programs. */
  object: ObjectResult | null;
  program: string | null;
  /** Of its root cause; null if it has none. */
  fingerprint: string | null;
  /** The access of the failing relocation, as C writes it. */
  access: string | null;
  source: SourceLine | null;
  /** Ids, in the order of the matrix. */
  kernels: string[];
  /** Number of programs on kernels that it covers. */
  count: number;
}

const AT_FAULT: readonly Outcome[] = ['poisoned', 'incompatible', 'ambiguous'];

/**
 * Returns the relocation behind a program's failure: one without a target, the program's own before another's, and a reached one before
 * others.
 */
function faultsIn(cell: CellResult, object: ObjectResult): (program: string) => ObjectRelocation | null {
  const [own, ownReached] = [new Map<string, ObjectRelocation>(), new Map<string, ObjectRelocation>()];
  let [any, anyReached]: (ObjectRelocation | null)[] = [null, null];
  // From the last to the first, so that the first of equal ones stays.
  for (const { ref, outcome, reached } of cell.relocations.toReversed()) {
    const relocation = object.relocations[ref];
    if (!relocation || !AT_FAULT.includes(outcome) || reached === 'no') continue;
    any = relocation;
    own.set(relocation.program, relocation);
    if (reached !== 'yes') continue;
    anyReached = relocation;
    ownReached.set(relocation.program, relocation);
  }
  return (program) => ownReached.get(program) ?? own.get(program) ?? anyReached ?? any ?? null;
}

const RANK = { fail: 0, xpass: 1, infra: 2, 'not-run': 3 } as const satisfies Record<Finding['status'], number>;

/** Every unexpected program, grouped by program and cause; failures first, then by number of kernels. */
export function findings(results: Results): Finding[] {
  const objects = new Map(results.objects.map((object) => [object.id, object]));
  const found = new Map<string, Finding>();
  for (const cell of results.cells) {
    const object = objects.get(cell.object) ?? null;
    const faultOf = object && faultsIn(cell, object);
    for (const program of cell.programs) {
      const { status } = program;
      if (status !== 'fail' && status !== 'xpass' && status !== 'infra' && status !== 'not-run') continue;
      const reason = status === 'xpass' ? surprise(program) : (program.reason ?? cell.reason ?? '');
      if (status === 'not-run' && reason === '') continue;
      const judged = status === 'fail' || status === 'xpass';
      const key = JSON.stringify([status, program.class, reason, judged && [cell.object, program.name]]);
      const known = found.get(key);
      if (known) {
        known.count += 1;
        if (known.kernels.at(-1) !== cell.kernel) known.kernels.push(cell.kernel);
        continue;
      }
      const core = program.class !== null && isRelocationFailure(program.class);
      const fault = core && faultOf ? faultOf(program.name) : null;
      found.set(key, {
        status,
        class: program.class,
        reason,
        object: judged ? object : null,
        program: judged ? program.name : null,
        fingerprint: program.fingerprint ?? null,
        access: fault?.access ?? null,
        source: fault?.source ?? null,
        kernels: [cell.kernel],
        count: 1,
      });
    }
  }
  return [...found.values()].toSorted((a, b) => RANK[a.status] - RANK[b.status] || b.count - a.count);
}

/**
 * The path of a source file relative to `root`, with forward slashes; null for a file elsewhere.
 * @param root an absolute path, or '' to accept only relative names
 */
export function pathBelow(root: string, file: string): string | null {
  const base = root.endsWith('/') || root === '' ? root : `${root}/`;
  const inside = base !== '' && file.startsWith(base) ? file.slice(base.length) : file;
  const parts = inside.split('/').filter((part) => part !== '.' && part !== '');
  return inside === '' || inside.startsWith('/') || parts.includes('..') ? null : parts.join('/');
}
