// Makes results that contradict their predictions.
import type { CellProgram, Results } from '../../harness/results/schema.ts';

const PREDICTED_TO_FAIL = { status: 'fail', class: 'core-field-missing', agrees: false } as const;
const NOT_PREDICTED = { status: 'unknown', class: null, agrees: false } as const;

function withPrediction(program: CellProgram): CellProgram {
  if (program.status === 'pass') return { ...program, predicted: PREDICTED_TO_FAIL };
  return program.status === 'fail' ? { ...program, predicted: NOT_PREDICTED } : program;
}

/** The same results with wrong predictions: each program that passes was predicted to fail, and no failure was predicted. */
export function contradicted(results: Results): Results {
  return { ...results, cells: results.cells.map((cell) => ({ ...cell, programs: cell.programs.map(withPrediction) })) };
}
