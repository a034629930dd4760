// The lines an explanation rests on: of a relocation in libbpf's words, of a failure those of the logs that tell it.
import { logText } from '../results/logs.ts';
import type { CellProgram, CellRelocation, CellResult, LogStore } from '../results/schema.ts';
import type { ObjectRelocation } from '../bpf/object/places.ts';
import type { LogLine } from '../results/explanation.ts';

const MAX_CANDIDATES = 4;
const MAX_TELLING = 3;

/** `relo #3: <byte_off> struct task_struct.state (0:0 @ offset 0)`, the candidates tried, and warnings. */
export function formatLog({ index, kind, spec }: ObjectRelocation, { candidates, warnings }: CellRelocation): string[] {
  const tried = candidates
    .slice(0, MAX_CANDIDATES)
    .map((candidate, at) => `${candidate.matches ? 'matching' : 'non-matching'} candidate #${at} ${candidate.spec}`);
  const none = candidates.some(({ matches }) => matches) ? [] : ['no matching targets found'];
  return [`relo #${index}: <${kind}> ${spec}`, ...tried, ...none, ...warnings];
}

export interface LogEvidence {
  lines: string[];
  /** Where the last of them stands. */
  log: LogLine | null;
}

const STATISTICS = /^(?:processed \d|verification time|stack depth|-- |mark_read|max_states)/;
/** How libbpf says that something went wrong, and what it says although nothing did. */
const TELLING = /fail|not found|not resolved|not supported|missing|incompatible|error|can't|cannot|invalid|doesn't|too /i;
const HARMLESS =
  /failed to (?:load (?:object|BPF skeleton)|create BPF token)|BPF token|Retrying without BTF|BTF loading error|BTF is optional|license of|skipped loading|: found |non-matching|no matching/;

function lastLines(text: string, isTelling: (line: string) => boolean): { lines: string[]; line: number } | null {
  const found = text.split('\n').flatMap((line, at) => (line.trim() !== '' && isTelling(line) ? [{ line, at: at + 1 }] : []));
  const last = found.slice(-MAX_TELLING);
  const end = last.at(-1);
  return end ? { lines: last.map(({ line }) => line), line: end.at } : null;
}

/** What the verifier said last, apart from its statistics; where it said nothing, what libbpf did. */
export function logEvidence(cell: CellResult, { name, class: failure, logs }: CellProgram, store: LogStore): LogEvidence {
  const { kernel, object } = cell;
  // Newer kernels add a report in sentences behind their one-line reason.
  const [verifier = ''] = logText(store, logs.verifier).split(/^Verification failed: /m);
  const said = failure === 'resource-limit' || failure === 'permission' ? null : lastLines(verifier, (line) => !STATISTICS.test(line));
  if (said) return { lines: said.lines, log: { kernel, object, program: name, kind: 'verifier', line: said.line } };
  const own = logs.libbpf !== null;
  const libbpf = lastLines(logText(store, own ? logs.libbpf : cell.logs.libbpf), (line) => TELLING.test(line) && !HARMLESS.test(line));
  if (!libbpf) return { lines: [], log: null };
  return { lines: libbpf.lines, log: { kernel, object, program: own ? name : null, kind: 'libbpf', line: libbpf.line } };
}
