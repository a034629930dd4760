// The look of a status: a shape, a word and a colour, so that a reader who cannot use one of them has the others.
import type { Outcome, Status } from '../../../harness/base/vocabulary.ts';

export interface Look {
  shape: string;
  word: string;
  /** The class in the style sheet. */
  tone: 'good' | 'bad' | 'known' | 'odd' | 'quiet' | 'infra';
}

export const STATUS_LOOKS = {
  pass: { shape: '●', word: 'pass', tone: 'good' },
  fail: { shape: '✕', word: 'fail', tone: 'bad' },
  xfail: { shape: '◌', word: 'xfail', tone: 'known' },
  xpass: { shape: '▲', word: 'xpass', tone: 'odd' },
  unsupported: { shape: '–', word: 'n/a', tone: 'quiet' },
  skip: { shape: '↷', word: 'skip', tone: 'quiet' },
  infra: { shape: '⚠', word: 'infra', tone: 'infra' },
  'not-run': { shape: '·', word: 'not run', tone: 'quiet' },
} as const satisfies Record<Status, Look>;

export const OUTCOME_LOOKS = {
  resolved: { shape: '=', word: 'resolved', tone: 'good' },
  moved: { shape: '→', word: 'moved', tone: 'good' },
  'absent-guarded': { shape: '∅', word: 'absent, guarded', tone: 'known' },
  poisoned: { shape: '✕', word: 'poisoned', tone: 'bad' },
  incompatible: { shape: '≠', word: 'incompatible', tone: 'bad' },
  ambiguous: { shape: '?', word: 'ambiguous', tone: 'bad' },
  'not-reached': { shape: '·', word: 'not reached', tone: 'quiet' },
} as const satisfies Record<Outcome, Look>;

/** Statuses that need attention, the worst first. */
export const ATTENTION: readonly string[] = ['fail', 'xpass', 'infra'] satisfies Status[];

/** The look of a relocation. One that the verifier does not reach does no harm, so it does not look bad. */
export function lookOf({ outcome, reached }: { outcome: Outcome; reached: string | null }): Look {
  const look = OUTCOME_LOOKS[outcome];
  return look.tone === 'bad' && reached === 'no' ? { ...look, word: `${look.word}, not reached`, tone: 'known' } : look;
}
