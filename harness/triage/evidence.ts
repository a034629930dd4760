// The lines an explanation of a relocation rests on, in libbpf's words.
import type { CellRelocation, ObjectRelocation } from '../results/schema.ts';

const MAX_CANDIDATES = 4;

/** `relo #3: <byte_off> struct task_struct.state (0:0 @ offset 0)`, the candidates tried, and warnings. */
export function formatLog({ index, kind, spec }: ObjectRelocation, { candidates, warnings }: CellRelocation): string[] {
  const tried = candidates
    .slice(0, MAX_CANDIDATES)
    .map((candidate, at) => `${candidate.matches ? 'matching' : 'non-matching'} candidate #${at} ${candidate.spec}`);
  const none = candidates.some(({ matches }) => matches) ? [] : ['no matching targets found'];
  return [`relo #${index}: <${kind}> ${spec}`, ...tried, ...none, ...warnings];
}
