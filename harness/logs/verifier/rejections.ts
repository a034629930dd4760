// Messages with which the verifier says that a program is not safe, not complete or not allowed, by kind.
// A pattern holds the words of one kind of failure, in the wordings of Linux 5.10 to 7.3.

/** Where a message names a register (`R1`), an argument (`arg#0`) or, since 7.x, a stack argument. */
const PLACE = String.raw`(?:R\d{1,2}|arg ?#?\d{1,2}|\*\(R11[^)]{0,20}\)|stack arg\S*)`;

/** The start of a line with a place, then words. */
const at = (words: string): RegExp => new RegExp(`^${PLACE},? ${words}`);

export interface RejectionKind {
  patterns: readonly RegExp[];
  /** Why no recorded log of a guest shows this kind; absent if one does. */
  unseen?: string;
}

/**
 * The kinds of rejections. A message belongs to the first kind that has a pattern for it.
 * @see the calls of verbose() and bpf_log() in kernel/bpf/verifier.c and kernel/bpf/btf.c; a test reads the messages of real kernels
 */
export const REJECTIONS = {
  /** A program, function or value that needs a license which is compatible with the GPL. */
  license: { patterns: [/must have a GPL compatible license$/, /^Cannot access kernel 'struct \S+' from non-GPL compatible program$/] },
  /** The verifier itself fails. */
  'kernel-bug': {
    patterns: [
      /^(?:verifier bug|verifier internal error|BUG\b|bug: )/i,
      /^(?:kernel subsystem|bpf verifier|map type \d+ is|bpf verifier narrow ctx \w+) (?:is )?misconfigured/,
      /^(?:pop stack|insn state|visit_insn) internal bug$/,
      /^REG INVARIANTS VIOLATION/,
      /^mark_reg_\w+\(regs, \d+\)$/,
      /has non-overwritten BPF_PTR_POISON/,
      /^(?:adding tail call poke descriptor|tracking tail call prog) failed$|^tail_call abusing map_ptr$/,
      /^Please fix kernel include\/linux\/bpf_types\.h$/,
      /^(?:failed to (?:push state|mark s32 range)|Failed to (?:acquire lock state|properly initialize insn array)|failed to retrieve map value address|allocated_stack too small)/,
      /^(?:unknown|invalid) return type \d+ of func /,
      /^invalid kernel function call not eliminated in verifier pass$/,
      /^kernel function \S+ unhandled dynamic return type$/,
      /^kfunc \S+ has inconsistent KF_IMPLICIT_ARGS$/,
      /^acquire kernel function does not return PTR_TO_BTF_ID$/,
      /^unexpected __bpf_trap\(\) due to uninitialized variable/,
      /^in-kernel BTF is malformed$/,
      /^invalid map_ptr to access map->/,
      /: too many iterations$/,
    ],
  },
  /** The kernel lacks type information of its own. */
  'kernel-btf': {
    unseen: 'The build option decides it, and every kernel of the mirror is built with CONFIG_DEBUG_INFO_BTF.',
    patterns: [
      /^(?:kernel is missing BTF, |btf_vmlinux is malformed$)/,
      /^map_ptr access not supported without CONFIG_DEBUG_INFO_BTF$/,
      /^failed to find BTF for kernel function$/,
    ],
  },
  /** The kernel runs the program without its JIT compiler, or the JIT compiler lacks a feature. */
  jit: {
    patterns: [
      /^JIT (?:does not|doesn't) support /,
      /^JIT is required to use arena$/,
      /^mixing of tail_calls and bpf-to-bpf calls is not supported$/,
      /in non-JITed programs/,
      /^program requires BPF JIT compiler/,
      /^Private stack not supported by jit$/,
    ],
  },

  /** A pointer that may be null is used like one that is not. */
  'maybe-null': { patterns: [/null-check it first$/, /^Possibly NULL pointer passed to /, at('is expected to be non-NULL$')] },
  bounds: {
    patterns: [
      /^invalid access to (?:map value|map key|packet|memory|mem|key|flow keys)\b/,
      at(
        '(?:min value is|max value is|unbounded (?:memory access|size)|offset is outside of|is outside|invalid zero-sized|memory size \\d+ is too large)',
      ),
      at('(?:memory, len pair leads to invalid memory access$|arg#\\d+ memory, len pair)'),
      at(
        'invalid (?:\\S+ buffer access: off|variable buffer offset: off|negative \\S+ buffer offset: off|\\S+ access off|variable offset to flow keys: off)',
      ),
      /^.*unbounded memory access/,
      /outside of the allowed memory range/,
      /^invalid zero-sized read$/,
      /^the (?:sum of R\d+|minimal bound|maximal bound) /,
      /^value -?\d+ makes \S+ pointer be out of bounds$/,
      /^math between \S+ pointer and /,
      /^\S+ pointer offset -?\d+ is not allowed$/,
      /^direct value offset of \d+ is not allowed$/,
      at('points to outside of jump table'),
      /^Invalid read of \d+ bytes from insn_array$/,
      /^misaligned /,
    ],
  },
  'stack-size': {
    patterns: [
      /^combined stack size of \d+ calls is \d+/,
      /^stack size of subprog \d+ is \d+\. Too large/,
      /^stack size \d+\(extra \d+\) is too large/,
      /^stack depth \d+ exceeds interpreter stack depth limit/,
      /^tail_calls are not allowed when call stack of previous frames is /,
    ],
  },
  'stack-access': {
    patterns: [
      /^invalid.* stack\b/,
      /^invalid size of register (?:fill|spill)$/,
      /^(?:reading from stack .*slot poisoned|leaking pointer from stack off|uninit stack in range|spilled ptr in range|frame pointer is read only$)/,
      /^(?:attempt to corrupt spilled pointer on stack|corrupted spill memory)/,
      /^cannot (?:return stack pointer to the caller|spill pointers to stack into stack frame of the caller)$/,
      /^variable offset stack pointer cannot be passed into helper function/,
      /^R\d{1,2}.* variable (?:offset )?stack access /,
      at('variable offset stack access'),
      /^(?:callee expects \d+ args, stack arg|stack arg write offset|r11 load must be before)/,
      /^func#\d+ writes \d+ stack arg slots/,
    ],
  },
  'pointer-arithmetic': {
    patterns: [
      at(
        '(?:pointer (?:arithmetic|\\S+ pointer)|32-bit pointer arithmetic|bitwise operator|stack pointer arithmetic|subtraction from stack pointer|tried to |has pointer with unsupported alu|has unknown scalar with mixed signed bounds|could not be pushed for speculative)',
      ),
      at('(?:partial copy of pointer|sign-extension part of pointer|pointer comparison prohibited)'),
      /^(?:dereference of modified|negative offset) \S+ ptr /,
    ],
  },
  arithmetic: { patterns: [/^(?:invalid shift -?\d+|div by zero)$/] },
  /** A read or write of a structure of the kernel that is not allowed. */
  'kernel-memory': {
    patterns: [
      /^access beyond (?:the end of member|struct) /,
      /^(?:cannot access ptr member|field \S+ doesn't have size|struct \S+ doesn't have field at offset|Type '\S*' is not a struct$|max struct nesting depth exceeded|type '\S*' has multiple type tags$)/,
      /^(?:only read (?:from \S+ )?is supported|Writes through BTF pointers are not allowed|only access to \S+ is supported|direct access to \S+ is disallowed)$/,
      /^(?:no write support to|write access at off) /,
      at('is ptr_\\S+ (?:invalid|access)'),
      at('is \\S+ invalid negative access'),
      at('cannot write into '),
      /^\S+ cannot be accessed (?:directly by load\/store|indirectly by helper)$/,
      at('is a pointer to in-kernel struct with non-zero offset$'),
    ],
  },
  /** A use of the context that this program type does not allow. */
  context: {
    patterns: [
      /^invalid access to context, /,
      /^invalid bpf_context access off=-?\d+\. Reference may already be released$/,
      /^variable \S+ access var_off=/,
      /^at the time of BPF_LD_ABS\|IND R6 != pointer to skb$/,
      /^BPF_LD_\[ABS\|IND\] instructions not allowed for this program type$/,
      /^(?:cannot write into packet|the prog does not allow writes to packet data|helper access to the packet is not allowed)$/,
      at('is a packet pointer, but func#\\d+ may change packet data$'),
      /^(?:invalid btf_id for context argument offset|bpf_context)/,
      /^(?:BPF_ATOMIC|BPF_XADD|BPF_ST|BPF_STX) (?:stores into|loads from) /,
    ],
  },
  'unreleased-reference': {
    patterns: [
      /^(?:Unreleased reference|Leaking reference) /,
      /would lead to reference leak$/,
      /reference has not been acquired before$/,
      /^BPF_LD_\[ABS\|IND\] cannot be mixed with socket references$/,
      /^release (?:kernel function|kfunc|helper) \S+ expects /,
      /^program with __ref argument cannot tail call$/,
    ],
  },
  lock: {
    patterns: [
      /\b(?:spin_|res_spin_|bpf_)?(?:lock|unlock)(?:\{|\}|,|_|-)?\S* (?:is missing|of different lock|without taking a lock|cannot be out of order|in rbtree cb)/,
      /^\S+_unlock (?:cannot be out of order|of different lock|without taking a lock)$/,
      /(?:cannot be used|called|is sleepable|sleepable)?.*(?:inside|within) (?:bpf_\w+-ed|rcu_read_lock|non-preemptible) ?region$/,
      /^(?:function|global function) calls are not allowed (?:while holding a lock|with preemption disabled)/,
      /^(?:Locking two bpf_spin_locks are not allowed|Acquiring the same lock again|held lock and object are not in the same allocation)/,
      /^(?:unmatched (?:rcu read unlock|attempt to enable preemption)|nested rcu read lock|Calling bpf_rcu_read_\{lock,unlock\} in)/,
      /^(?:\d+ bpf_preempt_enable|bpf_rcu_read_unlock|bpf_\S+unlock)\S* (?:is )?missing$/,
      /^can't (?:res_)?spin_\{lock,unlock\} in rbtree cb$/,
      /^(?:bpf_)?\S*lock at off=\d+ must be held for /,
      /^(?:expected an RCU CS when using|kernel func \S+ requires RCU critical section protection$)/,
      /^cannot restore irq state out of order|^irq flag acquired by |^(?:expected an initialized|expected uninitialized) irq flag/,
    ],
  },
  /** Something that may sleep, in a program or place that may not. */
  sleep: {
    patterns: [
      /^helper call might sleep in a non-sleepable prog$/,
      /^kernel function \S+ is sleepable but the program is not$/,
      /^(?:sleepable (?:global function|helper|kfunc)|kernel func) \S+ (?:is sleepable within|called in|in) /,
      /^\S+ is not sleepable$/,
      /^Sleepable program cannot attach to non-faultable tracepoint /,
      /^Sleepable programs can only use /,
      /^sleepable progs cannot use /,
      /^css_task_iter is only allowed in /,
    ],
  },
  'return-value': {
    patterns: [
      /\bthe register \S+ (?:has|is not a (?:known|scalar) value)/,
      /^At (?:program exit|\S+) the register R?\d* ?/,
      /^R0 not a scalar value$/,
      /^\s*should have been in /,
      /^(?:Note, )?BPF_LSM_CGROUP that attach to void LSM hooks can't modify return value!$/,
      /^exception cb cannot return void$/,
    ],
  },
  /** A function that a helper or kernel function calls back, or a handler of exceptions. */
  callback: {
    patterns: [
      /^callback function (?:cannot be the main program|not allowed for map|not static)$/,
      /^(?:cannot tail call within|cannot use BPF_LD_\[ABS\|IND\] within) /,
      /^(?:multiple )?exception c(?:allback|b) /,
      /^insn \d+ cannot call exception cb directly$/,
      /^invalid exception callback insn_off in func_info/,
      /^bpf_throw kfunc \(insn \d+\) cannot be called from callback subprog/,
      /programs cannot attach to exception callback$/,
      /^kfunc \S+ failed callback verification$/,
      /not allowed in rbtree cb$/,
    ],
  },
  /** A map that this program, kernel function or access cannot use. */
  'map-use': {
    patterns: [
      /^cannot pass map_type \d+ into func /,
      /^(?:write into|read from) map forbidden/,
      /^map '[^']*' (?:has|doesn't have|is not a struct type)/,
      /^(?:kptr|off=-?\d+ (?:kptr|doesn't point to kptr)|off -?\d+ doesn't point to|store to (?:referenced kptr|uptr) disallowed|BPF_ST imm must be 0 when storing to kptr|invalid kptr access)/,
      /^\S+ (?:access cannot have variable offset|access misaligned expected=|access size must be BPF_DW)/,
      /^(?:tracing|socket filter) progs cannot use bpf_/,
      /^(?:perf_event programs can only use preallocated hash map|trace type programs with run-time allocated hash maps are unsafe)/,
      /^same insn cannot be used with (?:different pointers|and without arena pointer)$/,
      /^fd -?\d+ is not pointing to valid bpf_map/,
      /^(?:direct value access on string failed|no direct value access support for this map type|map_ptr access not supported for map type \d+|bpf_struct_ops map cannot be used in prog|cannot update sockmap in this context|invalid arg_type for sockmap\/sockhash|get_local_storage\(\) doesn't support non-zero flags|only one cgroup storage of each type is allowed|Only one arena per program|offload device mismatch between prog and map|expected prog array map for tail call|string is not zero-terminated|Invalid format string)$/,
      /pointer in \S+ (?:map_uid=\d+ doesn't match|isn't map pointer)/,
      /^.*map_uid=\d+ doesn't match map pointer/,
      /^doesn't match map pointer in /,
      /^(?:fd_array|fd_array_cnt|fd_idx) /,
      /^register R\d+ doesn't point to any offset in map id=/,
      at('has (?:no valid kptr|type \\S+, expected PTR_TO_INSN)'),
      at("doesn't have constant offset\\. \\S+ has to be at the constant offset$"),
      /^arena's user address must be set via map_extra or mmap\(\)$/,
      /^addr_space_cast insn can only /,
      at('is not a pointer to arena or scalar'),
      /^(?:sign extending loads from arena are not supported yet|arena argument of )/,
      at('arena pointer '),
      /^\S+ '[^']*' has no valid \S+$/,
      /^write to change key /,
    ],
  },
  /** An attribute with which a map is to be created. */
  'map-attribute': {
    patterns: [
      /^Invalid (?:attr|btf_fd|btf_value_type_id|excl_prog_hash_size|map_extra|map_name|map_token_fd|map_type|numa_node)\.$/,
      /^btf_vmlinux_value_type_id (?:can only be used with struct_ops maps|is mutually exclusive)/,
    ],
  },
  /** A helper in a place or with arguments that it does not take. */
  'helper-use': {
    patterns: [
      /^func \S+#\d+ (?:not supported for program type|supported only for) /,
      /^(?:helper call is not allowed in probe|Helper has invalid btf(?:_id|\/btf_id) in R\d+|cannot get callchain buffer for func )/,
      /^Unsupported reg type \S+ for bpf_dynptr_from_mem data$/,
      at(
        '(?:is (?:not a const|not a constant address|not a known constant|not a scalar|not a pointer|invalid|of type \\S+ but)|does not point to a readonly map|must be a known constant|must be a rcu pointer|must have zero offset|must point to kernel BTF|rdonly\\/rdwr_buf_size exceeds)',
      ),
      at("(?:doesn't point to a|is a known constant|points to \\S+ map which cannot be used as const string)"),
      at('allocation size exceeds u32 max$'),
      /^2 or more rdonly\/rdwr_buf_size parameters for kfunc/,
    ],
  },
  /** An argument of a kernel function, a dynptr, an iterator, or a member of a list or tree. */
  'kfunc-argument': {
    patterns: [
      /^(?:Dynptr has to be|Expected an initialized dynptr|Expected a dynptr of type|cannot (?:overwrite referenced|pass in dynptr|pass in|pass pointer to const bpf_dynptr|release unowned const bpf_dynptr)|CONST_PTR_TO_DYNPTR cannot be released|potential write to dynptr)/,
      /^expected (?:an initialized|uninitialized|valid) iter/,
      /^kernel function \S+ (?:args#\d+|\S+ expected pointer|returns pointer type|btf_id \d+ does not have)/,
      /^kernel function btf_id \d+ does not have a valid func_proto$/,
      /^(?:kernel|pseudo) btf_id -?\d+ (?:is not a function|in ldimm64 isn't)/,
      /^(?:allocated object must be referenced|local type ID argument must be in range|bpf_obj_new\/bpf_percpu_obj_new |bpf_percpu_obj_new type |Unknown type ID -?\d+ passed to kfunc|kfunc bpf_rdonly_cast type ID)/,
      /^(?:operation on \S+ expects arg#1|arg#1 offset=|rbtree_remove |\S+ not found at offset=|kfunc \S+ conversion of owning ref)/,
      at(
        '(?:expected (?:for|pointer)|expects pointer|pointer type|is (?:neither|\\S+ expected)|can only take|cannot be|has to be at a constant offset|prog->aux cannot)',
      ),
      /^arg#0 (?:BTF type must be|expected|must have constant offset|no referenced kptr)/,
      /^\S+ has to be at a constant offset$/,
      /^(?:too many different (?:module BTFs)|BTF fd for kfunc is not a module BTF|invalid module BTF |kfunc (?:offset > 0 without fd_array|fd_idx \d+)|negative offset disallowed for kernel module function call|cannot find address for kernel function|address of kernel func)/,
      /^(?:metadata kfuncs |BTF of func_id \d+ doesn't point|invalid kernel function btf_id|function name \S+ is too long)/,
      /^expected \S+ or socket$/,
      /^\S+ may write into memory pointed by /,
      at("doesn't point to map value or allocated object$"),
      /^Unrecognized \S+ type /,
      /^arg \d+ is an unacquired reference$/,
      at('must be referenced'),
      /^reg type unsupported for arg#\d+ /,
    ],
  },
  /** A function of the program whose signature or call does not fit. */
  'function-signature': {
    patterns: [
      /^(?:Caller passes invalid args into func#|Global functions? |global function \S+ has )/,
      /^(?:Arg#\d+ type \S+ in \S+ is not supported yet|Function \S+ has \d+ > \d+ args|Invalid (?:BTF|type) of (?:func|function) )/,
      /^arg\d+ (?:in \S+ (?:has|is)|\S+\(struct )/,
      at(
        "(?:has (?:invalid combination of|unsupported set of|pointer tag)|should be|struct doesn't have a name|type (?:doesn't have a name|is not a struct|isn't a pointer|tag)|reference type\\(|has type \\S+ '|arena cannot be combined|untrusted cannot be combined)",
      ),
      /^(?:The function \S+ (?:arg\d+ type|has \d+ arguments|has malformed|return type|with variable args)|kernel supports at most \d+ parameters)/,
      /^(?:unable to resolve the size of type|type '\S*' has)/,
      /^(?:kern ctx type id \d+ is not a struct|function signature member has multiple type tags)$/,
      /^\S+ is not a global function$/,
      /^\S+ has \d+ args while \S+ has \d+ args$/,
      /^Return type \S+ of \S+ doesn't match type /,
      /^freplace programs with >\d+ args not supported yet$/,
    ],
  },
  /** An argument of the function, tracepoint or hook to which the program attaches. */
  'hook-argument': {
    patterns: [
      /^func '[^']*' (?:doesn't have \d+-th argument|offset \d+ is not multiple of 8|size \d+ must be 8|arg\d+ (?:'[^']*' has type|type ))/,
    ],
  },
  'control-flow': {
    patterns: [
      /^(?:jump out of range|unreachable insn|jump into the middle|indirect jump out of range|jump table for insn|no jump tables found)/,
      /^(?:last insn is not an exit or jmp|call to invalid destination|invalid insn idx|recursive call from )/,
      /^invalid may_goto /,
      /^tail_calls are not allowed in programs with stack args$/,
      /^(?:LD_ABS|tail_call) is (?:not allowed in subprogs without BTF|only allowed in functions that return 'int'\.)$/,
      /^tail_call is only allowed/,
    ],
  },
  'call-depth': { patterns: [/^the call stack of \d+ frames is too deep/] },
  /** BTF of the program that does not fit its instructions. */
  'program-info': {
    patterns: [
      /^(?:func_info BTF section doesn't match|nonzero |missing (?:bpf_line_info|btf func_info)|invalid func info rec size|invalid type id \d+ in func info|same or smaller insn offset|Invalid (?:core_relo|line_info|insn code at line_info)|invalid btf id for main subprog)/,
      /^(?:BTF of func#\d+ doesn't point to KIND_FUNC|relo #\d+: bad type id|Subprog \S+ doesn't exist|cannot find function \S+ in BTF)/,
      /^ldimm64 (?:insn specifies invalid btf_id|unable to resolve the size|failed to find the address)/,
      /^(?:reserved field \(insn\[1\]\.imm\) is used|invalid bpf_ld_imm64 insn$)/,
      /^prog '[^']*': relo (?:#\d+|\d+|for \[).*(?:doesn't support|failed|error|ambiguity|unexpected|incorrectly|invalid new mem|value too big|unrecognized|can't be)/,
      /^(?:target candidate search failed|unexpected kind \S+ relocated)/,
    ],
  },
  /** The signature of a signed program. */
  signature: {
    patterns: [
      /^(?:signed (?:program|payload) |signature verification failed|cannot resolve signing keyring|failed to read signed metadata map|program's hash doesn't match)/,
    ],
  },
} as const satisfies Readonly<Record<string, RejectionKind>>;

/** The kind of a rejection that has no cause of its own. */
export type Rejection = keyof typeof REJECTIONS;

export const REJECTION_KINDS: readonly Rejection[] = Object.keys(REJECTIONS).filter((name): name is Rejection =>
  Object.hasOwn(REJECTIONS, name),
);

/** The kind of a message, or null if it has the words of none. */
export function rejectionOf(message: string): Rejection | null {
  return REJECTION_KINDS.find((kind) => REJECTIONS[kind].patterns.some((pattern: RegExp) => pattern.test(message))) ?? null;
}
