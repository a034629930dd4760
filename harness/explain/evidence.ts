// Log lines that prove a failure: libbpf's lines about a relocation, or the relevant last lines of a log.
import { detached } from '../base/detached.ts';
import { logText } from '../results/logs.ts';
import type { CellProgram, CellRelocation, CellResult, LogStore } from '../results/schema.ts';
import type { ObjectRelocation } from '../bpf/object/places.ts';
import type { LogLine } from '../results/explanation.ts';

const MAX_CANDIDATES = 4;
const MAX_LINES = 3;

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
  /** Position of the last line in its log; null if there are no lines. */
  log: LogLine | null;
}

const STATISTICS = /^(?:processed \d|verification time|stack depth|-- |mark_read|max_states)/;
/** Matches lines in which libbpf reports an error. */
const REPORTS_ERROR = /fail|not found|not resolved|not supported|missing|incompatible|error|can't|cannot|invalid|doesn't|too /i;
/** Matches lines that look like an error but do not explain one. */
const HARMLESS =
  /failed to (?:load (?:object|BPF skeleton)|create BPF token)|BPF token|Retrying without BTF|BTF loading error|BTF is optional|license of|skipped loading|: found |non-matching|no matching/;

function lastLines(text: string, isRelevant: (line: string) => boolean): { lines: string[]; line: number } | null {
  const found = text.split('\n').flatMap((line, at) => (line.trim() !== '' && isRelevant(line) ? [{ line, at: at + 1 }] : []));
  const last = found.slice(-MAX_LINES);
  const end = last.at(-1);
  return end ? { lines: last.map(({ line }) => detached(line)), line: end.at } : null;
}

/** How libbpf and the loader programs name the program that a line is about. */
const ABOUT_PROGRAM = /\bprog '([^']*)':|^program (\S+):/;

/**
 * Whether a line of a log that several programs share is about another program. Only a failure to attach is surely of one program: a load
 * fails with the first of them for all.
 */
function isAboutAnother(line: string, { name, stage }: CellProgram): boolean {
  const [, ofLibbpf, ofLoader] = ABOUT_PROGRAM.exec(line) ?? [];
  const about = ofLibbpf ?? ofLoader;
  return stage === 'attach' && about !== undefined && about !== name;
}

/** The last lines of the verifier log without its statistics; if there are none, the last errors of libbpf. */
export function logEvidence(cell: CellResult, program: CellProgram, store: LogStore): LogEvidence {
  const { name, class: failure, logs } = program;
  const { kernel, object } = cell;
  // Newer kernels append a report in sentences to their one-line reason.
  const [verifier = ''] = logText(store, logs.verifier).split(/^Verification failed: /m);
  const rejection = failure === 'resource-limit' || failure === 'permission' ? null : lastLines(verifier, (line) => !STATISTICS.test(line));
  if (rejection) return { lines: rejection.lines, log: { kernel, object, program: name, kind: 'verifier', line: rejection.line } };
  const own = logs.libbpf !== null;
  const libbpf = lastLines(
    logText(store, own ? logs.libbpf : cell.logs.libbpf),
    (line) => REPORTS_ERROR.test(line) && !HARMLESS.test(line) && !isAboutAnother(line, program),
  );
  if (!libbpf) return { lines: [], log: null };
  return { lines: libbpf.lines, log: { kernel, object, program: own ? name : null, kind: 'libbpf', line: libbpf.line } };
}
