// Messages with which the verifier rejects a program, and their meaning, as a table; the most specific comes first.
import type { RelocationKind } from '../../base/vocabulary.ts';
import { RELOCATION_KINDS } from '../../base/vocabulary.ts';

export type VerifierCause =
  /** The verifier reached a poisoned instruction. `relocation` is null if libbpf did not print it; `typeId` is the local id. */
  | { type: 'core-relocation'; relocation: { kind: RelocationKind | null; spec: string; cut: boolean } | null }
  /** A map that was not created, or an unresolved kfunc; `name` is null if only the number is known. */
  | { type: 'missing-map'; name: string | null }
  | { type: 'missing-kfunc'; name: string | null }
  | { type: 'helper-unknown'; id: number; name: string | null }
  | { type: 'helper-not-allowed'; id: number; name: string }
  | { type: 'helper-gpl-only' }
  | { type: 'kfunc-not-allowed'; name: string | null }
  | { type: 'kfunc-unsupported' }
  | { type: 'too-complex'; limit: 'instructions' | 'jumps' | 'program-size' }
  | { type: 'unknown-instruction' }
  | { type: 'attach-target' }
  | { type: 'program-type' }
  | { type: 'permission' }
  | { type: 'endless-loop'; insn: number }
  | { type: 'memory-access'; register: number; holds: string }
  | { type: 'argument'; register: number; holds: string; expected: string }
  | { type: 'uninitialized'; register: number }
  | { type: 'context-access'; offset: number; size: number }
  | { type: 'bounds' }
  | { type: 'stack-size' }
  | { type: 'unreleased-reference' }
  | { type: 'kernel-bug' }
  | { type: 'other' };

interface Rule {
  pattern: RegExp;
  read: (groups: readonly string[]) => VerifierCause;
}

const KINDS = new Map<string, RelocationKind>(RELOCATION_KINDS.map((kind) => [kind, kind]));

/** The numbers libbpf writes into calls that must not be reached: POISON_CALL_..., POISON_LDIMM64_... and 0xbad2310. */
function readUnknownHelper(number: string | undefined, name: string | null): VerifierCause {
  if (number === '195896080') return { type: 'core-relocation', relocation: null };
  if (number?.length === 10 && number.startsWith('2001')) return { type: 'missing-map', name: null };
  if (number?.length === 10 && number.startsWith('2002')) return { type: 'missing-kfunc', name: null };
  return { type: 'helper-unknown', id: Number(number), name };
}

const RULES = [
  {
    pattern: /^failed to resolve CO-RE relocation <(\w+)> (\[\d+\] .*?)(\.\.\.)?$/,
    read: ([kind = '', spec = '', dots]) => ({
      type: 'core-relocation',
      relocation: { kind: KINDS.get(kind) ?? null, spec, cut: dots === '...' },
    }),
  },
  { pattern: /^BPF map '([^']*)' is referenced but wasn't created$/, read: ([name = '']) => ({ type: 'missing-map', name }) },
  { pattern: /^kfunc '([^']*)' is referenced but wasn't resolved$/, read: ([name = '']) => ({ type: 'missing-kfunc', name }) },
  { pattern: /^invalid func unknown#(\d{1,10})$/, read: ([number]) => readUnknownHelper(number, null) },
  { pattern: /^invalid func (\w+)#(\d{1,10})$/, read: ([name = '', number]) => readUnknownHelper(number, name) },
  {
    // 5.10 has the first wording; it means that this program type has no such helper, not that the kernel has none.
    pattern: /^(?:unknown func|program of this type cannot use helper) (\w+)#(\d{1,10})$/,
    read: ([name = '', number]) => ({ type: 'helper-not-allowed', id: Number(number), name }),
  },
  {
    pattern: /^cannot call GPL-?(?:restricted function from non-GPL compatible| only function from proprietary) program$/,
    read: () => ({ type: 'helper-gpl-only' }),
  },
  { pattern: /^calling kernel function (\S+) is not allowed$/, read: ([name = '']) => ({ type: 'kfunc-not-allowed', name }) },
  { pattern: /^program must be sleepable to call sleepable kfunc (\S+)$/, read: ([name = '']) => ({ type: 'kfunc-not-allowed', name }) },
  {
    pattern:
      /^(?:BPF_CALL uses reserved fields|calling kernel functions? (?:is|are) not supported.*|JIT is required for calling kernel function)$/,
    read: () => ({ type: 'kfunc-unsupported' }),
  },

  { pattern: /^BPF program is too large\. Processed \d+ insn/, read: () => ({ type: 'too-complex', limit: 'instructions' }) },
  { pattern: /^The sequence of \d+ jumps is too complex/, read: () => ({ type: 'too-complex', limit: 'jumps' }) },
  { pattern: /\d insns.*at most \d/, read: () => ({ type: 'too-complex', limit: 'program-size' }) },

  {
    pattern:
      /^(?:unknown opcode [0-9a-f]+|unknown insn.*|unrecognized bpf_ld_imm64 insn|invalid BPF_(?:ATOMIC|LD_IMM64|LD_IMM|CALL) .*|BPF_\w+ uses reserved fields?|BPF_(?:XADD|STX|LDX|ATOMIC|END|NEG|MOV|ALU|JMP|JA)\b.*reserved.*|opcode [0-9a-f]+ is not supported|number of funcs in func_info doesn't match number of subprogs)$/,
    read: () => ({ type: 'unknown-instruction' }),
  },

  {
    pattern:
      /^(?:attach_btf_id \d+ (?:is not a function|is not supported|points to disabled hook.*|points to wrong type name.*|is invalid)|btf_id \d+ doesn't point to kernel function.*|attach to unsupported member .*|The address of function \S+ cannot be found|\S+\(?\)? is not modifiable|invalid attach_btf_id.*|Attach to functions? .*not allowed.*|attaching tracing programs to function '[^']*' is rejected.*)$/,
    read: () => ({ type: 'attach-target' }),
  },
  { pattern: /^(?:Only .* programs can be sleepable|Syscall programs can only be sleepable)$/, read: () => ({ type: 'program-type' }) },
  {
    pattern:
      /^(?:.*\bCAP_(?:BPF|PERFMON|SYS_ADMIN)\b.*|.* pointer .*(?:prohibited|not allowed) for !root|R\d+ leaks addr.*|attempt to corrupt spilled pointer.*)$/,
    read: () => ({ type: 'permission' }),
  },

  { pattern: /^infinite loop detected at insn (\d{1,8})/, read: ([insn]) => ({ type: 'endless-loop', insn: Number(insn) }) },
  { pattern: /^back-edge from insn (\d{1,8}) to \d+/, read: ([insn]) => ({ type: 'endless-loop', insn: Number(insn) }) },
  {
    pattern: /^R(\d{1,2}) invalid mem access '([^']*)'/,
    read: ([register, holds = '']) => ({ type: 'memory-access', register: Number(register), holds }),
  },
  {
    pattern: /^R(\d{1,2}) type=(\S+) expected=(.*)$/,
    read: ([register, holds = '', expected = '']) => ({ type: 'argument', register: Number(register), holds, expected }),
  },
  { pattern: /^R(\d{1,2}) !read_ok$/, read: ([register]) => ({ type: 'uninitialized', register: Number(register) }) },
  {
    pattern: /^invalid bpf_context access off=(-?\d{1,9}) size=(\d{1,9})/,
    read: ([offset, size]) => ({ type: 'context-access', offset: Number(offset), size: Number(size) }),
  },
  {
    pattern:
      /^(?:invalid access to (?:map value|packet|memory|mem|key)|R\d{1,2} (?:min value is|max value is|unbounded memory|offset is outside|is outside|invalid zero-sized)|.*unbounded memory access|.*outside of the allowed memory range)/,
    read: () => ({ type: 'bounds' }),
  },
  { pattern: /^combined stack size of \d+ calls is \d+/, read: () => ({ type: 'stack-size' }) },
  {
    pattern: /^(?:Unreleased reference|reference has not been (?:acquired|released)|BPF_EXIT instruction .*would lead to reference leak)/,
    read: () => ({ type: 'unreleased-reference' }),
  },
  { pattern: /^(?:verifier bug|BUG |kernel subsystem misconfigured|bpf verifier is misconfigured)/i, read: () => ({ type: 'kernel-bug' }) },
] as const satisfies readonly Rule[];

/** The meaning of a message of the verifier, or of libbpf's replacement for it; null if no rule knows it. */
export function causeOf(message: string): VerifierCause | null {
  for (const rule of RULES) {
    const match = rule.pattern.exec(message);
    if (match) return rule.read(match.slice(1));
  }
  return null;
}
