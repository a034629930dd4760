// Checks what a schema cannot express: the status of a cell is the one that its programs give.
import { plural } from '../harness/base/text.ts';
import { cellStatus } from '../harness/plan/expectations/expectations.ts';
import type { CellProgram, CellResult, Results } from '../harness/results/schema.ts';
import type { Broken } from './broken-references.ts';

type Judged = Pick<CellProgram, 'status' | 'class'>;

/** What is wrong with a failure class: a pass has none. A cell keeps its class beside an unexpected pass. */
function wrongClass({ status, class: failure }: Judged): string | null {
  return status === 'pass' && failure !== null ? `"${status}" contradicts the failure class "${failure}"` : null;
}

/** @param programs the number of programs of its object */
function brokenCell(cell: CellResult, programs: number): Broken | null {
  const name = `${cell.object} on ${cell.kernel}`;
  if (cell.programs.length === 0 && programs > 0)
    return { path: ['programs'], message: `no verdicts for ${name}; its object has ${plural(programs, 'program')}` };
  const status = cellStatus(cell);
  if (status !== cell.status)
    return { path: ['status'], message: `"${cell.status}" contradicts the programs of ${name}, which make it "${status}"` };
  for (const [path, judged] of [[[], cell] as const, ...cell.programs.map((program, at) => [['programs', at], program] as const)]) {
    const wrong = wrongClass(judged);
    if (wrong !== null) return { path: [...path, 'class'], message: `${name}: ${wrong}` };
  }
  return null;
}

/** The first cell whose verdict contradicts those of its programs; null if there is none. */
export function brokenVerdict({ objects, cells }: Pick<Results, 'objects' | 'cells'>): Broken | null {
  const programs = new Map(objects.map(({ id, programs: all }) => [id, all.length]));
  for (const [at, cell] of cells.entries()) {
    const broken = brokenCell(cell, programs.get(cell.object) ?? 0);
    if (broken) return { ...broken, path: ['cells', at, ...broken.path] };
  }
  return null;
}
