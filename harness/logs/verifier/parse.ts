// Reads the verifier's log of a rejected program: the reason, the instruction, the source line.
import { causeOf, type VerifierCause } from './causes.ts';
import { readVerifierLine, type VerifierLine } from './lines.ts';
import { splitReport, type VerifierReport } from './report.ts';

interface VerifierStats {
  /** Instructions that the verifier processed; each branch counts again. */
  processed: number | null;
  totalStates: number | null;
  peakStates: number | null;
  timeUsec: number | null;
  stackDepth: string | null;
}

interface VerifierSource {
  text: string;
  /** Kernels before 6.9 print no file and line. */
  file: string | null;
  line: number | null;
}

export interface VerifierLog {
  /** One line; null if the log has no reason. */
  reason: string | null;
  cause: VerifierCause;
  /** Number in the final program, subprograms appended; null when no instruction was printed. */
  insn: number | null;
  insnText: string | null;
  /** The value of the register that the reason names, else of all registers; null if the log does not show it. */
  state: string | null;
  source: VerifierSource | null;
  /** The report that the newest kernels add in whole sentences; null on older kernels. */
  report: VerifierReport | null;
  stats: VerifierStats;
}

/** The reason is at the end of a log of any size; the rest is the path of the verifier. */
const TAIL = 256 * 1024;
const MAX_LINES = 1000;
const MAX_LINE = 4096;

/** Number of messages read above the last one: the verifier adds at most a few. */
const MAX_MESSAGES = 8;

/** The kernel ends a few messages without a newline, so its statistics follow on the same line. */
const STATS_BEHIND_MESSAGE = /(?<!^)(?=processed \d{1,15} insns \(limit )/;

function tailLines(text: string): string[] {
  const tail = text.slice(-TAIL);
  // The first line may be cut, so it is ignored.
  const whole = text.length > TAIL ? tail.slice(tail.indexOf('\n') + 1) : tail;
  return whole
    .split('\n')
    .slice(-MAX_LINES)
    .flatMap((line) => line.slice(0, MAX_LINE).split(STATS_BEHIND_MESSAGE));
}

function number(text: string, pattern: RegExp): number | null {
  const match = pattern.exec(text);
  return match ? Number(match[1]) : null;
}

function readStats(lines: readonly VerifierLine[]): VerifierStats {
  const text = lines.map((line) => (line.type === 'stats' ? line.text : '')).join('\n');
  return {
    processed: number(text, /processed (\d{1,15}) insns/),
    totalStates: number(text, /total_states (\d{1,15})/),
    peakStates: number(text, /peak_states (\d{1,15})/),
    timeUsec: number(text, /verification time (\d{1,15}) usec/),
    stackDepth: /stack depth ([\d+]{1,100})/.exec(text)?.[1] ?? null,
  };
}

/** Messages from the last upwards, with their positions; text behind an instruction is a message, too. */
function messages(lines: readonly VerifierLine[]): { text: string; at: number }[] {
  const found = [];
  for (let at = lines.length - 1; at >= 0 && found.length < MAX_MESSAGES; at--) {
    const line = lines[at];
    if (line?.type === 'message') found.push({ text: line.text, at });
    if (line?.type === 'instruction' && line.rest !== '') found.push({ text: line.rest, at });
    // Messages above the last instruction belong to instructions that passed.
    if (line?.type === 'instruction') break;
  }
  return found;
}

/** Number of lines in which the state of a register is searched. */
const MAX_STATE_LINES = 200;

/** Some reasons have two lines; the second has no meaning alone. */
const NEEDS_PREVIOUS = /^(?:R\d{1,2} (?!invalid mem access|type=|!read_ok)|invalid bpf_context access|\t)/;

/** A register or stack slot and its value, which may have brackets in brackets: `R1_w=scalar(var_off=(0x0; 0xff))`. */
function registerIn(state: string, register: number): string | null {
  const named = new RegExp(`(?:^|\\s)(R${register}(?:_\\w+)?=[^\\s(]{0,100}(?:\\((?:[^()]|\\([^()]{0,200}\\)){0,500}\\))?)`);
  return named.exec(state)?.[1] ?? null;
}

/** The state on a line, '' for none. State behind the rejected instruction itself is the state after it. */
function stateIn(line: VerifierLine | undefined, isRejected: boolean): string {
  if (line?.type === 'state') return line.text;
  return line?.type === 'instruction' && !isRejected ? line.state : '';
}

const NUMBER_EXPECTED = /^R\d+ invalid mem access '(?:scalar|inv)'/;
const NUMBER = /^R\d+(?:_\w+)?=(?:scalar|inv|P?-?\d)/;

/** False if the reason names a number and the state a pointer: a call since then made the pointer unusable. */
function fitsReason(state: string, reason: string): boolean {
  return !NUMBER_EXPECTED.test(reason) || NUMBER.test(state);
}

/**
 * The last state before the rejected instruction, of one register if the reason names one. Old kernels print it between the instruction and
 * the reason.
 */
function stateBefore(
  lines: readonly VerifierLine[],
  { insnAt, until }: { insnAt: number; until: number },
  reason: string | null,
): string | null {
  const text = reason ?? '';
  const register = /\bR(\d{1,2})\b/.exec(text)?.[1];
  for (let at = until; at >= 0 && at > insnAt - MAX_STATE_LINES; at--) {
    const state = stateIn(lines[at], at >= insnAt);
    const found = state !== '' && register !== undefined ? registerIn(state, Number(register)) : state;
    if (found !== null && found !== '') return fitsReason(found, text) ? found : null;
  }
  return null;
}

/**
 * Reads a log of the kernel's BPF verifier, 5.10 to 7.x, as delivered or as libbpf >= 0.8 rewrote its end. Accepts any text; reads only the
 * last part of a very long log.
 */
export function parseVerifierLog(text: string): VerifierLog {
  const { before: logged, report } = splitReport(tailLines(text));
  const lines = logged.map(readVerifierLine);
  const found = messages(lines);
  const known = found.map(({ text: message, at }) => ({ message, at, cause: causeOf(message) })).find(({ cause }) => cause !== null);
  const chosen = known ?? (found[0] ? { message: found[0].text, at: found[0].at, cause: null } : null);

  const until = chosen ? chosen.at : lines.length - 1;
  let insn: Extract<VerifierLine, { type: 'instruction' }> | null = null;
  let insnAt = until;
  let source: VerifierSource | null = null;
  for (let at = until; at >= 0 && !(insn && source); at--) {
    const line = lines[at];
    if (line?.type === 'instruction' && !insn) {
      insn = line;
      insnAt = at;
    }
    if (line?.type === 'source' && line.text !== '' && insn) source = { text: line.text, file: line.file, line: line.line };
  }

  const previous = chosen && NEEDS_PREVIOUS.test(chosen.message) ? found.find(({ at }) => at === chosen.at - 1) : undefined;
  const reason = previous && chosen ? `${previous.text}; ${chosen.message}` : (chosen?.message ?? report?.title ?? null);
  const before = previous ? causeOf(previous.text) : null;
  return {
    reason,
    // The argument of a hook is the reason; that the context may not be read there only follows from it.
    cause: before?.type === 'hook-argument' ? before : (chosen?.cause ?? { type: 'unknown' }),
    insn: insn?.insn ?? null,
    insnText: insn?.text ?? null,
    state: insn ? stateBefore(lines, { insnAt, until }, reason) : null,
    source,
    report,
    stats: readStats(lines),
  };
}
