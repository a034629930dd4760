// Verdicts that were not expected.
import type { Status } from '../base/vocabulary.ts';
import type { CellProgram } from './schema.ts';

/** What needs somebody's attention, the gravest first. */
export const UNEXPECTED: readonly Status[] = ['fail', 'xpass', 'infra', 'not-run'];

/** What there is to say of a program that passes against the expectation. */
export function surprise({ expected }: CellProgram): string {
  return `passes, though it was expected to fail${expected === null ? '' : `: ${expected}`}`;
}
