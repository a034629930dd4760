// What was found out about one thing a run needs.

export interface Finding {
  what: string;
  /** `warning`: runs work, but slower or not for long; `broken`: they do not. */
  state: 'ok' | 'warning' | 'broken';
  found: string;
  /** What to type or do; null where nothing is to be done. */
  advice: string | null;
}

/** Nothing is to be done about it. */
export const ok = (what: string, found: string): Finding => ({ what, state: 'ok', found, advice: null });
