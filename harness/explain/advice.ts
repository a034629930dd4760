// Advice for failures that no C snippet alone can fix.
import { FAILURES, type FailureClass } from '../base/failures.ts';
import { type FunctionFault, functionFaultOf } from '../verdict/rules/attach.ts';
import { isAboutUnreadTarget } from '../verdict/rules/named-target.ts';
import type { Requirement } from './requirement.ts';
import { adviceOnRejection } from './verifier-advice.ts';

const BY_REQUIREMENT = {
  helper: (name) => `Call ${name}() only if this check is true: the verifier then does not reach the call on kernels without the helper.`,
  kfunc: (name) =>
    `Declare ${name}() __weak and call it only where bpf_ksym_exists(${name}) is true. Without __weak, the loader refuses the whole object.`,
  function: () =>
    'Attach to a function or hook that all your kernels have. Or write one program for each target, keep them from loading by default (SEC("?...")), and switch on the one whose target exists.',
  tracepoint: () =>
    'Attach to a tracepoint that all your kernels have. Or write one program for each tracepoint, keep them from loading by default (SEC("?...")), and switch on the one whose tracepoint exists.',
  'map-type': () =>
    'Loaders create every map of an object, even one that no program uses. Switch this map off on kernels that lack its type (bpf_map__set_autocreate()), or move it to a separate object.',
  'program-type': () =>
    'Keep the program from loading by default (SEC("?...")) and switch it on where the kernel knows its type, or move it to a separate object.',
  symbol: (name) =>
    `Declare ${name} as const void and __weak, and use it only where its address is not null. libbpf looks for a symbol with a type in BTF, which has few variables, and for one without a type in kallsyms. Without __weak, the loader refuses the whole object.`,
  kconfig: (name) =>
    `Declare ${name} __weak, with the type of its value. Otherwise the loader refuses the whole object on kernels that do not set it, or that set a value of another type.`,
  'struct-ops-type': (name) =>
    `Put the map into SEC("?.struct_ops.link"), keep its programs from loading by default (SEC("?struct_ops/...")), and switch both on where the kernel has struct bpf_struct_ops_${name}: bpf_map__set_autocreate(), bpf_program__set_autoload().`,
  'struct-ops-member': (name) =>
    `Declare ${name}, which some kernels lack, in a flavor of the struct, with a separate SEC(".struct_ops.link") map for each flavor. Let the loader create only the map that fits: bpf_map__set_autocreate().`,
} as const satisfies Record<Requirement['what'], (name: string) => string>;

/** One line of advice about a requirement that a kernel's BTF or configuration lacks. */
export function adviceOn({ what, name }: Requirement): string {
  return BY_REQUIREMENT[what](name);
}

/** How to check for a kernel function on kernels that refuse its address. */
const WITHOUT_KFUNC_ADDRESS =
  'Check a constant instead (const volatile), which the loader sets before the load if libbpf_find_vmlinux_btf_id() finds the function. Or write one program with the call and one without, keep them from loading by default (SEC("?...")), and switch on the one that fits the kernel.';

/**
 * One line of advice about a kfunc that some kernels lack, and others have but refuse its address.
 * @param kernels names of those that refuse it
 */
export function adviceOnRefusedAddress(name: string, kernels: readonly string[]): string {
  return `Declare ${name}() __weak: without it, the loader refuses the whole object. Do not use bpf_ksym_exists(${name}): these kernels have the function, but do not let programs take its address, which needs Linux 6.4: ${kernels.join(', ')}. ${WITHOUT_KFUNC_ADDRESS}`;
}

/** One line of advice about a call of a missing kfunc that the object already declares `__weak`. */
export function adviceOnWeakKfunc(name: string): string {
  return `Call ${name}() only behind bpf_ksym_exists(${name}): it is declared __weak, so the object loads without it, but the verifier must not reach the call.`;
}

/**
 * One line of advice about a kernel function or variable that kernels have with another type.
 * @param refusing kernels that have the function and refuse its address
 */
export function adviceOnDeclaration({ what, name }: Requirement, refusing: readonly string[]): string {
  if (what === 'symbol')
    return `Declare ${name} with the type that the kernel has, and define this type in the object (vmlinux.h does): libbpf compares the two. Or declare it as const void: libbpf then takes its address from kallsyms and compares nothing.`;
  if (refusing.length > 0)
    return `Declare ${name}() as the kernel has it. If kernels differ, write one program for each prototype, in an object of its own, and load the one that fits the kernel. Do not use bpf_ksym_exists(${name}): these kernels do not let programs take the address of the function: ${refusing.join(', ')}.`;
  return `Declare ${name}() as the kernel has it. If kernels differ, declare a flavor for each prototype (${name}___old), each __weak, and call the one whose bpf_ksym_exists() is true.`;
}

/** Advice on structs that the object only declares, although the kernel's function has them. */
export function adviceOnDeclaredTypes(types: readonly string[]): string {
  const uses = types.map((type) => `bpf_core_type_exists(${type})`).join(' and ');
  return `Include the definition (vmlinux.h has it) and use ${uses} in a program of this object: compilers leave out the members of a struct that programs only pass on.`;
}

/** Advice for reasons that are more specific than their class. The first match counts. */
const BY_REASON: readonly { class: FailureClass; reason: RegExp; advice: string }[] = [
  {
    class: 'core-other',
    reason: /^<anon>/,
    advice:
      'An anonymous struct has no name that CO-RE can find. Read the field through the named type that contains it: pass the address of that type, not of its anonymous member.',
  },
  {
    class: 'insn-unsupported',
    reason: /BPF_(?:ATOMIC|XADD|STX)/,
    advice:
      'An atomic operation that returns a result needs Linux 5.12. On older kernels, write __sync_fetch_and_add() as a statement and do not use its result.',
  },
  {
    class: 'insn-unsupported',
    reason: /callbacks|func_info/,
    advice:
      'The program passes a function to a helper as a callback, which needs Linux 5.13. A check around the call does not help, because libbpf adds the function to the program anyway. Keep such calls in programs that load only where enum bpf_func_id has the helper.',
  },
  {
    class: 'insn-unsupported',
    reason: /address of a kernel function/,
    advice: `Linux 6.4 is the first to allow it. A kernel that lacks the function loads the program, because libbpf then writes 0; this kernel has the function. ${WITHOUT_KFUNC_ADDRESS}`,
  },
  {
    class: 'complexity-limit',
    reason: /too complex|jumps/,
    advice:
      'The verifier follows every combination of branches. Move parts of the program into global functions, which it verifies once, or unroll fewer loops.',
  },
  {
    class: 'kfunc-not-allowed',
    reason: /GPL/,
    advice: 'Declare a license that is compatible with the GPL: char LICENSE[] SEC("license") = "Dual MIT/GPL";',
  },
  {
    class: 'kfunc-not-allowed',
    reason: /no program may call/,
    advice:
      'This is an ordinary function of the kernel, not one that it offers to programs. Call a helper or another kernel function that does the same, or let the process in user space do it.',
  },
  {
    class: 'kfunc-not-allowed',
    reason: /sleepable/,
    advice: 'This kernel function may sleep. Call it from a sleepable program: SEC("fentry.s/..."), SEC("lsm.s/..."), SEC("syscall").',
  },
  {
    class: 'ksym-missing',
    reason: /ambiguous/,
    advice:
      'Several functions or variables of this kernel have this name, so the loader refuses the object, even if the symbol is __weak. Let your own loader choose the address (/proc/kallsyms lists them all), and give it to the program in a constant (const volatile).',
  },
  {
    class: 'helper-not-allowed',
    reason: /GPL/,
    advice: 'Declare a license that is compatible with the GPL: char LICENSE[] SEC("license") = "Dual MIT/GPL";',
  },
  {
    class: 'helper-not-allowed',
    reason: /bpf_(?:copy_from_user|ima_(?:inode|file)_hash)/,
    advice:
      'This helper may sleep. Call it from a sleepable program: SEC("fentry.s/..."), SEC("lsm.s/..."), SEC("syscall"). Elsewhere, read user memory with bpf_probe_read_user(), which does not sleep.',
  },
  {
    class: 'helper-not-allowed',
    reason: /bpf_probe_read_str#/,
    advice:
      'Only tracing programs may call bpf_probe_read_str(), and only on some architectures. Call bpf_probe_read_kernel_str() for kernel memory, or bpf_probe_read_user_str() for user memory (both since Linux 5.5); programs of other types may call these, too, unless the kernel is locked down.',
  },
  {
    class: 'helper-not-allowed',
    reason: /bpf_probe_read#/,
    advice:
      'Only tracing programs may call bpf_probe_read(), and only on some architectures. Call bpf_probe_read_kernel() for kernel memory, or bpf_probe_read_user() for user memory (both since Linux 5.5); programs of other types may call these, too, unless the kernel is locked down.',
  },
  {
    class: 'helper-not-allowed',
    reason: /probe_read|probe_write/,
    advice:
      'Kernel lockdown (confidentiality mode) blocks reading kernel memory; otherwise this program type may not call the helper. Use another helper or program type.',
  },
  {
    class: 'map-create-failed',
    reason: /no links of struct_ops maps/,
    advice:
      'Linux before 6.4 creates only maps in SEC(".struct_ops"), without a link. Put the map there, or keep it from being created by default, SEC("?.struct_ops.link"), and create it where the kernel has struct bpf_struct_ops_link: bpf_map__set_autocreate().',
  },
  {
    class: 'map-create-failed',
    reason: /EINVAL/,
    advice:
      'The kernel knows the map type but refuses its attributes. Check the flags, the sizes of key and value, and max_entries (for a ring buffer: a power of two that is a multiple of the page size).',
  },
  {
    class: 'map-create-failed',
    reason: /E2BIG/,
    advice: 'The map is larger than the kernel allows. Lower max_entries or the size of the value.',
  },
  {
    class: 'resource-limit',
    reason: /RLIMIT_MEMLOCK|ulimit|EPERM/,
    advice:
      'Before Linux 5.11, BPF memory counts against RLIMIT_MEMLOCK. Raise the limit before loading: setrlimit() or ulimit -l unlimited.',
  },
  {
    class: 'permission',
    reason: /[Ll]ockdown/,
    advice: 'The kernel is locked down. BPF can read kernel memory with lockdown=integrity or without lockdown.',
  },
  {
    class: 'object-invalid',
    reason: /SHN_COMMON/,
    advice: 'Initialize the variable (`= 0`, `= {}`), or compile with clang 11 or newer without -fcommon.',
  },
  {
    class: 'object-invalid',
    reason: /BTF for extern '(?:__builtin_|bpf_type_tmp_)/,
    advice:
      'The compiler does not know all builtins of CO-RE, and took one for a function or variable. Compile with clang, or with GCC 14 or newer.',
  },
  {
    class: 'object-invalid',
    reason: /may refuse this damaged object/,
    advice: 'No compiler writes an object like this. Compile it again, and compare the file with the one that the compiler wrote.',
  },
  {
    class: 'object-invalid',
    reason: /unrecognized field \S* ?in BTF map definition/,
    advice:
      'This library does not read this member of a map definition. Remove it, and let the loader set what it means, or load with libbpf.',
  },
  {
    class: 'object-invalid',
    reason: /both (?:key and key_size|value and value_size) given/,
    advice: 'Give a map either the types of its keys and values, __type(), or their sizes, __uint(key_size) and __uint(value_size).',
  },
  {
    class: 'object-invalid',
    reason: /got '\.struct_ops' section|no attach target for programs of section struct_ops/,
    advice:
      'Put the struct_ops map into SEC(".struct_ops.link"), assign each program to a member of it, and use cilium/ebpf 0.22 or newer: older releases read no struct_ops map. libbpf also loads maps in SEC(".struct_ops").',
  },
  {
    class: 'object-invalid',
    reason: /can't read record size: EOF/,
    advice:
      'The object has no information about its functions or lines in .BTF.ext, as some releases of GCC write it. Compile with clang, or load with libbpf, which does not need it.',
  },
  {
    class: 'object-invalid',
    reason: /BTF: INT .* Unsupported encoding/,
    advice:
      'The compiler, such as GCC, describes a type as both signed and a character, which no kernel accepts. Compile with clang, or load with libbpf, which then loads the object without its BTF.',
  },
  {
    class: 'object-invalid',
    reason: /duplicate (?:symbol|Symbol|program name) |btf\.Vars$/,
    advice:
      'This library keeps functions and maps by their names, and several have one name, such as static ones of sources that bpftool gen object linked. Give each a name of its own.',
  },
  {
    class: 'object-invalid',
    reason: /BTF for extern|extern section/,
    advice:
      'Declare a function or variable of the kernel with __ksym, and a value of the kernel configuration with __kconfig. Link in (bpftool gen object) what another object defines.',
  },
  {
    class: 'object-invalid',
    reason: /is static and not supported/,
    advice: 'Remove `static` from the program. Only functions that programs call may be static, in the section .text.',
  },
  {
    class: 'object-invalid',
    reason: /map linkage/,
    advice: 'Remove `static` or `extern` from the definition of the map.',
  },
  {
    class: 'object-invalid',
    reason: /legacy map definitions/,
    advice: 'Define the map in SEC(".maps") with __uint() and __type(). libbpf 1.0 and newer do not read SEC("maps").',
  },
  {
    class: 'object-invalid',
    reason: /bad call relo/,
    advice: 'A program cannot call a function of a section other than .text. Remove SEC() from the function.',
  },
  {
    class: 'object-invalid',
    reason: /maps that libbpf needs for USDT/,
    advice: 'Write #include <bpf/usdt.bpf.h>: it defines the maps for the arguments of USDT programs.',
  },
  {
    class: 'object-invalid',
    reason: /missing BPF prog type/,
    advice:
      'This libbpf takes no program type from the section name; other loaders may. Name the type, programs: {NAME: {type: TYPE}} in the configuration (bpf_program__set_type() in a loader), or use a section name of libbpf.',
  },
  {
    class: 'object-invalid',
    reason: /no BTF-based attach target/,
    advice:
      'The loader sets the target of this program. Name it, programs: {NAME: {attach_to: TARGET}} in the configuration, or in the section name.',
  },
  {
    class: 'object-invalid',
    reason: /^libbpf skips struct_ops map /,
    advice:
      'Use a newer libbpf, or put the map into SEC(".struct_ops"), which all releases know. Under this libbpf, switch off the programs of the map: programs: {NAME: {autoload: false}}.',
  },
  {
    class: 'object-invalid',
    reason: /isn't referenced anywhere/,
    advice:
      'No struct_ops map of the object refers to this program. Assign it to a member of the map, or let the loader assign it before it loads the object. Or switch it off: programs: {NAME: {autoload: false}}.',
  },
  {
    class: 'object-invalid',
    reason: /freplace/,
    advice:
      'Test it with its own loader (command: in the configuration), which loads the target and calls bpf_program__set_attach_target(). Or switch it off: programs: {NAME: {autoload: false}}.',
  },
  {
    class: 'object-invalid',
    reason: /refuses the object's BTF: .*Invalid name$/,
    advice:
      'The kernel accepts only identifiers of C as names of types. Compilers of other languages write other names: let their BPF linker rewrite the BTF, or rename the type.',
  },
  {
    class: 'btf-missing',
    reason: /FUNC \S+ type_id=\d+ Invalid arg#|has an argument without a name/,
    advice:
      "No kernel accepts a function whose arguments have no names, as Rust's panics have them. Write the program so that nothing in it can panic.",
  },
  {
    class: 'object-invalid',
    reason: /refuses the object's BTF: .*(?:Unsupported|Invalid (?:kind|btf_info))/,
    advice:
      'The BTF uses a form that this kernel does not know. Use a newer libbpf, which rewrites newer forms for older kernels, or an older compiler. If every kernel refuses it, the section is damaged: compile the object again.',
  },
  {
    class: 'object-invalid',
    reason: /refuses the object's BTF/,
    advice:
      'A type in the BTF of the object contradicts itself or another type. Compile it again, and do not change the object by other tools than bpftool gen object and llvm-strip -g.',
  },
  {
    class: 'object-invalid',
    reason: /BTF is required|missing BTF$|no BTF parsed/,
    advice: 'The object needs BTF for its maps and for CO-RE. Compile it with clang -g; llvm-strip -g removes DWARF and keeps BTF.',
  },
  {
    class: 'program-type-unsupported',
    reason: /(?:programs can be|cannot be) sleepable|programs (?:of uprobes )?that may sleep/,
    advice:
      'This kernel knows the program type, but lets no program of this type sleep. If the program calls nothing that may sleep, remove ".s" from its section name. Otherwise keep it from loading by default (SEC("?...")), and switch it on where the kernel accepts it.',
  },
  {
    class: 'program-type-unsupported',
    reason: /attach type or flags|XDP programs for packets with fragments/,
    advice:
      'The kernel knows the program type but refuses its attach type or flags. Keep the program from loading by default (SEC("?...")) and switch it on where the kernel accepts it: the loader can try to load it, or a program can test enum bpf_attach_type with bpf_core_enum_value_exists().',
  },
  {
    class: 'attach-failed',
    reason: /^struct_ops map .*\(E2BIG\)/,
    advice:
      'The kernel refuses a number in this map as too large. For struct sched_ext_ops this is timeout_ms above 30000 (30 seconds) or dispatch_max_batch above 2147483647.',
  },
  {
    class: 'attach-failed',
    reason: /^struct_ops map .*\bEINVAL\b/,
    advice:
      'The kernel refuses the content of this map: a member that it needs is not set, or a value is not allowed. struct tcp_congestion_ops needs ssthresh, undo_cwnd, one of cong_avoid and cong_control, and a name of 1 to 15 letters, digits, "_" and ".".',
  },
  {
    class: 'attach-failed',
    reason: /built without attach type trace_kprobe_/,
    advice:
      'A program for many functions (SEC("kprobe.multi/...")) needs a kernel with CONFIG_FPROBE. On other kernels, attach a kprobe program to each function: keep both from loading by default (SEC("?...")), and switch on one of them.',
  },
  ...(['program-type-unsupported', 'attach-failed'] as const).map((failure) => ({
    class: failure,
    reason: /attach type \w+ is unknown to this kernel/,
    advice:
      'This kernel is older than the attach type. Keep the program from loading by default (SEC("?...")) and switch it on where enum bpf_attach_type has the type, or attach another program there.',
  })),
  {
    class: 'attach-failed',
    reason: /EADDRNOTAVAIL/,
    advice:
      'Several functions of this kernel have this name, and the kernel does not choose one for a kprobe. Attach to a function whose name occurs once, such as one that calls it, or to a tracepoint.',
  },
  {
    class: 'attach-failed',
    reason: /EILSEQ/,
    advice:
      'The offset is not the start of an instruction of this function. Each build of a kernel has other instructions, so an offset fits one build only. Attach to the start of a function, or to a tracepoint.',
  },
  {
    class: 'attach-failed',
    reason: /\bENOTSUPP\b/,
    advice:
      'This kernel cannot call programs of this type from this function: the function has more arguments than the kernel can pass on, or the kernel has no BPF trampolines for this machine. Attach a kprobe, and read the arguments from the registers.',
  },
  {
    class: 'attach-target-missing',
    reason: /__noreturn|^function \S+ never returns/,
    advice:
      'The function never returns, so a program at its end would never run. Attach to its start: SEC("fentry/...") or SEC("kprobe/...").',
  },
  {
    class: 'attach-target-missing',
    reason: /not modifiable/,
    advice:
      'fmod_ret may change only the result of security hooks (security_...) and of functions that are marked for error injection. A kernel without CONFIG_FUNCTION_ERROR_INJECTION has none of the latter; since Linux 7.1, such a kernel accepts system calls. fentry, fexit and kprobe accept other functions.',
  },
  {
    class: 'attach-target-missing',
    reason: /^function \S+ is denied/,
    advice:
      'The kernel itself calls this function when it runs a program, so no tracing program may attach to it. Attach to a function that calls it.',
  },
  {
    class: 'attach-target-missing',
    reason: /fmod_ret|rejected|not a function|not supported/,
    advice:
      'The function exists, but programs of this kind may not attach to it. fmod_ret needs a function that is marked for error injection; fentry, fexit and kprobe accept other functions.',
  },
  {
    class: 'attach-target-missing',
    reason: /disabled hook|^LSM hook \S+ is disabled/,
    advice: 'The kernel has this LSM hook, but lets no program attach to it. Choose another hook.',
  },
  {
    class: 'attach-target-missing',
    reason: /failed to open .*: -ENOENT/,
    advice:
      'The guest does not have this program or library, which says nothing about the kernel. Attach to a file that the guest has, or name another target (attach_to: in the configuration).',
  },
  {
    class: 'kconfig-missing',
    reason: /cannot be read/,
    advice:
      'libbpf reads /boot/config-$(uname -r) or /proc/config.gz, and this kernel provides neither. If the kernel is a file of your own, put its configuration beside it as config-RELEASE. Otherwise declare Kconfig values __weak, or set them with the kconfig option of bpf_object_open_opts.',
  },
  {
    class: 'attach-target-missing',
    reason: /^struct_ops type \w+___\w+ is /,
    advice:
      'libbpf before release 1.4 takes the flavor, which begins with "___", for a part of the name. Use a newer release, or name the struct as the kernel does.',
  },
  {
    class: 'attach-target-missing',
    reason: /member|struct_ops|init_kern/,
    advice:
      'Declare a member that some kernels lack in a flavor of the struct, with a separate SEC(".struct_ops.link") map for each flavor. Let the loader create only the map that fits: bpf_map__set_autocreate().',
  },
];

/** Advice on a function that is in BTF but to which no program can be attached. */
const ON_FUNCTION = {
  notrace:
    'Attach to a function near it that the kernel traces (available_filter_functions in tracefs lists them all), or to a tracepoint. Loaders ask for this before they load: autoload: if-supported in the configuration.',
  init: 'Functions marked __init run only while the kernel boots, and those marked __exit never run in code that is built in. Attach to a function that runs later.',
  'other-symbol':
    'The compiler changed the function, perhaps with its arguments, so it has another symbol. A kprobe can name that symbol on this kernel, but should not read arguments. Attach to a function that calls it or to a tracepoint on kernels like this.',
  'no-symbol':
    'The function has no symbol of its own to attach to. Attach to a function that calls it, or to a tracepoint, on kernels like this.',
} as const satisfies Record<FunctionFault, string>;

const ON_UNREAD_TARGET =
  'Write only the name of the function in the section, or let the loader name the target. libbpf reads MODULE:FUNCTION for programs that find their target in BTF (fentry, fexit, fmod_ret, tp_btf) since release 1.5.';

/** Returns one line of advice for a class and a reason. */
export function adviceByReason(failure: FailureClass, reason: string): string {
  if (isAboutUnreadTarget(reason)) return ON_UNREAD_TARGET;
  const fault = functionFaultOf(reason);
  if (fault !== null) return ON_FUNCTION[fault];
  const known = failure === 'verifier-rejected' ? adviceOnRejection(reason) : null;
  return known ?? BY_REASON.find((each) => each.class === failure && each.reason.test(reason))?.advice ?? FAILURES[failure].help;
}
