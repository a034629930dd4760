// Tests of advice that depends on the words of a reason.
import { expect, it } from 'vitest';
import { adviceByReason } from '../../../harness/explain/advice.ts';

it('an access behind the known end of a packet has a comparison with data_end as advice, whatever the verifier adds', () => {
  const start = 'verifier: invalid access to packet, off=3 size=1, R1(id=0,off=3,r=0); R1';
  for (const end of ['offset is outside of the packet', 'min value is outside of the allowed memory range'])
    expect(adviceByReason('verifier-rejected', `${start} ${end} at insn 1`)).toContain('data_end');
});

it('a number in place of a per-CPU variable has advice to check the address of a weak variable', () => {
  for (const message of ['R1 type=inv expected=percpu_ptr_', 'R1 type=scalar expected=percpu_ptr_, percpu_rcu_ptr_, percpu_trusted_ptr_'])
    expect(adviceByReason('verifier-rejected', `verifier: ${message} at insn 3`)).toContain('if (&NAME)');
});

it('a write to a field of the context has advice that names writes', () => {
  const reason = 'verifier: invalid bpf_context access off=0 size=4 at insn 1';
  expect(adviceByReason('verifier-rejected', reason)).toContain('does not let programs of this type write it');
});

it('a member behind an argument of a hook has advice to compare the prototypes first', () => {
  const reason = 'verifier: access beyond the end of member gfp_mask (mend:68) in struct address_space with off 64 size 8 at insn 2';
  expect(adviceByReason('verifier-rejected', reason)).toMatch(/first compare the prototypes .* Read it with BPF_CORE_READ/);
});

it('the address of a kernel function that the kernel refuses has advice without bpf_ksym_exists()', () => {
  const reason = 'this kernel does not let programs take the address of a kernel function, as bpf_ksym_exists() does';
  expect(adviceByReason('insn-unsupported', reason)).toMatch(/^Linux 6\.4 is the first .*\(const volatile\)/);
});

it('a function to attach to whose arguments the kernel cannot pass has no advice about functions of the program', () => {
  for (const message of ['panic with variable args is unsupported.', 'change_page_attr_set_clr arg2 type STRUCT is unsupported.']) {
    const advice = adviceByReason('verifier-rejected', `verifier: The function ${message}`);
    expect(advice).toMatch(/^The program attaches to this function .* kprobe/);
    expect(advice).not.toContain('static');
  }
});

it('a disabled LSM hook is not called missing, and a file that the guest lacks is not blamed on the kernel', () => {
  const hook = 'verifier: attach_btf_id 87585 points to disabled hook bpf_lsm_inode_getsecurity';
  expect(adviceByReason('attach-target-missing', hook)).toContain('lets no program attach to it');
  expect(adviceByReason('attach-target-missing', 'elf: failed to open /bin/nope: -ENOENT')).toContain('says nothing about the kernel');
});

it('a struct_ops map that the kernel refuses has advice on its members, and a kprobe of many functions advice on the kernel', () => {
  const map = "struct_ops map 'cc': attaching fails (EINVAL)";
  expect(adviceByReason('attach-failed', map)).toMatch(/a member that it needs is not set, .* a name of 1 to 15 letters/);
  expect(adviceByReason('attach-failed', 'this kernel is built without attach type trace_kprobe_multi (EOPNOTSUPP)')).toContain(
    'CONFIG_FPROBE',
  );
  expect(adviceByReason('attach-failed', 'attach type tcx_ingress is unknown to this kernel')).toContain('older than the attach type');
});

it('what other compilers and linkers make of an object has advice that names the cause', () => {
  const reasons = {
    "libbpf cannot open the object: failed to find BTF for extern '__builtin_preserve_field_info': -22": /GCC 14 or newer/,
    "cilium/ebpf cannot open the object: load BTF: parsing BTF function info: can't read record size: EOF":
      /\.BTF\.ext, as some releases of GCC/,
    "the kernel refuses the object's BTF: INT signed char size=1 bits_offset=0 nr_bits=8 encoding=UNKN Unsupported encoding":
      /signed and a character/,
    'cilium/ebpf cannot open the object: load programs: duplicate program name first': /a name of its own/,
    'cilium/ebpf cannot open the object: load BTF maps: section .maps: contains 2 symbols but 1 btf.Vars': /a name of its own/,
  };
  for (const [reason, advice] of Object.entries(reasons)) expect(adviceByReason('object-invalid', reason)).toMatch(advice);
});

it('what cilium/ebpf refuses has advice in the words of cilium/ebpf', () => {
  const opens = 'cilium/ebpf cannot open the object: ';
  const reasons = {
    'unknown: cilium/ebpf may refuse this damaged object: symbol seen is in section 999, which does not exist': /^No compiler writes/,
    [`${opens}load BTF maps: map m: unrecognized field numa_node in BTF map definition`]: /does not read this member/,
    [`${opens}load BTF maps: map EVENTS: both value and value_size given`]: /either the types/,
    [`${opens}section ".struct_ops": got '.struct_ops' section: not supported`]: /cilium\/ebpf 0\.22 or newer/,
    "cilium/ebpf gives the kernel no attach target for programs of section struct_ops: not the kernel's fault":
      /cilium\/ebpf 0\.22 or newer/,
  };
  for (const [reason, advice] of Object.entries(reasons)) expect(adviceByReason('object-invalid', reason)).toMatch(advice);
  const panics =
    'program panics: load BTF: load btf: invalid argument: [2] FUNC panic_bounds_check type_id=16 Invalid arg#3 (45 line(s) omitted)';
  expect(adviceByReason('btf-missing', panics)).toMatch(/nothing in it can panic/);
});
