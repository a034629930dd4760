// Why a program fails and what to do, for formats that show one failure at a time.
import { FAILURES, failureAddress, type FailureClass } from '../../harness/base/failures.ts';
import type { Results } from '../../harness/results/schema.ts';

export interface Why {
  /** What to do, one sentence each. */
  advice: readonly string[];
  /** C to write instead; null if there is no suggestion. */
  snippet: string | null;
  /** Where the class is explained: an address, or the command that shows it if the package names no repository. Null without a class. */
  documentation: string | null;
}

interface Failed {
  class: FailureClass | null;
  /** Absent or null for a failure whose cause has none. */
  fingerprint?: string | null | undefined;
}

/** Returns the advice for a failure: that of its root cause, else that of its class. */
export function whyOf({ explanation }: Pick<Results, 'explanation'>): (failed: Failed) => Why {
  const causes = new Map(explanation?.causes.map((cause) => [cause.fingerprint, cause]));
  return ({ class: failure, fingerprint }) => {
    const cause = causes.get(fingerprint ?? '');
    const help = failure === null ? [] : [FAILURES[failure].help];
    return {
      advice: cause && cause.advice.length > 0 ? cause.advice : help,
      snippet: cause?.snippet ?? null,
      documentation: failure === null ? null : (failureAddress(failure) ?? `corematrix explain ${failure}`),
    };
  };
}

/** Stands for a tab of C in formats that would show a tab as an escape. */
const TAB = '    ';

/** The advice as lines of plain text: sentences, the C, and the documentation. */
export function whyLines({ advice, snippet, documentation }: Why): string[] {
  const code =
    snippet === null
      ? []
      : ['write instead:', ...snippet.split('\n').map((line) => (line === '' ? '' : `  ${line.replaceAll('\t', TAB)}`))];
  return [...advice, ...code, ...(documentation === null ? [] : [`see ${documentation}`])];
}
