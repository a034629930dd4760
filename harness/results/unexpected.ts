// Unexpected verdicts.
import type { Status } from '../base/vocabulary.ts';
import type { CellProgram } from './schema.ts';

/** The statuses that need attention, the most serious first. */
export const UNEXPECTED: readonly Status[] = ['fail', 'xpass', 'infra', 'not-run'];

/** The message for a program that passes although it is expected to fail. */
export function surprise({ expected }: CellProgram): string {
  return `passes, though it was expected to fail${expected === null ? '' : `: ${expected}`}`;
}
