// Why a kernel may not have a type at all, as far as the other kernels and its own BTF tell.

/** Short names of the nearest kernels before and after that have it. */
export interface Neighbours {
  before: string | null;
  after: string | null;
}

/** Types of the UAPI that programs ask for: their layout never changes, and which of them BTF has is up to compiler and pahole. */
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

/** Why a type may not be there, the likeliest reason first. */
export function absenceReasons(type: string, others: readonly string[], { before, after }: Neighbours): string[] {
  const reasons = [];
  if (before !== null && after !== null)
    reasons.push(`${before} and ${after} have it: this kernel is configured without it, or its BTF leaves it out`);
  if (others.includes('fwd'))
    reasons.push('it is only announced in this BTF: what defines it is in a module, or left out by its configuration');
  if (before !== null && after === null) reasons.push(`it is gone or has another name: ${before} is the last of these kernels that has it`);
  if (before === null && after !== null) reasons.push(`it is newer than this kernel: ${after} is the first of these that has it`);
  if (UAPI_TYPES.has(type))
    reasons.push('it is a type of the UAPI, which BTF has or not by chance: include its header, it needs no relocation');
  reasons.push('a module has it that is not loaded or has no BTF');
  if (before === null || after === null) reasons.push('this kernel is configured without it');
  return reasons.map((reason, at) => `${at === 0 ? 'likeliest' : 'or'}: ${reason}`);
}
