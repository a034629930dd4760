// What every format says about a whole run besides its verdicts.
import { fixedOffsetLines } from '../../harness/results/fixed-offsets.ts';
import type { Results } from '../../harness/results/schema.ts';
import { logsCutText } from './logs-cut.ts';

/** The notes on a run, one sentence each without its full stop: what was cut from logs, and objects that read at fixed offsets. */
export function notesOf(results: Pick<Results, 'cells' | 'objects'>): string[] {
  const cut = logsCutText(results);
  return [...(cut === null ? [] : [cut]), ...fixedOffsetLines(results.objects)];
}
