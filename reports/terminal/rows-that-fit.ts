// Chooses the rows of a matrix that fit on a screen.
import type { MatrixRow } from '../model/summary.ts';
import { UNEXPECTED } from '../../harness/results/unexpected.ts';

/** The fewest lines of a useful matrix. */
const FEWEST = 10;

interface Fitting {
  rows: MatrixRow[];
  /** Number of omitted rows. */
  left: number;
  /** Number of omitted rows with an unexpected status. */
  unexpected: number;
}

function isUnexpected({ cells }: MatrixRow): boolean {
  return cells.some((entry) => entry && UNEXPECTED.includes(entry.program.status));
}

function differs({ cells }: MatrixRow): boolean {
  return new Set(cells.flatMap((entry) => entry?.program.status ?? [])).size > 1;
}

/**
 * All rows where they fit into so many lines; else those with something unexpected before those that differ between kernels before the
 * others, all in the order they had. Each object takes a line of its own.
 */
export function rowsThatFit(rows: readonly MatrixRow[], lines: number): Fitting {
  const rank = (row: MatrixRow) => {
    if (isUnexpected(row)) return 0;
    return differs(row) ? 1 : 2;
  };
  const objects = new Set<string>();
  const taken = new Set<MatrixRow>();
  let room = Math.max(FEWEST, lines);
  for (const row of rows.toSorted((a, b) => rank(a) - rank(b))) {
    const needed = objects.has(row.object) ? 1 : 2;
    if (needed > room) continue;
    room -= needed;
    objects.add(row.object);
    taken.add(row);
  }
  const left = rows.filter((row) => !taken.has(row));
  return { rows: rows.filter((row) => taken.has(row)), left: left.length, unexpected: left.filter(isUnexpected).length };
}
