// What to do about failures for which a snippet of C is not all there is to say.
import { FAILURES, type FailureClass } from '../base/failures.ts';
import type { Requirement } from './requirement.ts';

const BY_REQUIREMENT = {
  helper: (name) => `call ${name}() only behind this check: the verifier then never comes to the call where the kernel has not got it`,
  kfunc: (name) => `declare ${name}() __weak, as here, and call it only behind this check; without __weak libbpf refuses the whole object`,
  function: () =>
    'attach to a function or hook that all your kernels have, or to one of several: each in a program that does not load by default',
  tracepoint: () =>
    'attach to a tracepoint that all your kernels have, or to one of several: each in a program that does not load by default',
  'map-type': () =>
    'libbpf creates every map of an object, used or not: switch this one off where the kernel lacks its type, or keep it in an object of its own',
  'program-type': () =>
    'keep the program from loading by default and switch it on where the kernel knows its type, or keep it in an object of its own',
  symbol: (name) =>
    `declare ${name} __weak, as here, and look at it only where it is there; without __weak libbpf refuses the whole object`,
  kconfig: (name) =>
    `declare ${name} __weak and of the type its value has, as here; else libbpf refuses the whole object where it is not set, or set to something else`,
} as const satisfies Record<Requirement['what'], (name: string) => string>;

/** One line about something that BTF or the configuration of a kernel lacks. */
export function adviceOn({ what, name }: Requirement): string {
  return BY_REQUIREMENT[what](name);
}

/** Where the words of the reason tell more than the class: the first that fits. */
const BY_REASON: readonly { class: FailureClass; reason: RegExp; advice: string }[] = [
  {
    class: 'insn-unsupported',
    reason: /BPF_(?:ATOMIC|XADD|STX)/,
    advice:
      'this is an atomic operation with a result, which kernels have since 5.12: without its result, __sync_fetch_and_add() as a statement is an instruction that all have',
  },
  {
    class: 'insn-unsupported',
    reason: /func_info/,
    advice:
      'a function is handed to a helper as a callback, which kernels know since 5.13: keep such calls in programs that load only where enum bpf_func_id has the helper',
  },
  {
    class: 'complexity-limit',
    reason: /too complex|jumps/,
    advice:
      'the verifier follows every combination of branches: move parts of the program into global functions, which it checks once, or unroll less',
  },
  {
    class: 'helper-not-allowed',
    reason: /GPL/,
    advice: 'the object has to say that its license is compatible with the GPL: char LICENSE[] SEC("license") = "Dual MIT/GPL";',
  },
  {
    class: 'helper-not-allowed',
    reason: /probe_read|probe_write/,
    advice:
      'lockdown in confidentiality mode takes reading kernel memory away; else it is the program type: use another helper, or BPF_PROG_TYPE that has it',
  },
  {
    class: 'map-create-failed',
    reason: /EINVAL/,
    advice:
      'the kernel knows the type but not these attributes: flags, sizes of key and value, max_entries (for a ring buffer a multiple of the page size)',
  },
  {
    class: 'map-create-failed',
    reason: /E2BIG/,
    advice: 'the map is larger than the kernel takes: lower max_entries or the size of the value',
  },
  {
    class: 'resource-limit',
    reason: /RLIMIT_MEMLOCK|ulimit|EPERM/,
    advice: 'before 5.11 BPF memory counts against RLIMIT_MEMLOCK: raise it before loading, or ulimit -l unlimited',
  },
  {
    class: 'permission',
    reason: /[Ll]ockdown/,
    advice: 'the kernel is locked down: lockdown=integrity, or none, lets BPF read kernel memory',
  },
  {
    class: 'object-invalid',
    reason: /BTF is required/,
    advice:
      'the object has to carry BTF, for its maps and for CO-RE: compile it with clang -g; llvm-strip -g takes DWARF away and leaves BTF',
  },
  {
    class: 'program-type-unsupported',
    reason: /attach type or flags/,
    advice:
      'the kernel knows the program type but not where it is to attach: ask enum bpf_attach_type by bpf_core_enum_value_exists() in a program, or in the loader by runCheck, and keep the program from loading by default, SEC("?...")',
  },
  {
    class: 'attach-target-missing',
    reason: /not modifiable|fmod_ret|rejected|not a function|not supported/,
    advice:
      'the function is there, but programs of this kind may not attach to it: fmod_ret needs a function marked for error injection; fentry, fexit or kprobe take others',
  },
  {
    class: 'kconfig-missing',
    reason: /cannot be read/,
    advice:
      'libbpf reads /boot/config-$(uname -r) or /proc/config.gz, and there is neither: declare Kconfig values __weak, or give them by the kconfig option of bpf_object_open_opts',
  },
  {
    class: 'attach-target-missing',
    reason: /member|struct_ops|init_kern/,
    advice:
      'a member that some kernels lack goes into a flavor of the struct, SEC(".struct_ops.link") of its own, of which the loader creates the one that fits: bpf_map__set_autocreate()',
  },
  {
    class: 'verifier-rejected',
    reason: /(?:_or_null|mem access '(?:map_value_or_null|ptr_or_null|trusted_ptr_or_null))/,
    advice: 'this pointer may be null here: test it before it is used',
  },
  {
    class: 'verifier-rejected',
    reason: /invalid mem access '(?:inv|scalar)'/,
    advice: 'this is a number to the verifier, not a pointer: read what it points to with bpf_probe_read_kernel() or BPF_CORE_READ()',
  },
  {
    class: 'verifier-rejected',
    reason: /type=\S+ expected=/,
    advice:
      'the helper or function wants a pointer of another kind here: pass what it expects, such as the address of a variable on the stack or of a map value',
  },
  {
    class: 'verifier-rejected',
    reason: /write into map forbidden/,
    advice:
      'constants (const volatile, .rodata) can be set by the loader only, before it loads; what programs change has to be a plain global variable or a map',
  },
  {
    class: 'verifier-rejected',
    reason: /At (?:program exit|callback return|async callback return)|R0 has (?:value|smin)/,
    advice: 'programs of this type may return certain values only: return one of the range the verifier names, on every way out',
  },
  { class: 'verifier-rejected', reason: /!read_ok/, advice: 'the register was never written on this way: initialize what is read' },
  {
    class: 'verifier-rejected',
    reason: /invalid bpf_context access/,
    advice:
      'this kernel has no such argument or field in the context of this program type, or not of this size: check the number of arguments of the tracepoint or function',
  },
  {
    class: 'verifier-rejected',
    reason: /invalid size of register (?:fill|spill)|corrupt(?:ed)? spill/,
    advice:
      'this kernel gives a value back from the stack only as wide as it was put there: keep it in a variable of one size, or behind a volatile, so that the compiler does not cut it',
  },
  {
    class: 'verifier-rejected',
    reason: /stack/,
    advice: 'the frames of a program and what it calls may take 512 bytes together: put large values into a per-CPU array map',
  },
  {
    class: 'verifier-rejected',
    reason: /[Uu]nreleased reference|reference leak/,
    advice: 'what was acquired (a ring buffer record, a socket, a task) has to be released or submitted on every way out',
  },
  {
    class: 'verifier-rejected',
    reason: /infinite loop|back-edge/,
    advice: 'the verifier must see the loop end: count with a bound that is a constant; loops at all need 5.3',
  },
  {
    class: 'verifier-rejected',
    reason: /invalid access to|unbounded|min value|max value|outside of/,
    advice:
      'the verifier does not know a bound for this index or size: compare it with the bound right before it is used, and mask it (index & (SIZE - 1)) where the compiler takes the comparison away',
  },
];

/** One line for a class and reason. */
export function adviceByReason(failure: FailureClass, reason: string): string {
  return BY_REASON.find((each) => each.class === failure && each.reason.test(reason))?.advice ?? FAILURES[failure].help;
}
