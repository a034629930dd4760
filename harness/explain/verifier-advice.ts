// Advice for programs that the verifier rejects, by what its message means.
import { causeOf, isRejection, type VerifierCause } from '../logs/verifier/causes.ts';
import type { Rejection } from '../logs/verifier/rejections.ts';

const BY_KIND = {
  license: 'Declare a license that is compatible with the GPL: char LICENSE[] SEC("license") = "Dual MIT/GPL";',
  'kernel-bug':
    'The verifier of this kernel fails, which is a bug of the kernel. Try a newer point release of this series, and report it to the BPF maintainers if it remains.',
  'kernel-btf': 'The kernel needs CONFIG_DEBUG_INFO_BTF for such a program.',
  jit: 'The kernel must compile this program, and cannot: the JIT compiler is switched off (sysctl net.core.bpf_jit_enable=1), or has no such feature on this architecture and release.',
  'maybe-null': 'This pointer may be null here. Test it before use, and before anything is added to it.',
  bounds:
    'The verifier does not know a bound for this index or size. Compare it with a bound right before use. If the compiler removes the comparison, mask the value: index & (SIZE - 1).',
  'stack-size': 'A program and the functions that it calls share 512 bytes of stack. Put large values into a per-CPU array map.',
  'stack-access':
    'Read only what was written to the stack before, within the 512 bytes of the function. Initialize the whole variable, and give helpers its exact size.',
  'pointer-arithmetic':
    'The verifier follows a pointer only through additions of bounded numbers. Keep the pointer that the kernel gave, and do arithmetic on a copy of its value or on an index.',
  arithmetic:
    'The result of this instruction is not defined: it divides by 0, or shifts by at least the width of the register. Correct the constant.',
  'kernel-memory':
    'This structure of the kernel cannot be accessed so: programs may read most structures, write few members, and reach the members of others only through helpers. If it is reached through an argument of a hook, first compare the prototypes ("corematrix types diff NAME"): the argument may be of another type on this kernel. Read it with BPF_CORE_READ(), or use the helper or kernel function for it.',
  context:
    'Programs of this type may not use their context or packet like this on this kernel. Look for a helper that does it, or for a program type that may.',
  'unreleased-reference': 'On every path, release or submit everything that the program acquires: a ring buffer record, a socket, a task.',
  lock: 'Release a lock, and leave an RCU, preemption or interrupt region, on every path, and do nothing inside it that the kernel forbids there, such as most calls.',
  sleep:
    'Something here may sleep, and the program, or this place of it, may not. Call it from a sleepable program (SEC("fentry.s/..."), SEC("lsm.s/..."), SEC("syscall")) outside of RCU and locked regions.',
  'return-value':
    'Programs of this type may return only certain values. On every path, return a value in the range that the verifier names.',
  callback:
    'A callback must be a static function with the parameters that the helper names, and may not do everything that a program does.',
  'map-use':
    'This helper, kernel function or access does not fit the map. Compare the type of the map, its flags and its value with what the call expects.',
  'map-attribute': 'The kernel does not accept this attribute of the map.',
  'helper-use':
    'The helper does not accept this call: compare its arguments, the program type and the function to attach to with the documentation of the helper.',
  'kfunc-argument':
    'The kernel function does not accept this argument. Pass what its prototype asks for: a pointer that the kernel trusts (an argument of the hook, or acquired and tested), an initialized dynptr or iterator, or a constant.',
  'function-signature':
    'The verifier checks global functions by their declaration alone. Give the function at most five parameters that are numbers, the context or pointers to structures, let it return a number, or make it static.',
  'hook-argument':
    'On this kernel, the function, tracepoint or hook has no such argument, or one of another type. Compare the prototypes ("corematrix types diff NAME").',
  'control-flow':
    'The program has code that nothing reaches, or jumps and calls that lead out of it. Inline assembly and damaged linking cause this.',
  'call-depth': 'At most eight functions of a program may be active at a time. Inline some of them (static __always_inline).',
  'program-info':
    'The BTF of the program does not fit its instructions. Compile it again, and do not change the object by other tools than bpftool gen object and llvm-strip -g.',
  signature:
    'The kernel verifies the signature of this program, and it does not fit. Sign the object that is loaded, with a key that the kernel trusts.',
} as const satisfies Readonly<Record<Rejection, string>>;

const NOT_SLEEPABLE =
  'The kernel does not let sleepable programs attach to this function or hook. Remove ".s" from the section name: SEC("fentry/...") instead of SEC("fentry.s/..."), SEC("lsm/...") instead of SEC("lsm.s/...").';
/** @see btf_distill_func_proto() in kernel/bpf/btf.c, which reads the function to attach to or to call, and no function of the program */
const UNSUPPORTED_PROTOTYPE =
  'The program attaches to this function or calls it, and the kernel cannot pass its arguments or result: it takes variable arguments, too many arguments, or a struct by value (Linux 6.1 is the first to pass small ones). Attach to a function that calls it or to a tracepoint. Or attach a kprobe, and read the arguments from the registers.';
/** @see bpf_object__resolve_ksym_var_btf_id() in libbpf.c: a weak variable that the kernel lacks has the address 0 */
const NO_VARIABLE =
  'The argument is a number here, and not the address of a per-CPU variable. The address of a weak variable (__ksym __weak) that this kernel or its BTF lacks is 0. Compare the address with 0 before the call: if (&NAME) ...';
const PACKET =
  'The verifier does not know that the packet is this long. Right before the access, compare the address behind its last byte with data_end, and leave the program if that address is larger.';
const READ_ONLY =
  'Only the loader can set constants (const volatile, .rodata), and only before it loads the object. Use a plain global variable or a map for values that programs change.';

/** Advice for messages that are more specific than their kind. The first match counts. */
const BY_MESSAGE = [
  { message: /^\S+ is not sleepable$/, advice: NOT_SLEEPABLE },
  {
    message: /^The function \S+ (?:arg\d+ type|has \d+ arguments|has malformed|return type|with variable args)/,
    advice: UNSUPPORTED_PROTOTYPE,
  },
  { message: /^invalid access to packet\b/, advice: PACKET },
  { message: /^(?:write into map forbidden)/, advice: READ_ONLY },
  {
    message: /^invalid size of register (?:fill|spill)$/,
    advice:
      'This kernel can read a spilled value from the stack only with the size it was stored with. Use one variable size throughout, or mark it volatile so that the compiler does not narrow the load.',
  },
] as const satisfies readonly { message: RegExp; advice: string }[];

function adviceOnCause(cause: VerifierCause): string | null {
  if (isRejection(cause)) return BY_KIND[cause.type];
  switch (cause.type) {
    case 'memory-access':
      if (cause.holds.includes('or_null')) return 'This pointer may be null here. Test it before use.';
      if (cause.holds !== 'inv' && cause.holds !== 'scalar') return null;
      return 'The verifier sees a number here, not a pointer. An argument of a function, tracepoint or LSM hook may be a number on this kernel and a pointer on others: compare the prototypes ("corematrix types diff NAME"). Only if the number is an address, read the memory with bpf_probe_read_kernel() or BPF_CORE_READ().';
    case 'argument':
      if (cause.holds.includes('or_null')) return 'This pointer may be null here. Test it before use.';
      if (cause.expected.startsWith('percpu_ptr_') && (cause.holds === 'inv' || cause.holds === 'scalar')) return NO_VARIABLE;
      return 'The helper or function expects another kind of pointer here. Pass what it expects, such as the address of a stack variable or of a map value.';
    case 'uninitialized':
      return 'This path reads a register that was never written. Initialize the variable first.';
    case 'context-access':
      return 'On this kernel, the context of this program type lacks this argument or field, or has it with another size, or does not let programs of this type write it. For a tracepoint or function, compare the prototypes ("corematrix types diff NAME").';
    case 'endless-loop':
      return 'The verifier must see that the loop ends. Use a constant bound. Loops need Linux 5.3.';
    case 'core-relocation':
    case 'missing-map':
    case 'missing-kfunc':
    case 'helper-unknown':
    case 'helper-not-allowed':
    case 'helper-gpl-only':
    case 'kfunc-not-allowed':
    case 'kfunc-unsupported':
    case 'kfunc-address':
    case 'too-complex':
    case 'unknown-instruction':
    case 'attach-target':
    case 'program-type':
    case 'permission':
    case 'unknown':
      // These give other classes.
      return null;
  }
}

/** The lines of a verifier's message in a reason: `verifier: FIRST; SECOND at insn 7`. Some messages name the instruction themselves. */
function messagesIn(reason: string): string[] {
  const lines = reason.replace(/^verifier: /, '').split('; ');
  return lines.flatMap((line) => [line.replace(/ at insn \d+$/, ''), line]);
}

/** Advice for a reason of class verifier-rejected; null if its message suggests nothing. */
export function adviceOnRejection(reason: string): string | null {
  const messages = messagesIn(reason);
  const specific = BY_MESSAGE.find(({ message }) => messages.some((each) => message.test(each)));
  if (specific) return specific.advice;
  for (const message of messages.toReversed()) {
    const cause = causeOf(message);
    const advice = cause && adviceOnCause(cause);
    if (advice !== null) return advice;
  }
  return null;
}
