// Texts for the facts of a relocation.
import type { SourceLine } from '../../../harness/bpf/object/places.ts';
import { lookOf } from '../shared/looks.ts';
import type { OutcomeData } from '../shared/page-data.ts';

/** The value of a relocation: `96`, or `80 → 96` if it is not the compiled one. */
export function valueText({ local, target }: Pick<OutcomeData, 'local' | 'target'>): string {
  if (target === null) return local === null ? '' : `${local} → —`;
  return local === null || local === target ? target : `${local} → ${target}`;
}

/** The outcome of a relocation: `poisoned; reached: yes`. */
export function outcomeText(outcome: Pick<OutcomeData, 'outcome' | 'reached'>): string {
  const { word } = lookOf(outcome);
  return outcome.reached === null || outcome.reached === 'no' ? word : `${word}; reached: ${outcome.reached}`;
}

/** A line of C, `prog.bpf.c:25`, marked if it is only the nearest one. */
export function lineText({ file, line, exact }: SourceLine): string {
  return `${file}:${line}${exact ? '' : ' (nearest line)'}`;
}
