// Messages of the kernel's own log (/dev/kmsg) that say why it refused a program or an attachment, by what they are about.

export type KernelFailure =
  /** A locked-down kernel forbids a helper, or a way to attach. */
  | { type: 'lockdown'; text: string; forbids: 'helper' | 'attach' }
  /** The JIT compiler cannot translate an instruction that the verifier accepts. */
  | { type: 'jit'; text: string }
  /** The subsystem of a struct_ops type refuses a map. */
  | { type: 'struct-ops'; text: string };

interface Rule {
  pattern: RegExp;
  read: (text: string) => KernelFailure;
}

/**
 * @see lockdown_reasons in security/security.c, the JIT compilers in arch/, tcp_register_congestion_control() in net/ipv4/tcp_cong.c,
 * scx_enable() in kernel/sched/ext.c
 */
export const KERNEL_RULES = [
  {
    pattern: /Lockdown: .*: use of bpf to (?:read kernel|write user) RAM is restricted/,
    read: (text) => ({ type: 'lockdown', text, forbids: 'helper' }),
  },
  {
    pattern: /Lockdown: .*: (?:use of kprobes|use of tracefs|unsafe use of perf) is restricted/,
    read: (text) => ({ type: 'lockdown', text, forbids: 'attach' }),
  },
  {
    pattern:
      /bpf_jit: (?:unknown (?:atomic )?(?:load\/store )?opcode [0-9a-f]+|fatal (?:error|insn size error)|1- and 2-byte RMW atomics are not supported)/,
    read: (text) => ({ type: 'jit', text }),
  },
  {
    pattern: /TCP: \S+ (?:already registered or non-unique key|does not implement required ops)/,
    read: (text) => ({ type: 'struct-ops', text }),
  },
  {
    pattern: /sched_ext: (?:Not compatible with "isolcpus=" domain isolation|cid-form scheduler .*|ops error detected without ops .*)/,
    read: (text) => ({ type: 'struct-ops', text }),
  },
] as const satisfies readonly Rule[];

/** A longer log is the work of something that floods it. */
const MAX_LOG = 256 * 1024;
const MAX_TEXT = 200;

function failureIn(line: string): KernelFailure | null {
  for (const { pattern, read } of KERNEL_RULES) {
    const match = pattern.exec(line);
    if (match) return read(line.slice(match.index).trimEnd().slice(0, MAX_TEXT));
  }
  return null;
}

/**
 * The last failure in a kernel log that a test accepts; null without one. Its text has no time and level. Accepts any log.
 */
export function lastKernelFailure(log: string, isWanted: (failure: KernelFailure) => boolean): KernelFailure | null {
  const lines = log.slice(-MAX_LOG).split('\n');
  for (const line of lines.toReversed()) {
    const failure = failureIn(line);
    if (failure && isWanted(failure)) return failure;
  }
  return null;
}
