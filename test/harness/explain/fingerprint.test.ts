// Tests of fingerprints: they are equal for one root cause on every kernel, and differ between root causes.
import { describe, expect, it } from 'vitest';
import { fingerprintOf, subjectOf, withoutFlavors } from '../../../harness/explain/fingerprint.ts';
import type { FailureClass } from '../../../harness/base/failures.ts';

const SUBJECTS: readonly [FailureClass, string, string][] = [
  ['core-field-missing', 'task_struct___before_5_14.state: no such field (byte_off, task_state.bpf.c:25)', 'task_struct.state'],
  ['core-field-missing', 'task_struct.state: no such field (byte_sz, near other.bpf.c:7)', 'task_struct.state'],
  ['core-enum-missing', 'enum bpf_attach_type___a::BPF_X___a: no such enumerator (enumval_value)', 'enum bpf_attach_type::BPF_X'],
  ['helper-unknown', 'helper bpf_ktime_get_tai_ns#208 is unknown to this kernel', 'helper bpf_ktime_get_tai_ns#208'],
  ['kfunc-missing', "kfunc bpf_task_from_pid: not in this kernel's BTF, only a module could have it", 'kfunc bpf_task_from_pid'],
  ['kfunc-missing', 'kfunc bpf_task_from_pid: not found in kernel or module BTFs', 'kfunc bpf_task_from_pid'],
  ['attach-target-missing', "attach target do_unlinkat (tracing) is not in this kernel's BTF", 'attach target do_unlinkat'],
  ['map-type-unsupported', "map 'names' (bloom_filter): its type is unknown to this kernel: EINVAL", 'map type bloom_filter'],
  ['map-create-failed', "map 'names' (hash): cannot be created: EINVAL", "map 'names' (hash): cannot be created: EINVAL"],
  ['object-invalid', "missing BPF prog type, check ELF section name 'classifier/a'", 'missing BPF prog type'],
  ['object-invalid', "libbpf cannot open the object: sec 'kprobe/f': program 'p' is static and not supported", 'a program is static'],
  ['object-invalid', "libbpf cannot open the object: map 'my_map': unsupported map linkage static.", 'a map is static or extern'],
  [
    'object-invalid',
    "libbpf cannot open the object: variable 'seen' has no section (SHN_COMMON), because the compiler left it to the linker",
    'a variable has no section (SHN_COMMON)',
  ],
  [
    'object-invalid',
    "libbpf cannot open the object: failed to find BTF for extern 'mine' [6] section: -2",
    'an extern has neither __ksym nor __kconfig',
  ],
  ['attach-failed', 'symbol _text is a label and no function: no program can attach to it', 'symbol _text'],
  ['program-type-unsupported', 'program type netfilter is unknown to this kernel', 'program type netfilter'],
  ['verifier-rejected', "verifier: R3 invalid mem access 'scalar' at insn 12", "verifier: R invalid mem access 'scalar'"],
  [
    'complexity-limit',
    'verifier: BPF program is too large. Processed 1000001 insn',
    'verifier: BPF program is too large. Processed N insn',
  ],
  ['unknown', '', ''],
];

describe('what a failure is about', () => {
  it.each(SUBJECTS)('the subject of a failure is found in its class and reason: %s: %s', (failure, reason, subject) => {
    expect(subjectOf(failure, reason)).toBe(subject);
  });

  it('the subject of an access has no flavors', () => {
    expect(withoutFlavors('enum x___new::Y___new')).toBe('enum x::Y');
    expect(withoutFlavors('task_struct___v6_1.mm')).toBe('task_struct.mm');
  });
});

it('fingerprints do not change from release to release', () => {
  expect(fingerprintOf('core-field-missing', 'task_struct.state')).toBe('0baa2a1e7902');
  expect(fingerprintOf('core-type-missing', 'task_struct.state')).not.toBe('0baa2a1e7902');
});
