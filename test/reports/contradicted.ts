// Results whose observations are not what BTF foretold.
import type { CellProgram, Results } from '../../harness/results/schema.ts';

const FORETOLD = { status: 'fail', class: 'core-field-missing', agrees: false } as const;
const MISSED = { status: 'unknown', class: null, agrees: false } as const;

function withPrediction(program: CellProgram): CellProgram {
  if (program.status === 'pass') return { ...program, predicted: FORETOLD };
  return program.status === 'fail' ? { ...program, predicted: MISSED } : program;
}

/** All that passes was predicted to fail, and nothing was predicted of what fails. */
export function contradicted(results: Results): Results {
  return { ...results, cells: results.cells.map((cell) => ({ ...cell, programs: cell.programs.map(withPrediction) })) };
}
