// The catalogue of failure classes: one record each. Predictions, advice, SARIF rules, the HTML report and docs/failures.md follow from it.
import { documentationAddress } from './documentation.ts';
import type { Stage } from './vocabulary.ts';

/**
 * What decides that a failure is of its class: the object alone, the kernel's BTF or its configuration, which a prediction reads before
 * anything runs, or only a guest.
 */
export type Decider = 'object' | 'btf' | 'configuration' | 'guest';

/** What a failure is about. */
export type Concern = 'relocation' | 'kernel' | 'extern' | 'map' | 'program' | 'object' | 'rights' | 'infrastructure';

/** All facts and texts about a failure class. Each text is plain, in whole sentences. */
export interface FailureRecord {
  /** A few words that can stand alone. */
  title: string;
  concerns: Concern;
  /** The stages at which it occurs, each with what decides it there. None where the load ends without a stage. */
  stages: Readonly<Partial<Record<Stage, Decider>>>;
  meaning: string;
  /** What decides it, in order: messages of libbpf or the verifier, errors, facts of the kernel. Markdown. */
  evidence: readonly [string, ...string[]];
  /** What to do; also the advice for a failure for which no rule of advice fits. */
  help: string;
}

const CATALOGUE = {
  'core-field-missing': {
    title: 'Field missing',
    concerns: 'relocation',
    stages: { verify: 'btf' },
    meaning: 'The kernel has the type but not the field, and the program uses the field without a check that avoids it.',
    evidence: [
      'libbpf found candidates for the type and printed `no matching targets found` for the relocation, then `substituting insn #N w/ invalid insn`.',
      'The verifier reached that instruction: `invalid func unknown#195896080`, which libbpf 0.8 and newer print as `failed to resolve CO-RE relocation`.',
    ],
    help: 'Test bpf_core_field_exists() before the access. If the field was renamed or moved, read it in the other branch through a flavor of the type (struct name___old).',
  },
  'core-field-incompatible': {
    title: 'Field has another kind, size or sign',
    concerns: 'relocation',
    stages: { relocate: 'btf', verify: 'btf' },
    meaning: 'The kernel has a field of this name, but its kind, size or sign does not allow the access as it was compiled.',
    evidence: [
      'libbpf printed `insn #N (LDX/ST/STX) accesses field incorrectly`, or a `non-matching candidate` that has the field as another kind; the verifier then reached the instruction.',
      'cilium/ebpf printed `apply CO-RE relocations: … incompatible types`.',
    ],
    help: 'Read an integer with BPF_CORE_READ_BITFIELD_PROBED(), which takes its size and sign from the kernel. For another kind of field, declare it in a flavor of the type as this kernel has it, and read that where bpf_core_type_matches() is true.',
  },
  'core-type-missing': {
    title: 'Type missing',
    concerns: 'relocation',
    stages: { verify: 'btf' },
    meaning:
      'The kernel and the modules that are loaded have no type of this name, and the program uses it without a check that avoids it.',
    evidence: [
      'libbpf printed `no matching targets found` for the relocation and found no candidate at all for its type.',
      'The verifier reached the instruction that libbpf replaced: `invalid func unknown#195896080` or `failed to resolve CO-RE relocation`.',
    ],
    help: 'Test bpf_core_type_exists() before the access. If a module defines the type, load the module before the object (modules: in the configuration).',
  },
  'core-enum-missing': {
    title: 'Enumerator missing',
    concerns: 'relocation',
    stages: { verify: 'btf' },
    meaning: 'The kernel does not have this enumerator, or not its enum, and the program uses its value without a check that avoids it.',
    evidence: [
      'libbpf printed `no matching targets found` for a relocation of kind `enumval_value`.',
      'The verifier reached the instruction that libbpf replaced: `invalid func unknown#195896080` or `failed to resolve CO-RE relocation`.',
    ],
    help: 'Test bpf_core_enum_value_exists() before bpf_core_enum_value().',
  },
  'core-ambiguous': {
    title: 'Several types match and differ',
    concerns: 'relocation',
    stages: { relocate: 'btf' },
    meaning:
      'The kernel and its modules have several types of this name, and they give different values. The loader refuses the whole object.',
    evidence: [
      'libbpf printed `field offset ambiguity` or `relocation decision ambiguity` for the relocation.',
      'cilium/ebpf printed `multiple candidate target types found`, aya `ambiguous relocation`.',
    ],
    help: 'Use a separate flavor for the access, and ask first for a member that only the wanted type has (bpf_core_field_exists()). libbpf then keeps only the types that have it.',
  },
  'core-other': {
    title: 'Relocation failed for another reason',
    concerns: 'relocation',
    stages: { relocate: 'guest', verify: 'guest' },
    meaning:
      'A CO-RE relocation failed, and its messages do not show a missing or different type, field or enumerator. The value may not fit the instruction, or the loader may not know the kind of relocation.',
    evidence: [
      'libbpf printed `failed to relocate`, `failed to record relocation`, `failed to patch insn #N` or `failed to perform CO-RE relocations` without an ambiguity.',
      'The verifier reached an instruction without target, and the log does not show which relocation it belongs to.',
      'cilium/ebpf printed `bad CO-RE relocation` or `apply CO-RE relocations`, aya `error relocating`.',
    ],
    help: 'Read the lines of this relocation in the libbpf log. A newer libbpf knows more kinds of relocations; a value too large for its instruction needs a wider variable.',
  },
  'btf-missing': {
    title: 'Kernel without BTF',
    concerns: 'kernel',
    stages: { relocate: 'btf', verify: 'guest' },
    meaning: 'The object needs type information of the kernel, and the kernel has none that can be read.',
    evidence: [
      'libbpf printed `kernel BTF is missing at …`, `failed to find valid kernel BTF`, `Error loading vmlinux BTF`, `failed to parse target BTF` or `vmlinux BTF is not found`.',
      "libbpf printed `Error loading .BTF into kernel … BTF is mandatory, can't proceed`, and the kernel gave no reason: it does not know BTF.",
      'cilium/ebpf printed `no BTF found for kernel version` or `load BTF for kmod`.',
      'The verifier printed `kernel is missing BTF`, or that something is not supported without CONFIG_DEBUG_INFO_BTF.',
    ],
    help: 'The kernel needs CONFIG_DEBUG_INFO_BTF. Without it, btf_custom_path of bpf_object_open_opts (btf: in the configuration) takes BTF from elsewhere, such as BTFHub. That serves relocations, but not fentry, tp_btf, lsm, struct_ops or kfuncs.',
  },
  'helper-unknown': {
    title: 'Helper unknown to the kernel',
    concerns: 'program',
    stages: { verify: 'btf' },
    meaning: 'The program calls a BPF helper that this kernel does not have.',
    evidence: [
      'The verifier printed `invalid func NAME#N` with a number that is not one of the poison values of libbpf.',
      'A prediction finds no such enumerator in `enum bpf_func_id` of the kernel, and a call that the verifier reaches.',
    ],
    help: 'Call the helper only where bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_name) is true, and do without it elsewhere.',
  },
  'helper-not-allowed': {
    title: 'Helper not allowed here',
    concerns: 'program',
    stages: { verify: 'guest' },
    meaning: 'The kernel may have this helper, but programs of this type or license must not call it.',
    evidence: [
      'The verifier printed `program of this type cannot use helper NAME#N`; older kernels print `unknown func NAME#N`.',
      'The verifier printed `cannot call GPL-restricted function from non-GPL compatible program`, or `cannot call GPL only function from proprietary program`.',
    ],
    help: 'Each kernel decides for each program type which helpers it may call, and BTF does not show it. Load this program only where it passes: bpf_program__set_autoload() after libbpf_probe_bpf_helper().',
  },
  'kfunc-missing': {
    title: 'Kernel function missing',
    concerns: 'extern',
    stages: { relocate: 'btf', verify: 'guest' },
    meaning:
      'The program calls a kernel function (kfunc) that this kernel does not have or has with other arguments, or the kernel supports no calls of kernel functions.',
    evidence: [
      "libbpf printed `extern (func ksym) 'NAME': …` for a function that the object does not declare weak.",
      "The verifier reached a call that libbpf could not resolve: `kfunc 'NAME' is referenced but wasn't resolved` or `invalid func unknown#2002…`.",
      'The verifier printed that it supports no calls of kernel functions. BTF does not show this.',
    ],
    help: 'Declare the function __weak and call it only where bpf_ksym_exists() is true, which Linux before 6.4 refuses for a function that it has. If a module defines it, load the module before the object (modules: in the configuration).',
  },
  'kfunc-not-allowed': {
    title: 'Kernel function not allowed here',
    concerns: 'program',
    stages: { verify: 'guest' },
    meaning:
      'The kernel has this function, but it is no kernel function for programs (kfunc), or programs of this type, or programs that cannot sleep, must not call it.',
    evidence: [
      'The verifier printed `calling kernel function NAME is not allowed`.',
      'The verifier printed `program must be sleepable to call sleepable kfunc NAME`, or `cannot call kernel function from non-GPL compatible program`.',
      'A prediction finds, without certainty, a function of a subsystem that a program of another type calls.',
      'The BTF of the kernel marks its kfuncs (`bpf_kfunc`), and has the function without the mark. A prediction finds this.',
    ],
    help: 'Each kernel decides for each program type which kernel functions it may call, and BTF does not show it. bpf_ksym_exists() does not help, because the function exists. Look in the source of the kernel for the set of kfuncs that names the function, and for the program types for which register_btf_kfunc_id_set() registers this set.',
  },
  'ksym-missing': {
    title: 'Kernel symbol missing',
    concerns: 'extern',
    stages: { relocate: 'guest' },
    meaning:
      'The object refers to a kernel variable or symbol that this kernel does not have, or has with another type. The loader refuses the whole object.',
    evidence: [
      "libbpf printed `extern (var ksym) 'NAME': …`, `extern (ksym) 'NAME': …`, or `extern 'NAME' (strong): not resolved`.",
      "A prediction finds symbols that are declared with their type, because libbpf takes those from BTF. Symbols declared `void` come from the running kernel's /proc/kallsyms.",
    ],
    help: 'Declare the symbol __weak and use it only where its address is not null.',
  },
  'kconfig-missing': {
    title: 'Kernel configuration value missing',
    concerns: 'extern',
    stages: { relocate: 'configuration' },
    meaning:
      "The object declares a __kconfig variable, and the kernel's configuration does not set it, sets a value of another type, or cannot be read.",
    evidence: [
      "libbpf printed `extern (kcfg) 'NAME': …`, `extern 'CONFIG_NAME' (strong): not resolved` or `failed to open system Kconfig`.",
      "A prediction finds the same in the kernel's configuration file.",
    ],
    help: 'Declare the variable __weak, with the type that its value has. The loader can also set it: the kconfig option of bpf_object_open_opts (kconfig: in the configuration).',
  },
  'map-type-unsupported': {
    title: 'Map type unknown to the kernel',
    concerns: 'map',
    stages: { 'map-create': 'btf' },
    meaning: 'The kernel does not know the type of a map. libbpf creates every map of an object, even those that no program uses.',
    evidence: [
      "libbpf printed `map 'NAME': failed to create` with ENOTSUPP or EOPNOTSUPP.",
      'It failed with EINVAL or E2BIG, and `enum bpf_map_type` in the BTF of the kernel does not have the type. Where that enum cannot be read: the type is younger than Linux 5.10.',
    ],
    help: 'Do not create the map where the kernel lacks its type: bpf_map__set_autocreate() after libbpf_probe_bpf_map_type(), or put it into a separate object.',
  },
  'map-create-failed': {
    title: 'Map cannot be created',
    concerns: 'map',
    stages: { 'map-create': 'guest', verify: 'guest' },
    meaning:
      'The kernel knows the type of the map but did not create it as asked. It also means that a program uses a map that was not created.',
    evidence: [
      "libbpf printed `map 'NAME': failed to create`, `failed to create inner map`, `failed to set initial contents`, `failed to freeze as read-only`, `failed to auto-pin` or `couldn't reuse pinned map`, and the error belongs to no other class.",
      "The verifier reached an instruction that loads the map: `BPF map 'NAME' is referenced but wasn't created` or `invalid func unknown#2001…`.",
    ],
    help: 'Compare the flags, the sizes of key and value, and max_entries with what this kernel accepts for the map type. Let no program use a map that is not created.',
  },
  'program-type-unsupported': {
    title: 'Program type not supported',
    concerns: 'program',
    stages: { verify: 'btf' },
    meaning: 'The kernel does not know the program type, or refuses its attach type or flags before it verifies the program.',
    evidence: [
      '`bpf(BPF_PROG_LOAD)` failed with EINVAL, ENOTSUPP or EOPNOTSUPP, and the verifier printed nothing.',
      'The verifier printed that only programs of other types can be sleepable, or that this type cannot.',
      'A prediction finds no such enumerator in `enum bpf_prog_type` of the kernel. BTF does not show whether the kernel accepts the attach type and the flags.',
    ],
    help: 'Keep the program from loading by default (SEC("?...")) and switch it on where libbpf_probe_bpf_prog_type() finds its type, or put it into a separate object.',
  },
  'attach-target-missing': {
    title: 'Attach target missing',
    concerns: 'program',
    stages: { relocate: 'btf', verify: 'btf', attach: 'guest' },
    meaning:
      'The kernel does not have the function, tracepoint, hook or struct_ops type that the program attaches to, or does not let programs attach there.',
    evidence: [
      "libbpf printed `failed to find kernel BTF type ID of 'NAME'` or `NAME is not found in vmlinux BTF`.",
      'libbpf printed a `struct_ops init_kern` or `struct_ops init` line that says what it cannot find. Then the whole object fails, before relocation.',
      'The verifier refused the target: `attach_btf_id N is not a function`, `NAME() is not modifiable`, `The address of function NAME cannot be found`.',
      'Attaching the loaded program failed with ENOENT, ESRCH or ENODEV. BTF does not show this.',
      'The symbols in the image of the kernel (kallsyms) lack the function, although BTF has it: the compiler renamed it (`NAME.isra.0`) or inlined it everywhere. A prediction finds this for kernels in the cache.',
    ],
    help: 'Attach to a target that all your kernels have, or write one program for each target, keep them from loading by default, and switch on the one whose target exists.',
  },
  'attach-failed': {
    title: 'Attaching failed',
    concerns: 'program',
    stages: { attach: 'guest' },
    meaning: 'The program was loaded, but the kernel or the loader could not attach it, although its target was not reported missing.',
    evidence: [
      'Attaching failed with an error other than ENOENT, ESRCH, ENODEV, EPERM, EACCES and ENOMEM.',
      '`enum bpf_attach_type` in the BTF of the kernel does not have the attach type.',
      'Its BTF has no `struct bpf_kprobe_multi_link`: it is built without kprobes of many functions.',
      'The symbols in the image of the kernel (kallsyms) place the function in init memory, which the kernel frees after it booted. A prediction finds this for kernels in the cache.',
      '`btf_trace_NAME` in the BTF of the kernel has fewer arguments than a raw tracepoint program reads.',
    ],
    help: 'Read the message of the loader and the error. Check that this kernel knows the attach type, and that the target in attach_to fits the program type.',
  },
  'verifier-rejected': {
    title: 'Rejected by the verifier',
    concerns: 'program',
    stages: { verify: 'guest' },
    meaning: 'The verifier of this kernel cannot prove that the program is safe. Other kernels may accept the same program.',
    evidence: ['The verifier printed a message that corematrix knows as a rejection, and no other class describes the reason.'],
    help: 'Read the last lines of the verifier log: they show the instruction, its source line, and what the registers held. Compare them with the log of a kernel that accepts the program.',
  },
  'complexity-limit': {
    title: 'Too complex for the verifier',
    concerns: 'program',
    stages: { verify: 'guest' },
    meaning: 'The program, or the number of paths through it, is larger than this kernel verifies.',
    evidence: [
      'The verifier printed `BPF program is too large. Processed N insn`, `The sequence of N jumps is too complex`, or that the program has more instructions than are allowed.',
      '`bpf(BPF_PROG_LOAD)` failed with E2BIG, and the verifier printed nothing.',
    ],
    help: 'The verifier follows every round of a loop. Lower its bound, move its body into a global function or a bpf_loop() callback, which are verified once, or split the program by tail calls.',
  },
  'insn-unsupported': {
    title: 'Instruction unknown to the kernel',
    concerns: 'program',
    stages: { verify: 'guest' },
    meaning: 'The compiler produced an instruction that the verifier of this kernel does not know.',
    evidence: [
      'The verifier printed `unknown opcode`, `unknown insn`, `BPF_… uses reserved fields`, `BPF_ATOMIC uses invalid atomic opcode`, `unrecognized bpf_ld_imm64 insn` or a similar message.',
      "The verifier printed `number of funcs in func_info doesn't match number of subprogs`: the kernel does not know functions as callbacks.",
      "The verifier printed `pseudo btf_id … in ldimm64 isn't KIND_VAR.`: the kernel does not let programs take the address of a kernel function.",
    ],
    help: 'Compile for an older instruction set: clang -mcpu=v2 loads everywhere, -mcpu=v3 needs Linux 5.1, -mcpu=v4 needs 6.6.',
  },
  permission: {
    title: 'Not permitted',
    concerns: 'rights',
    stages: { relocate: 'guest', 'map-create': 'guest', verify: 'guest', attach: 'guest' },
    meaning: 'The kernel does not permit this process to load or attach: capabilities are missing, or the kernel is locked down.',
    evidence: [
      'A call failed with EPERM, and the cause is not RLIMIT_MEMLOCK. EACCES counts too, except where the verifier gave a reason.',
      "The verifier's message names CAP_BPF, CAP_PERFMON or CAP_SYS_ADMIN, or says that it is not allowed for !root.",
      'The kernel log has a line `Lockdown: …` while the verifier refused a helper.',
    ],
    help: 'Loading needs CAP_BPF, with CAP_PERFMON for tracing and CAP_NET_ADMIN for networking; before Linux 5.8 it needs CAP_SYS_ADMIN.',
  },
  'resource-limit': {
    title: 'Resource limit reached',
    concerns: 'rights',
    stages: { open: 'guest', relocate: 'guest', 'map-create': 'guest', verify: 'guest', attach: 'guest' },
    meaning: 'Memory, locked memory or file descriptors were not enough.',
    evidence: [
      'A call failed with ENOMEM; for maps also EMFILE and ENFILE, for programs ENOSPC.',
      "A call failed with EPERM, libbpf printed `permission error while running as root; try raising 'ulimit -l'`, and the kernel counts BPF memory against RLIMIT_MEMLOCK (before Linux 5.11).",
      'cilium/ebpf printed `MEMLOCK may be too low`.',
    ],
    help: 'Lower max_entries, or let the map allocate when it is filled (BPF_F_NO_PREALLOC). Before Linux 5.11 raise RLIMIT_MEMLOCK before loading.',
  },
  'object-invalid': {
    title: 'Object invalid',
    concerns: 'object',
    stages: { open: 'object', relocate: 'guest', verify: 'object', attach: 'guest' },
    meaning:
      'The loader or the kernel does not accept the object itself, or the configuration asks for something that this object does not have.',
    evidence: [
      '`bpf_object__open()` failed, or libbpf printed an `elf: …`, `sec …` or map definition error.',
      'libbpf printed `BTF is required, but is missing or corrupted.`, or the kernel gave a reason why it refuses the BTF of the object.',
      'libbpf printed `missing BPF prog type, check ELF section name`, `no BTF-based attach target is specified`, or that no map refers to a struct_ops program.',
      'The loader refused a setting of the configuration.',
      'cilium/ebpf or aya did not open the object, or refused a map before it asked the kernel.',
      'cilium/ebpf has no function that attaches programs of this section or type, or refused the attach target before it asked the kernel.',
      'libbpf printed `usdt: failed to find USDT support BPF maps`.',
      'libbpf printed `attach program FD is not set`: a freplace program needs its own loader, which names the program whose function it replaces.',
      'A prediction finds what the object alone decides: the other byte order, static programs and maps, SEC("maps"), variables and externs without a section, and section names that this libbpf does not know. It does not check all that libbpf checks.',
    ],
    help: 'Read the first warning of the loader. Compile with clang -g -target bpf, give each program a section name that the loader knows, and use a release of the loader that is as new as the features of the object.',
  },
  'run-failed': {
    title: 'Run check failed',
    concerns: 'program',
    stages: { run: 'guest' },
    meaning:
      'The program was loaded and attached, but its trigger failed, it did not run, or its output was not as the configuration expects (mode: run).',
    evidence: [
      'A trigger failed, or its command did not end with exit status 0 within its time.',
      'A check read another value than expected. Without checks: an attached program ran zero times.',
    ],
    help: 'Compare the expected and the seen value in the reason. Make sure that the trigger causes the event that the program attaches to.',
  },
  'test-failed': {
    title: 'Test failed',
    concerns: 'program',
    stages: { run: 'guest' },
    meaning: 'A test of an executable failed on this kernel (`corematrix exec`). The reason is the line that the test itself printed.',
    evidence: [
      'The output of `go test`, libtest, TAP, Catch2 or GoogleTest, or the file in JUnit XML that `--results` names, reports the test as failed.',
    ],
    help: 'Read the output of the test. Run the same command on a kernel on which the test passes, and compare both outputs.',
  },
  'executable-failed': {
    title: 'Executable failed',
    concerns: 'program',
    stages: { run: 'guest' },
    meaning:
      'An executable ended with another exit status than 0, or by a signal, and no test in its output explains that (`corematrix exec`).',
    evidence: ['The executable exited with a status other than 0, or a signal ended it.'],
    help: 'Read its output and the kernel messages of the cell. If it lacks a file, add it with --with; if it lacks an environment variable, with --env.',
  },
  'loader-environment': {
    title: 'Loader lacks something in the guest',
    concerns: 'infrastructure',
    stages: { verify: 'guest' },
    meaning:
      'The custom loader failed because the guest lacks a shared library, a terminal, a file or a hardware counter. This is not a verdict on the object.',
    evidence: [
      'The loader failed, and no message of libbpf, cilium/ebpf, aya or the verifier names a cause.',
      'The last error that it printed names a shared library that cannot be loaded, a terminal, a path that does not exist, or a hardware counter.',
    ],
    help: 'Name the missing files under files: of the command, link the loader statically, or give it options that need no terminal. A guest has no hardware counters.',
  },
  'kernel-crash': {
    title: 'Kernel crash',
    concerns: 'object',
    stages: {},
    meaning: 'Loading this object crashes the kernel.',
    evidence: [
      'Two fresh boots for this object alone both ended with a kernel panic, an oops, a BUG, a general protection fault or a sanitizer report.',
    ],
    help: 'Report it to the distribution or to the BPF maintainers: no object should be able to do this. corematrix rerun keeps the console and the QEMU command.',
  },
  'libbpf-crash': {
    title: 'libbpf crash',
    concerns: 'object',
    stages: {},
    meaning: 'Loading this object crashes libbpf.',
    evidence: ['In two fresh boots for this object alone, SIGSEGV, SIGABRT, SIGBUS, SIGFPE or SIGILL ended the loading process.'],
    help: 'Try another release of libbpf (loaders: in the configuration), and check the object with llvm-readelf and bpftool. If it is valid, report it to libbpf.',
  },
  'loader-crash': {
    title: 'Loader crash',
    concerns: 'object',
    stages: {},
    meaning: 'Loading this object crashes the library of its loader: cilium/ebpf or aya.',
    evidence: [
      'In two fresh boots for this object alone, SIGSEGV, SIGABRT, SIGBUS, SIGFPE or SIGILL ended the loader program. A panic in Go or Rust ends it with SIGABRT.',
      'A loader program that sends frames which the agent cannot read is ended with SIGABRT, too.',
    ],
    help: 'The reason has the message of a panic, and the console of the cell its stack. Try another release of the library (loaders: in the configuration), and check the object with llvm-readelf. If it is valid, report it to the library.',
  },
  'infra-boot': {
    title: 'Guest did not boot',
    concerns: 'infrastructure',
    stages: {},
    meaning: 'The kernel did not boot in QEMU, or its agent did not answer. The cells of this kernel have no verdict.',
    evidence: [
      'No answer of the agent within --boot-timeout, or QEMU ended before it. The reason quotes the line of the console that shows the cause.',
    ],
    help: 'Run corematrix doctor. On a slow machine give it longer with --boot-timeout. Your own kernel needs the options that the reason names.',
  },
  'infra-timeout': {
    title: 'Cell took too long',
    concerns: 'infrastructure',
    stages: {},
    meaning: 'The guest was alive but did not finish the cell in time. The cell has no verdict.',
    evidence: ['The guest sent heartbeats, and the time of --timeout was over.', 'The custom loader did not end within command.timeout.'],
    help: 'Give it longer with --timeout, or command.timeout for a custom loader, or run fewer guests at a time (--jobs). A custom loader must end once the object is loaded.',
  },
  'infra-crash': {
    title: 'Guest crashed',
    concerns: 'infrastructure',
    stages: {},
    meaning:
      'The guest, its kernel or the loading process ended or hung, and it is not proven that the object is the cause. The cell has no verdict.',
    evidence: [
      'The console shows a kernel panic, an oops, a BUG, a double fault or a general protection fault, but not in two fresh boots.',
      'The guest gave no sign of life, flooded its console, or QEMU ended.',
      'The loading process ended before it finished, but not by the same kind of crash in two fresh boots.',
    ],
    help: 'Look at the console of the cell. If it happens again, corematrix rerun boots the cell alone and keeps everything.',
  },
  'infra-splat': {
    title: 'Kernel reported a problem',
    concerns: 'infrastructure',
    stages: {},
    meaning: 'The kernel reported a serious problem while it ran the cell, so its answers cannot be trusted. The cell has no verdict.',
    evidence: [
      'The console shows a lockup, an RCU stall, an out-of-memory kill or a hung task.',
      'It shows a KASAN or UBSAN report, but not in two fresh boots.',
    ],
    help: 'An overloaded machine often causes this: run fewer guests at a time (--jobs). A KASAN or UBSAN report is a bug of the kernel.',
  },
  'infra-transport': {
    title: 'Machine or transport failed',
    concerns: 'infrastructure',
    stages: {},
    meaning: 'Something on this machine failed, or the data between it and the guest was damaged. The cell has no verdict.',
    evidence: [
      'A response of the guest was missing or damaged, QEMU refused a command, or a file or program could not be used. This is also the class of unexpected errors.',
      'A command of the configuration could not be started in the guest (exit status 126 or 127).',
    ],
    help: 'Read the reason, and run corematrix doctor. Common causes are a full disk, too little memory, and a command that lacks a file in the guest.',
  },
  'infra-kernel-unavailable': {
    title: 'Kernel unavailable',
    concerns: 'infrastructure',
    stages: {},
    meaning: 'The kernel or a module of it could not be provided. Its cells have no verdict.',
    evidence: [
      'The download failed, or the package, the image or the modules could not be used.',
      'A module from modules: does not exist for this kernel, or the kernel did not load it.',
    ],
    help: 'Check the network and the mirror. An entry with optional: true makes a missing kernel no error.',
  },
  unknown: {
    title: 'Unknown failure',
    concerns: 'object',
    stages: { open: 'guest', relocate: 'guest', verify: 'guest' },
    meaning: 'The load failed, and no rule recognizes the messages.',
    evidence: [
      'No other class fits. The reason is the last warning of the loader with the error, or how the custom loader ended.',
      'The verifier refused the program with a message that no rule knows. The reason is that message.',
    ],
    help: 'Read the logs of the cell. If a message there shows the cause, report it so that corematrix can learn it.',
  },
} satisfies Record<string, FailureRecord>;

/** A stable string that expectations, fingerprints and CI formats rely on. */
export type FailureClass = keyof typeof CATALOGUE;

export const FAILURES: Readonly<Record<FailureClass, FailureRecord>> = CATALOGUE;

/** All classes, in the order of the catalogue. */
export const FAILURE_CLASSES: readonly FailureClass[] = Object.keys(CATALOGUE).filter((name): name is FailureClass =>
  Object.hasOwn(CATALOGUE, name),
);

/** Whether the failure is one of a CO-RE relocation. Its reason then begins with the access and a colon. */
export function isRelocationFailure(failure: FailureClass): boolean {
  return FAILURES[failure].concerns === 'relocation';
}

/** What decides a failure of this class at this stage; a guest where the catalogue does not know the stage. */
export function deciderOf(failure: FailureClass, stage: Stage | null): Decider {
  return (stage && FAILURES[failure].stages[stage]) ?? 'guest';
}

/** Where docs/failures.md explains the class on the web; null if the package names no repository. */
export function failureAddress(failure: FailureClass): string | null {
  return documentationAddress('docs/failures.md', failure);
}
