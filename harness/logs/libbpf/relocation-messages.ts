// Messages of libbpf about one CO-RE relocation, as a table of patterns with their facts.
import type { RelocationKind } from '../../base/vocabulary.ts';
import { RELOCATION_KINDS } from '../../base/vocabulary.ts';
import type { LogRecord } from '../record.ts';
import { canFail } from './object-messages.ts';

type RelocationMessage =
  | { type: 'spec'; kind: RelocationKind | null; spec: string }
  | { type: 'candidate'; spec: string; matches: boolean }
  | { type: 'no-target' }
  | { type: 'patched'; insn: number; form: 'ALU' | 'LDX' | 'LDIMM64'; from: string; to: string }
  | { type: 'mem-size'; from: number; to: number }
  | { type: 'poisoned'; insn: number }
  | { type: 'wrong-access'; text: string }
  | { type: 'ambiguity'; text: string }
  | { type: 'warning'; text: string }
  | { type: 'failed'; text: string };

interface Rule {
  pattern: RegExp;
  read: (groups: readonly string[]) => RelocationMessage;
}

const KINDS = new Map<string, RelocationKind>(RELOCATION_KINDS.map((kind) => [kind, kind]));

/**
 * Kinds before libbpf 0.8 had the same names, but enumerator and type kinds went through another switch: an unknown word is kept as null.
 * @see core_relo_kind_str() in libbpf's relo_core.c
 */
function kindOf(word: string): RelocationKind | null {
  return KINDS.get(word) ?? null;
}

const FORMS = { 'ALU/ALU64': 'ALU', 'LDX/ST/STX': 'LDX', LDIMM64: 'LDIMM64' } as const;

function formOf(word: string): 'ALU' | 'LDX' | 'LDIMM64' {
  return word === 'ALU/ALU64' || word === 'LDIMM64' ? FORMS[word] : FORMS['LDX/ST/STX'];
}

/** Texts behind `prog '%s': relo #%d: ` that report progress, most frequent first. */
const NOTICES = [
  {
    pattern: /^(matching|non-matching) candidate #\d+ (?:<\w+> )?(\[.*)$/,
    read: ([word = '', spec = '']) => ({ type: 'candidate', spec, matches: word === 'matching' }),
  },
  { pattern: /^<(\w+)> (\[.*)$/, read: ([kind = '', spec = '']) => ({ type: 'spec', kind: kindOf(kind), spec }) },
  // libbpf <= 0.7
  { pattern: /^kind <(\w+)> \(\d+\), spec is (\[.*)$/, read: ([kind = '', spec = '']) => ({ type: 'spec', kind: kindOf(kind), spec }) },
  {
    pattern: /^patched insn #(\d+) \((ALU\/ALU64|LDX\/ST\/STX|LDIMM64)\) (?:imm|off|imm64) (-?\d+) -> (-?\d+)$/,
    read: ([insn, form = '', from = '', to = '']) => ({ type: 'patched', insn: Number(insn), form: formOf(form), from, to }),
  },
  {
    pattern: /^patched insn #\d+ \(LDX\/ST\/STX\) mem_sz (\d+) -> (\d+)$/,
    read: ([from, to]) => ({ type: 'mem-size', from: Number(from), to: Number(to) }),
  },
  { pattern: /^no matching targets found/, read: () => ({ type: 'no-target' }) },
  { pattern: /^substituting insn #(\d+) w\/ invalid insn$/, read: ([insn]) => ({ type: 'poisoned', insn: Number(insn) }) },
] as const satisfies readonly Rule[];

/** Texts behind the same words that report a fault. */
const FAILURES = [
  { pattern: /^(insn #\d+ \(LDX\/ST\/STX\) accesses field incorrectly.*)$/, read: ([text = '']) => ({ type: 'wrong-access', text }) },
  {
    pattern: /^((?:field offset|relocation decision) ambiguity: .*)$/,
    read: ([text = '']) => ({ type: 'ambiguity', text }),
  },
  { pattern: /^(failed to (?:relocate|record relocation|patch insn #\d+): .*)$/, read: ([text = '']) => ({ type: 'failed', text }) },
  {
    pattern:
      /^(parsing \[.*|<\w+> \(\d+\) relocation doesn't support anonymous types|error matching candidate #.*|target candidate search failed for .*|unrecognized CO-RE relocation .*|unexpected insn #\d+ \(.*|insn #\d+ \((?:LDX\/ST\/STX|LDIMM64)\).*|trying to relocate unrecognized insn #.*|unexpected kind .*)$/,
    read: ([text = '']) => ({ type: 'warning', text }),
  },
] as const satisfies readonly Rule[];

const PREFIX = /^prog '([^']*)': relo #(\d{1,9}): /;

/** Messages without a relocation number: they are about the current relocation. The number that they print is the kind. */
const UNNUMBERED =
  /^prog '([^']*)': (relo \d+ at insn #\d+ can't be (?:applied to array access|satisfied for bitfield)|relo for \[\d+\] .* captures type .*)$/;

export interface NumberedMessage {
  program: string;
  /** Null: the relocation of the last message. */
  index: number | null;
  message: RelocationMessage;
}

/**
 * Reads a line (without `libbpf: `) about a CO-RE relocation; null if it is about something else. Data relocations have
 * the same prefix and give null, too.
 */
export function readRelocationMessage(line: string, level: LogRecord['level']): NumberedMessage | null {
  const prefix = PREFIX.exec(line);
  if (prefix) {
    const text = line.slice(prefix[0].length).trimEnd();
    for (const rule of canFail(level) ? [...NOTICES, ...FAILURES] : NOTICES) {
      const match = rule.pattern.exec(text);
      if (match) return { program: prefix[1] ?? '', index: Number(prefix[2]), message: rule.read(match.slice(1)) };
    }
    return null;
  }
  const bare = canFail(level) ? UNNUMBERED.exec(line) : null;
  return bare ? { program: bare[1] ?? '', index: null, message: { type: 'warning', text: bare[2] ?? '' } } : null;
}
