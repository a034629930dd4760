// Lists reasons why a kernel may lack a type, from its BTF and from the other kernels.

/** Short names of the nearest older and newer kernels that have the type. */
export interface Neighbours {
  before: string | null;
  after: string | null;
}

/** UAPI types that programs often access. Their layout never changes; the compiler and pahole decide which of them BTF contains. */
const UAPI_TYPES: ReadonlySet<string> = new Set([
  '__sk_buff',
  'xdp_md',
  'bpf_sock',
  'bpf_sock_addr',
  'bpf_sock_ops',
  'sk_msg_md',
  'ethhdr',
  'iphdr',
  'ipv6hdr',
  'tcphdr',
  'udphdr',
  'icmphdr',
  'icmp6hdr',
  'open_how',
  'sockaddr_in',
  'sockaddr_in6',
  'sockaddr_un',
  'io_uring_sqe',
]);

/**
 * Returns reasons why a kernel may lack a type, the most likely first.
 * @param others kinds of other types with this name in the kernel's BTF
 */
export function absenceReasons(type: string, others: readonly string[], { before, after }: Neighbours): string[] {
  const reasons = [];
  if (before !== null && after !== null)
    reasons.push(`${before} and ${after} have it, so this kernel is configured without it, or its BTF omits it`);
  if (others.includes('fwd')) reasons.push('this BTF only declares it: a module defines it, or this kernel is configured without it');
  if (before !== null && after === null) reasons.push(`it was removed or renamed: ${before} is the last of these kernels that has it`);
  if (before === null && after !== null) reasons.push(`it is newer than this kernel: ${after} is the first of these kernels that has it`);
  if (UAPI_TYPES.has(type))
    reasons.push('it is a UAPI type, which BTF may or may not contain: include its header, because it needs no relocation');
  reasons.push('it is in a module that is not loaded or has no BTF');
  if (before === null || after === null) reasons.push('this kernel is configured without it');
  return reasons.map((reason, at) => `${at === 0 ? 'most likely' : 'or'}: ${reason}`);
}
