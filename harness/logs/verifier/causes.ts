// Messages with which the verifier rejects a program, and their meaning, as a table; the most specific comes first.
import type { RelocationKind } from '../../base/vocabulary.ts';
import { RELOCATION_KINDS } from '../../base/vocabulary.ts';
import { type Rejection, REJECTION_KINDS, rejectionOf } from './rejections.ts';

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
  /** The program takes the address of a kernel function. */
  | { type: 'kfunc-address' }
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
  | { type: Rejection }
  /** No rule knows the message. */
  | { type: 'unknown' };

const KINDS_OF_REJECTION: ReadonlySet<string> = new Set(REJECTION_KINDS);

/** Whether a cause says no more than the kind of the rejection. */
export function isRejection(cause: VerifierCause): cause is { type: Rejection } {
  return KINDS_OF_REJECTION.has(cause.type);
}

interface Rule {
  pattern: RegExp;
  read: (groups: readonly string[]) => VerifierCause;
}

const KINDS = new Map<string, RelocationKind>(RELOCATION_KINDS.map((kind) => [kind, kind]));

/** What cilium/ebpf writes into calls of weak kfuncs that the kernel lacks. @see kfuncCallPoisonBase in its linker.go */
const CILIUM_KFUNC = String(0xdedc0de);

/** The numbers libbpf writes into calls that must not be reached: POISON_CALL_..., POISON_LDIMM64_... and 0xbad2310. */
function readUnknownHelper(number: string | undefined, name: string | null): VerifierCause {
  if (number === '195896080') return { type: 'core-relocation', relocation: null };
  if (number?.length === 10 && number.startsWith('2001')) return { type: 'missing-map', name: null };
  if (number?.length === 10 && number.startsWith('2002')) return { type: 'missing-kfunc', name: null };
  if (number === CILIUM_KFUNC) return { type: 'missing-kfunc', name: null };
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
  { pattern: /^cannot call kernel function from non-GPL compatible program$/, read: () => ({ type: 'kfunc-not-allowed', name: null }) },
  { pattern: /^program must be sleepable to call sleepable kfunc (\S+)$/, read: ([name = '']) => ({ type: 'kfunc-not-allowed', name }) },
  {
    pattern:
      /^(?:BPF_CALL uses reserved fields|calling kernel functions? (?:is|are) not (?:supported|allowed in non-JITed programs).*|JIT (?:is required for|does not support) calling k(?:ernel function|func \S+))$/,
    read: () => ({ type: 'kfunc-unsupported' }),
  },
  {
    // Before Linux 6.4. libbpf gives the verifier only variables and functions of BTF, so this is a function.
    pattern: /^pseudo btf_id \d+ in ldimm64 isn't KIND_VAR\.$/,
    read: () => ({ type: 'kfunc-address' }),
  },

  { pattern: /^BPF program is too large\. Processed \d+ insn/, read: () => ({ type: 'too-complex', limit: 'instructions' }) },
  { pattern: /^The sequence of \d+ jumps is too complex/, read: () => ({ type: 'too-complex', limit: 'jumps' }) },
  {
    pattern:
      /^(?:too many (?:subprograms|different kernel function calls)|insn \d+ cannot be patched due to 16-bit range|The total number of (?:maps|btfs) per program has reached the limit of \d+)$/,
    read: () => ({ type: 'too-complex', limit: 'program-size' }),
  },

  {
    pattern:
      /^(?:unknown opcode [0-9a-f]+|unknown insn.*|unrecognized bpf_ld_imm64 insn|invalid BPF_(?:LD_IMM insn|LD mode|(?:ALU|JMP\/JMP32) opcode [0-9a-f]+)|Unknown conditional jump [0-9a-f]+|BPF_ATOMIC uses invalid atomic opcode [0-9a-f]+|invalid atomic operand size|BPF_\S+ uses reserved fields?|number of funcs in func_info doesn't match number of subprogs)$/,
    read: () => ({ type: 'unknown-instruction' }),
  },

  {
    pattern:
      /^(?:attach_btf_id \d+ (?:is not a (?:function|typedef|supported struct)|doesn't have a name|points to (?:disabled hook|wrong type name) .*|is invalid)|attach to (?:unsupported|invalid) member .*|The address of function \S+ cannot be found|\S+ is not modifiable|Attach to function \S+ with a >8 byte return value is not supported .*|Attaching (?:tracing programs|fexit\S*) to .*is rejected\.|ret type \S+ not allowed for fmod_ret|struct_ops module \S+ is not found)$/,
    read: () => ({ type: 'attach-target' }),
  },
  {
    // A program that attaches to another BPF program.
    pattern:
      /^(?:can't modify return codes of BPF programs|Can attach to only JITed progs|Cannot (?:attach to a target with arena context arguments|extend fentry\/fexit\S*|nest tracing program attach more than once|recursively attach|replace (?:kernel|static) functions)|Extension program.*|(?:FENTRY\/FEXIT|Tracing) program can only be attached to another program annotated with BTF|Only FENTRY\/FEXIT\S* progs are attachable to another BPF prog|Program extension requires BTF|Tracing programs must provide btf_id|Target program bound device mismatch)$/,
    read: () => ({ type: 'attach-target' }),
  },
  {
    pattern:
      /^(?:Only .* programs can be sleepable|Syscall programs can only be sleepable|(?:BPF_LSM_CGROUP programs|Program of this type) cannot be sleepable)$/,
    read: () => ({ type: 'program-type' }),
  },
  {
    pattern:
      /^(?:.*\bCAP_(?:BPF|PERFMON|SYS_ADMIN|SYS_BOOT)\b.*|.* pointer .*(?:prohibited|not allowed) for !root|R\d+ leaks addr.*|attempt to corrupt spilled pointer.*)$/,
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
] as const satisfies readonly Rule[];

/** The meaning of a message of the verifier, or of libbpf's replacement for it; null if no rule knows it. */
export function causeOf(message: string): VerifierCause | null {
  for (const rule of RULES) {
    const match = rule.pattern.exec(message);
    if (match) return rule.read(match.slice(1));
  }
  const type = rejectionOf(message);
  return type && { type };
}
