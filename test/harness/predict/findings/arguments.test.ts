// Tests of predicted failures by arguments of hooks: on the BTF of real kernels, and against loads in guests.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { indexNames } from '../../../../harness/bpf/btf/names.ts';
import { type BpfObject, readBpfObject } from '../../../../harness/bpf/object/object.ts';
import { predictCell } from '../../../../harness/predict/predict.ts';
import { compileBpf } from '../../bpf/object/compile.ts';
import { mustReadBtf } from '../../bpf/object/samples.ts';
import { fourSelectors, pulledBtf } from '../../../kernels/pulled.ts';
import { realRun } from '../../run/real-run.ts';
import { HOOK_PROGRAMS } from '../hook-programs.ts';

let folder = '';
let path = '';
let object: BpfObject;
/** Programs that read pointers to other things than structs, which older verifiers refuse. Those called `through_` read memory behind it. */
const POINTER_PROGRAMS = `#include <bpf/bpf_tracing.h>
u64 seen;
SEC("fentry/vfs_unlink") int BPF_PROG(to_pointer, void *idmap, void *dir, void *dentry, void *inode) { seen = (u64)inode; return 0; }
SEC("fentry/call_rcu") int BPF_PROG(to_function, void *head, void *func) { seen = (u64)func; return 0; }
SEC("fentry/vfs_read") int BPF_PROG(to_integer, void *file, void *buf, u64 count, void *pos) { seen = (u64)pos; return 0; }
SEC("fentry/vfs_read") int BPF_PROG(to_byte, void *file, void *buf) { seen = (u64)buf; return 0; }
SEC("fentry/acpi_install_method") int BPF_PROG(to_named_byte, void *data) { seen = (u64)data; return 0; }
SEC("fentry/kernel_write") int BPF_PROG(to_const_void, void *file, void *buf) { seen = (u64)buf; return 0; }
SEC("fentry/memtype_reserve_io") int BPF_PROG(to_enum, u64 start, u64 end, void *mode) { seen = (u64)mode; return 0; }
SEC("fentry/ethnl_bitset_size") int BPF_PROG(to_array, void *value, void *mask, u32 bits, void *names) { seen = (u64)names; return 0; }
SEC("fentry/key_create_or_update") int BPF_PROG(to_declared, void *keyring) { seen = (u64)keyring; return 0; }
SEC("fentry/bpf_prog_array_copy") int BPF_PROG(through_pointer, void *a, void *b, void *c, u64 d, u64 *copy) { seen = *copy; return 0; }
SEC("fentry/call_rcu") int BPF_PROG(through_function, void *head, u64 *func) { seen = *func; return 0; }
SEC("fentry/memtype_reserve_io") int BPF_PROG(through_enum, u64 start, u64 end, u32 *mode) { seen = *mode; return 0; }
SEC("fentry/ethnl_bitset_size") int BPF_PROG(through_array, void *value, void *mask, u32 bits, u64 *names) { seen = *names; return 0; }
SEC("fentry/key_create_or_update") int BPF_PROG(through_declared, u64 *keyring) { seen = *keyring; return 0; }
`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'arguments-test-'));
  path = await compileBpf(folder, 'hooks', HOOK_PROGRAMS);
  object = readBpfObject(await readFile(path), 'hooks');
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

async function predictedOn(selector: string, of = object) {
  const btf = mustReadBtf(await readFile((await pulledBtf(selector)).path));
  return predictCell(of, { vmlinux: indexNames(btf), modules: [] }).programs;
}

it('a program fails that reads an argument which the kernel lacks, or memory through a number', async () => {
  const failures = await Promise.all(
    ['debian:5.10', 'debian:6.12'].map(async (selector) =>
      (await predictedOn(selector)).flatMap(({ name, failure, possible }) => {
        if (failure) return [`${name} fails: ${failure.reason}`];
        return possible ? [`${name} may fail: ${possible.reason}`] : [];
      }),
    ),
  );
  expect(failures).toMatchInlineSnapshot(`
    [
      [
        "state_last fails: argument 4 of tracepoint sched_switch: this kernel has only 3 arguments there",
        "state_second fails: argument 4 of tracepoint sched_switch: this kernel has only 3 arguments there",
        "number_read fails: argument 4 of tracepoint sched_switch: this kernel has only 3 arguments there",
        "through_stack fails: argument 4 of tracepoint sched_switch: this kernel has only 3 arguments there",
        "in_subprogram fails: argument 4 of tracepoint sched_switch: this kernel has only 3 arguments there",
        "hook_since fails: argument 3 of LSM hook inode_setattr: the result (int) on this kernel, a number, but the program reads memory through it",
        "through_bytes fails: argument 2 of LSM hook inode_setxattr: const char *name on this kernel, which the verifier does not follow, but the program reads memory through it",
        "entry_result fails: argument 5 of function vfs_unlink: this kernel has only 3 arguments there",
        "result fails: argument 5 of function vfs_unlink: this kernel has only 3 arguments and a result there",
        "beyond_all fails: argument 3 of function inet_shutdown: this kernel has only 2 arguments there",
        "iterator_beyond fails: argument 3 of iterator task: this kernel has only 2 arguments there",
      ],
      [
        "state_second fails: argument 4 of tracepoint sched_switch: unsigned int on this kernel, a number, but the program reads memory through it",
        "through_stack fails: argument 4 of tracepoint sched_switch: unsigned int on this kernel, a number, but the program reads memory through it",
        "in_subprogram fails: argument 4 of tracepoint sched_switch: unsigned int on this kernel, a number, but the program reads memory through it",
        "entry_result fails: argument 5 of function vfs_unlink: this kernel has only 4 arguments there",
        "beyond_all fails: argument 3 of function inet_shutdown: this kernel has only 2 arguments there",
        "iterator_beyond fails: argument 3 of iterator task: this kernel has only 2 arguments there",
      ],
    ]
  `);
});

it('a failure by an argument names the instruction', async () => {
  const programs = await predictedOn('debian:6.12');
  const places = programs.flatMap(({ name, findings }) => findings.map(({ at }) => [name, at?.program, at !== null]));
  expect(places).toEqual([
    ['state_second', 'state_second', true],
    ['through_stack', 'through_stack', true],
    ['in_subprogram', 'pid_of', true],
    ['entry_result', 'entry_result', true],
    ['beyond_all', 'beyond_all', true],
    ['iterator_beyond', 'iterator_beyond', true],
  ]);
});

it('guests refuse exactly the programs that are predicted to fail', async () => {
  const selectors = (await fourSelectors()).filter((selector) => selector !== 'debian:6.1');
  const results = await realRun([path], selectors);
  for (const [at, selector] of selectors.entries()) {
    const predicted = (await predictedOn(selector)).flatMap(({ name, failure }) => (failure ? [`${name} ${failure.class}`] : []));
    const cell = results.cells.find(({ kernel }) => kernel === results.kernels[at]?.id);
    const observed = (cell?.programs ?? []).flatMap(({ name, status, class: failure }) =>
      status === 'fail' ? [`${name} ${failure}`] : [],
    );
    expect({ selector, programs: observed.toSorted() }).toEqual({ selector, programs: predicted.toSorted() });
    expect(predicted.length).toBeGreaterThan(4);
  }
}, 900_000);

it('guests refuse exactly the pointers to pointers, functions, enums, arrays and integers that are predicted to be refused', async () => {
  const own = await compileBpf(folder, 'pointers', POINTER_PROGRAMS);
  const pointers = readBpfObject(await readFile(own), 'pointers');
  const selectors = (await fourSelectors()).filter((selector) => selector !== 'debian:6.1');
  const results = await realRun([own], selectors);
  const rows: string[] = [];
  for (const [at, selector] of selectors.entries()) {
    const predicted = (await predictedOn(selector, pointers)).flatMap(({ name, failure }) => {
      return failure ? [{ name, class: failure.class, reason: failure.reason }] : [];
    });
    const cell = results.cells.find(({ kernel }) => kernel === results.kernels[at]?.id);
    const observed = (cell?.programs ?? []).flatMap(({ name, status, class: failure }) =>
      status === 'fail' ? [`${name} ${failure}`] : [],
    );
    expect({ selector, programs: observed }).toEqual({ selector, programs: predicted.map((each) => `${each.name} ${each.class}`) });
    rows.push(...predicted.map(({ name, reason }) => `${selector} ${name}: ${reason}`));
  }
  expect(rows).toMatchInlineSnapshot(`
    [
      "debian:5.10 to_pointer: argument 4 of function vfs_unlink: this kernel has only 3 arguments there",
      "debian:5.10 to_function: argument 2 of function call_rcu: rcu_callback_t func on this kernel, a pointer that the verifier lets no program read",
      "debian:5.10 through_function: argument 2 of function call_rcu: rcu_callback_t func on this kernel, a pointer that the verifier lets no program read",
      "debian:5.10 to_integer: argument 4 of function vfs_read: loff_t *pos on this kernel, a pointer that the verifier lets no program read",
      "debian:5.10 to_named_byte: argument 1 of function acpi_install_method: u8 *buffer on this kernel, a pointer that the verifier lets no program read",
      "debian:5.10 to_const_void: argument 2 of function kernel_write: const void *buf on this kernel, a pointer that the verifier lets no program read",
      "debian:5.10 to_enum: argument 3 of function memtype_reserve_io: enum page_cache_mode *type on this kernel, a pointer that the verifier lets no program read",
      "debian:5.10 through_enum: argument 3 of function memtype_reserve_io: enum page_cache_mode *type on this kernel, a pointer that the verifier lets no program read",
      "debian:5.10 to_array: argument 4 of function ethnl_bitset_size: ethnl_string_array_t names on this kernel, a pointer that the verifier lets no program read",
      "debian:5.10 through_array: argument 4 of function ethnl_bitset_size: ethnl_string_array_t names on this kernel, a pointer that the verifier lets no program read",
      "debian:5.10 to_declared: argument 1 of function key_create_or_update: key_ref_t keyring_ref on this kernel, a pointer that the verifier lets no program read",
      "debian:5.10 through_declared: argument 1 of function key_create_or_update: key_ref_t keyring_ref on this kernel, a pointer that the verifier lets no program read",
      "debian:5.10 through_pointer: argument 5 of function bpf_prog_array_copy: this kernel has only 4 arguments there",
      "debian:6.12 to_pointer: argument 4 of function vfs_unlink: struct inode **delegated_inode on this kernel, a pointer that the verifier lets no program read",
      "debian:6.12 to_function: argument 2 of function call_rcu: rcu_callback_t func on this kernel, a pointer that the verifier lets no program read",
      "debian:6.12 through_function: argument 2 of function call_rcu: rcu_callback_t func on this kernel, a pointer that the verifier lets no program read",
      "debian:6.12 to_const_void: argument 2 of function kernel_write: const void *buf on this kernel, a pointer that the verifier lets no program read",
      "debian:6.12 to_enum: argument 3 of function memtype_reserve_io: enum page_cache_mode *type on this kernel, a pointer that the verifier lets no program read",
      "debian:6.12 through_enum: argument 3 of function memtype_reserve_io: enum page_cache_mode *type on this kernel, a pointer that the verifier lets no program read",
      "debian:6.12 to_array: argument 4 of function ethnl_bitset_size: ethnl_string_array_t names on this kernel, a pointer that the verifier lets no program read",
      "debian:6.12 through_array: argument 4 of function ethnl_bitset_size: ethnl_string_array_t names on this kernel, a pointer that the verifier lets no program read",
      "debian:6.12 to_declared: argument 1 of function key_create_or_update: key_ref_t keyring_ref on this kernel, a pointer that the verifier lets no program read",
      "debian:6.12 through_declared: argument 1 of function key_create_or_update: key_ref_t keyring_ref on this kernel, a pointer that the verifier lets no program read",
      "debian:6.12 through_pointer: argument 5 of function bpf_prog_array_copy: struct bpf_prog_array **new_array on this kernel, a pointer that the verifier lets no program read",
      "debian:7.3 through_function: argument 2 of function call_rcu: rcu_callback_t func on this kernel, which the verifier does not follow, but the program reads memory through it",
      "debian:7.3 through_enum: argument 3 of function memtype_reserve_io: enum page_cache_mode *type on this kernel, which the verifier does not follow, but the program reads memory through it",
      "debian:7.3 through_array: argument 4 of function ethnl_bitset_size: ethnl_string_array_t names on this kernel, which the verifier does not follow, but the program reads memory through it",
      "debian:7.3 through_declared: argument 1 of function key_create_or_update: key_ref_t keyring_ref on this kernel, which the verifier does not follow, but the program reads memory through it",
      "debian:7.3 through_pointer: argument 5 of function bpf_prog_array_copy: struct bpf_prog_array **new_array on this kernel, which the verifier does not follow, but the program reads memory through it",
    ]
  `);
}, 900_000);
