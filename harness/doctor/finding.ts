// The result of one check of this machine.

export interface Finding {
  what: string;
  /** `warning`: runs work, but slower or not for long; `broken`: they do not. */
  state: 'ok' | 'warning' | 'broken';
  found: string;
  /** What to type or do; null if nothing. */
  advice: string | null;
}

/** A finding without advice. */
export const ok = (what: string, found: string): Finding => ({ what, state: 'ok', found, advice: null });
