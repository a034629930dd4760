// Messages of libbpf about one program: its layout, poisoned references, why it did not load or attach.
import type { PoisonedReference, PrintedError } from '../loader-log.ts';
import type { LogRecord } from '../record.ts';
import { canFail, printedError } from './object-messages.ts';

export type ProgramMessage =
  | { type: 'skipped'; program: string }
  | { type: 'appended'; program: string; subprogram: string; insns: number }
  | { type: 'call'; subprogram: string; offset: number }
  | { type: 'poisoned-reference'; reference: PoisonedReference }
  | { type: 'load-failed'; program: string | null; error: PrintedError | null }
  /** The name that libbpf <= 0.6 prints after everything else about the program. */
  | { type: 'failed'; program: string; error: PrintedError | null }
  /** `program` is null for libbpf < 0.9, which does not name it here. */
  | { type: 'missing-target'; program: string | null; target: string }
  | { type: 'warning'; program: string; text: string }
  | { type: 'attach-failed'; text: string };

interface Rule {
  pattern: RegExp;
  read: (groups: readonly string[]) => ProgramMessage;
}

/** Lines that report progress. */
const NOTICES = [
  { pattern: /^prog '([^']*)': skipped loading$/, read: ([program = '']) => ({ type: 'skipped', program }) },
  {
    pattern: /^prog '([^']*)': added (\d{1,9}) insns from sub-prog '([^']*)'$/,
    read: ([program = '', insns, subprogram = '']) => ({ type: 'appended', program, subprogram, insns: Number(insns) }),
  },
  {
    pattern: /^prog '[^']*': insn #\d+ relocated, imm -?\d+ points to subprog '([^']*)' \(now at (\d{1,9}) offset\)$/,
    read: ([subprogram = '', offset]) => ({ type: 'call', subprogram, offset: Number(offset) }),
  },
  {
    pattern: /^prog '([^']*)': relo #\d+: poisoning insn #(\d{1,9}) that loads map #\d+ '([^']*)'$/,
    read: ([program = '', insn, name = '']) => ({
      type: 'poisoned-reference',
      reference: { program, insn: Number(insn), kind: 'map', name },
    }),
  },
  {
    pattern: /^prog '([^']*)': relo #\d+: poisoning insn #(\d{1,9}) that calls kfunc '([^']*)'$/,
    read: ([program = '', insn, name = '']) => ({
      type: 'poisoned-reference',
      reference: { program, insn: Number(insn), kind: 'kfunc', name },
    }),
  },
] as const satisfies readonly Rule[];

/** Lines that say that a program is not loaded or not attached. */
const FAILURES = [
  {
    pattern: /^prog '([^']*)': BPF program load failed: (.*)$/,
    read: ([program = '', error = '']) => ({ type: 'load-failed', program, error: printedError(error) }),
  },
  {
    pattern: /^load bpf program failed: (.*)$/,
    read: ([error = '']) => ({ type: 'load-failed', program: null, error: printedError(error) }),
  },
  {
    pattern: /^prog '([^']*)': failed to load: (.*)$/,
    read: ([program = '', error = '']) => ({ type: 'failed', program, error: printedError(error) }),
  },
  { pattern: /^failed to load program '([^']*)'$/, read: ([program = '']) => ({ type: 'failed', program, error: null }) },
  {
    pattern: /^prog '([^']*)': failed to find kernel BTF type ID of '([^']*)': .*$/,
    read: ([program = '', target = '']) => ({ type: 'missing-target', program, target }),
  },
  // A message of the agent: libbpf looks a target up when it is set, and prints nothing.
  {
    pattern: /^settings: prog '([^']*)': attach target '([^']*)': -[23]$/,
    read: ([program = '', target = '']) => ({ type: 'missing-target', program, target }),
  },
  { pattern: /^(.*) is not found in vmlinux BTF$/, read: ([target = '']) => ({ type: 'missing-target', program: null, target }) },
  {
    pattern:
      /^(prog '[^']*': failed to (?:create|attach|auto-attach|find a unique match).*|failed to (?:determine|add) (?:tracepoint|legacy|kprobe|uprobe|kretprobe|uretprobe).*|prog '[^']*': failed to (?:resolve full path|enable perf_event).*|map '[^']*': failed to auto-attach: .*|usdt: (?:unrecognized arg |failed to (?!get absolute path)|no USDT notes|kernel doesn't support|attaching to).*|(?:kprobe (?:name|multi pattern|session pattern)|tracing multi pattern) is invalid: .*|kprobe offset must be .*|kretprobes do not support offset .*|prog '[^']*': (?:invalid section name '|section '[^']*' missing ':|invalid format of section definition|uretprobes do not support|target netdevice ifindex cannot be zero).*|invalid section '[^']*', expected SEC\("usdt.*|.*perf_event_open\(\) failed: .*|prog '[^']*': can't attach .*)$/,
    read: ([text = '']) => ({ type: 'attach-failed', text }),
  },
] as const satisfies readonly Rule[];

/** A warning about a program. */
const WARNING = /^prog '([^']*)': (.*)$/;

/** Warnings why libbpf does not pass a program to the kernel, recognised by their words: a custom loader prints no levels. */
const NOT_GIVEN =
  /^prog '([^']*)': (missing BPF prog type, .*|SEC\("struct_ops"\) program isn't referenced .*|no BTF-based attach target .*|attach program FD is not set|failed to find BPF program \(FD .*|failed to prepare load attributes: .*|(?:func|line)_info, (?:func|line)_info_cnt, and .*)$/;

/** Reads a line (without `libbpf: `) about a program. Null for everything else. */
export function readProgramMessage(line: string, level: LogRecord['level']): ProgramMessage | null {
  for (const rule of canFail(level) ? [...NOTICES, ...FAILURES] : NOTICES) {
    const match = rule.pattern.exec(line);
    if (match) return rule.read(match.slice(1));
  }
  if (!canFail(level)) return null;
  const warning = (level === 'warn' ? WARNING : NOT_GIVEN).exec(line);
  return warning ? { type: 'warning', program: warning[1] ?? '', text: warning[2] ?? '' } : null;
}
