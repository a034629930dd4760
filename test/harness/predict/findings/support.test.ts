// Tests of findings from BTF about everything but relocations, on made-up kernels and on real ones.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { indexNames } from '../../../../harness/bpf/btf/names.ts';
import { readBpfObject } from '../../../../harness/bpf/object/object.ts';
import type { KernelTypes } from '../../../../harness/core-relo/candidates.ts';
import { DEFAULT_LOADER } from '../../../../harness/core-relo/loader.ts';
import { enumeratorsOf } from '../../../../harness/kernel-btf/enumerators.ts';
import { predictCell } from '../../../../harness/predict/predict.ts';
import { knownHelpers } from '../../../../harness/kernel-btf/enumerators.ts';
import { buildBtf, type WrittenType } from '../../bpf/btf/build-btf.ts';
import { compileBpf } from '../../bpf/object/compile.ts';
import { mustReadBtf, sampleObjects } from '../../bpf/object/samples.ts';
import { pulledBtf, pulledBtfs } from '../../../kernels/pulled.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'support-test-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const enumOf = (name: string, ...names: string[]): WrittenType => {
  return { name, kind: 6, vlen: names.length, size: 4, words: names.flatMap((each, index) => [each, index]) };
};
const numbered = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

const INT: WrittenType = { name: 'int', kind: 1, size: 4, words: [0x01000020] };
/** A made-up kernel with sixteen helpers, the first map types, and a few program types. */
const WHOLE: readonly WrittenType[] = [
  INT,
  enumOf('bpf_func_id', ...numbered('BPF_FUNC_', 16)),
  enumOf('bpf_map_type', 'BPF_MAP_TYPE_UNSPEC', 'BPF_MAP_TYPE_HASH', 'BPF_MAP_TYPE_ARRAY', ...numbered('BPF_MAP_TYPE_', 16)),
  enumOf('bpf_prog_type', 'BPF_PROG_TYPE_UNSPEC', 'BPF_PROG_TYPE_TRACING', 'BPF_PROG_TYPE_LSM', ...numbered('BPF_PROG_TYPE_', 16)),
  { kind: 13, vlen: 1, size: 1, words: ['number', 1] },
  { name: 'there', kind: 12, vlen: 1, size: 5 },
  { name: 'bpf_lsm_file_open', kind: 12, vlen: 1, size: 5 },
  { name: 'btf_trace_there', kind: 8, size: 1 },
];

/** The made-up kernel with these program types, too. */
function withProgramTypes(...types: readonly string[]): readonly WrittenType[] {
  const names = ['UNSPEC', ...types].map((type) => `BPF_PROG_TYPE_${type}`);
  return WHOLE.map((type) => (type.name === 'bpf_prog_type' ? enumOf(type.name, ...names, ...numbered('BPF_PROG_TYPE_', 16)) : type));
}

function kernelOf(types: readonly WrittenType[]): KernelTypes {
  return { vmlinux: indexNames(mustReadBtf(buildBtf(types))), modules: [] };
}

async function verdicts(name: string, source: string, types: readonly WrittenType[] = WHOLE): Promise<Record<string, string>> {
  const object = readBpfObject(await readFile(await compileBpf(folder, name, source)), name);
  const predicted = predictCell(object, kernelOf(types)).programs.map(({ name: program, failure, possible }) => {
    if (failure) return [program, `fails: ${failure.class}, ${failure.reason}`] as const;
    return [program, possible ? `may fail: ${possible.class}, ${possible.reason}` : 'ok'] as const;
  });
  return Object.fromEntries(predicted);
}

const PROGRAMS = `
#define P(section, name) SEC(section) int name(void *ctx) { return 0; }
P("fentry/there", function_there) P("fexit.s/gone", function_gone) P("tp_btf/there", tracepoint_there) P("tp_btf/gone", tracepoint_gone)
P("lsm/file_open", hook_there) P("lsm.s/gone", hook_gone) P("iter/gone", iterator_gone) P("xdp", type_gone) P("?fentry/gone", on_demand)
P("custom", of_no_type)
static long (*known)(void) = (void *)15; static long (*unknown)(void) = (void *)16;
SEC("fentry/there") int helper_known(void *ctx) { return known(); }
SEC("fentry/there") int helper_unknown(void *ctx) { return unknown(); }
SEC("fentry/there") int helper_guarded(void *ctx) { if (__builtin_preserve_type_info(*(struct nowhere { int x; } *)0, 0)) return unknown(); return 0; }
SEC("fentry/there") int helper_perhaps(void *ctx) { volatile int slot = 1; if (slot) return unknown(); return 0; }
`;

describe('programs', () => {
  it('a program is predicted to fail if the kernel lacks its type, attach target or helpers', async () => {
    expect(await verdicts('programs', PROGRAMS)).toMatchInlineSnapshot(`
      {
        "function_gone": "may fail: attach-target-missing, attach target gone (tracing) is not in this kernel's BTF, only a module could have it",
        "function_there": "ok",
        "helper_guarded": "ok",
        "helper_known": "ok",
        "helper_perhaps": "may fail: helper-unknown, helper bpf_get_current_comm#16 is unknown to this kernel",
        "helper_unknown": "fails: helper-unknown, helper bpf_get_current_comm#16 is unknown to this kernel",
        "hook_gone": "fails: attach-target-missing, attach target bpf_lsm_gone (lsm) is not in this kernel's BTF",
        "hook_there": "ok",
        "iterator_gone": "may fail: attach-target-missing, attach target bpf_iter_gone (tracing) is not in this kernel's BTF, only a module could have it",
        "of_no_type": "fails: object-invalid, missing BPF prog type, check ELF section name 'custom'",
        "on_demand": "ok",
        "tracepoint_gone": "may fail: attach-target-missing, attach target btf_trace_gone (tracing) is not in this kernel's BTF, only a module could have it",
        "tracepoint_there": "ok",
        "type_gone": "fails: program-type-unsupported, program type xdp is unknown to this kernel",
      }
    `);
  });

  it('no failure of a program is predicted if BTF was cut down', async () => {
    const cut = [INT, enumOf('bpf_func_id', 'BPF_FUNC_unspec', 'BPF_FUNC_map_lookup_elem')];
    const known = PROGRAMS.replace('P("custom", of_no_type)', '');
    expect(new Set(Object.values(await verdicts('cut', known, cut)))).toEqual(new Set(['ok']));
    expect(knownHelpers(kernelOf(cut))).toBe(null);
  });

  it('every program fails if the kernel lacks the type of any map', async () => {
    const source = `
struct { int (*type)[27]; int (*max_entries)[4096]; } events SEC(".maps");
struct { int (*type)[1]; int (*max_entries)[4]; u32 *key; u64 *value; } counts SEC(".maps");
SEC("fentry/there") int any(void *ctx) { return 0; }`;
    expect(await verdicts('maps', source)).toEqual({
      any: "fails: map-type-unsupported, map 'events' (ringbuf): its type is unknown to this kernel",
    });
  });

  it('a program needs its kfuncs with the same arguments, and weak ones that it calls without a check', async () => {
    const declare = 'extern int there(int number) SEC(".ksyms");';
    const use = (name: string) => `SEC("fentry/there") int user(void *ctx) { return ${name}(1); }`;
    const all = [
      await verdicts('kfunc', declare + use('there')),
      await verdicts('kfunc-flavor', `extern int there___v2(int number) SEC(".ksyms");${use('there___v2')}`),
      await verdicts('kfunc-gone', `extern int gone(int number) SEC(".ksyms");${use('gone')}`),
      await verdicts('kfunc-weak', `extern int gone(int number) __attribute__((weak)) SEC(".ksyms");${use('gone')}`),
      await verdicts(
        'kfunc-other',
        `extern int there(int number, int more) SEC(".ksyms"); SEC("fentry/there") int user(void *ctx) { return there(1, 2); }`,
      ),
    ];
    expect(all.map(({ user }) => user)).toMatchInlineSnapshot(`
      [
        "may fail: kfunc-not-allowed, kfunc there may be forbidden in a program of type tracing: this kernel decides it by type, and BTF does not show for which",
        "may fail: kfunc-not-allowed, kfunc there___v2 may be forbidden in a program of type tracing: this kernel decides it by type, and BTF does not show for which",
        "may fail: kfunc-missing, kfunc gone: not in this kernel's BTF, only a module could have it",
        "may fail: kfunc-missing, kfunc gone is called but does not exist in this kernel",
        "fails: kfunc-missing, kfunc there: its arguments or result differ on this kernel: int (int) here, int (int, int) in the object",
      ]
    `);
  });
});

it('a struct that the object only declares makes a kfunc another one, and the reason names it', async () => {
  const types: readonly WrittenType[] = [
    ...WHOLE,
    { name: 'thing', kind: 4, vlen: 1, size: 4, words: ['first', 1, 0] },
    { kind: 2, size: WHOLE.length + 1 },
    { kind: 13, vlen: 1, size: WHOLE.length + 2, words: ['number', 1] },
    { name: 'bpf_find', kind: 12, vlen: 1, size: WHOLE.length + 3 },
  ];
  const find = 'extern struct thing *bpf_find(int number) SEC(".ksyms");';
  const use = 'SEC("fentry/bpf_find") int user(void *ctx) { return bpf_find(1) != 0; }';
  const inParts = await verdicts('kfunc-declared', `struct thing;${find}${use}`, types);
  expect(inParts['user']).toBe(
    'fails: kfunc-missing, kfunc bpf_find: result: the object only declares struct thing, so libbpf takes it for another type',
  );
  expect((await verdicts('kfunc-defined', `struct thing { int first; };${find}${use}`, types))['user']).toBe('ok');
});

it('only a kernel function that programs of this type usually may call is predicted to pass', async () => {
  const functions = ['bpf_xdp_find', 'bpf_skb_find', 'bpf_find', 'find'];
  const types: readonly WrittenType[] = [
    ...withProgramTypes('TRACING', 'XDP', 'SCHED_CLS', 'SYSCALL'),
    ...functions.map((name) => ({ name, kind: 12, vlen: 1, size: 5 })),
  ];
  const declared = functions.map((name) => `extern int ${name}(int number) SEC(".ksyms");`).join(' ');
  const sections = { tracing: 'fentry/there', xdp: 'xdp', tc: 'tc', syscall: 'syscall' };
  const programs = Object.entries(sections).flatMap(([type, section]) =>
    functions.map((name) => `SEC("${section}") int ${type}_${name}(void *ctx) { return ${name}(1); }`),
  );
  const all = Object.entries(await verdicts('kfunc-types', `${declared} ${programs.join(' ')}`, types));
  const passing = all.filter(([, verdict]) => verdict === 'ok').map(([name]) => name);
  expect(passing).toEqual([
    'tracing_bpf_find',
    'xdp_bpf_xdp_find',
    'xdp_bpf_skb_find',
    'xdp_bpf_find',
    'tc_bpf_xdp_find',
    'tc_bpf_skb_find',
    'tc_bpf_find',
    'syscall_bpf_find',
    'syscall_find',
  ]);
  const others = all
    .filter(([name]) => !passing.includes(name))
    .map(([, verdict]) => verdict.replace(/kfunc \w+ may be forbidden in a program of type/, 'NAME'));
  expect(others).toEqual(
    ['tracing', 'tracing', 'tracing', 'xdp', 'sched_cls', 'syscall', 'syscall'].map(
      (type) => `may fail: kfunc-not-allowed, NAME ${type}: this kernel decides it by type, and BTF does not show for which`,
    ),
  );
});

describe('kernel variables', () => {
  it('kernel variables that are declared with a type must be in BTF; others are not predicted', async () => {
    const types: readonly WrittenType[] = [...WHOLE, { name: 'there_it_is', kind: 14, size: 1, words: [1] }];
    const use = (declaration: string, name: string) => `${declaration} SEC("fentry/there") int user(void *ctx) { return (long)&${name}; }`;
    const all = [
      await verdicts('ksym', use('extern const int there_it_is SEC(".ksyms");', 'there_it_is'), types),
      await verdicts('ksym-gone', use('extern const int gone SEC(".ksyms");', 'gone'), types),
      await verdicts('ksym-weak', use('extern const int gone __attribute__((weak)) SEC(".ksyms");', 'gone'), types),
      await verdicts('ksym-other', use('struct s { int x; }; extern const struct s there_it_is SEC(".ksyms");', 'there_it_is'), types),
      await verdicts('ksym-untyped', use('extern const void gone SEC(".ksyms");', 'gone'), types),
    ];
    expect(all.map(({ user }) => user)).toMatchInlineSnapshot(`
      [
        "ok",
        "may fail: ksym-missing, kernel symbol gone: not in this kernel's BTF, only a module could have it",
        "ok",
        "fails: ksym-missing, kernel symbol there_it_is: its type differs on this kernel: int here, struct s in the object",
        "ok",
      ]
    `);
  });
});

describe('programs that are attached by name', () => {
  it('a tracepoint of a module without BTF is for raw_tp and tracepoint programs only, which a prediction says', async () => {
    const sections = ['tp_btf/kvm_exit', 'raw_tp/kvm_exit', 'tp/kvm/kvm_exit'];
    const source = sections.map((section, at) => `SEC("${section}") int user${at}(void *ctx) { return 0; }`).join(' ');
    const object = readBpfObject(await readFile(await compileBpf(folder, 'module-event', source)), 'module-event');
    const attachTypes = enumOf('bpf_attach_type', 'BPF_TRACE_RAW_TP', ...numbered('BPF_ATTACH_TYPE_', 16));
    const module = { module: 'kvm', kind: 'function', inBtf: false } as const;
    const inPackage = (name: string) => (name === 'btf_trace_kvm_exit' ? [module] : []);
    const { programs } = predictCell(
      object,
      { ...kernelOf([...withProgramTypes('TRACING', 'TRACEPOINT', 'RAW_TRACEPOINT'), attachTypes]), inPackage },
      DEFAULT_LOADER,
      'attach',
    );
    expect(programs.map(({ failure, possible }) => (failure ?? possible)?.reason)).toEqual([
      'attach target btf_trace_kvm_exit (tracing) is not in vmlinux; module kvm has it, but not in BTF: only raw_tp and tracepoint programs can attach to it, with modules: [kvm]',
      'tracepoint kvm_exit is in module kvm, which is not loaded: modules: [kvm]',
      'tracepoint kvm_exit is in module kvm, which is not loaded: modules: [kvm]',
    ]);
  });

  it('a kprobe or tracepoint that is attached may fail if BTF lacks its target, and is not looked up if it is only loaded', async () => {
    const source = `
#define P(section, name) SEC(section) int name(void *ctx) { return 0; }
P("kprobe/vfs_read", probe_there) P("kretprobe/nf_nat_manip_pkt", probe_in_module) P("kprobe/vfs_gone+0x4", probe_gone)
P("kprobe.multi/vfs_*", pattern) P("kprobe/vfs_gone.isra.0", part) P("tp/block/block_rq_complete", event_there) P("tp/nope/nothing", event_gone)
P("tracepoint/syscalls/sys_enter_openat", of_syscall) P("tp/raw_syscalls/sys_enter", of_all_syscalls) P("raw_tp/sched_switch", raw_there)
P("raw_tracepoint.w/nothing_here", raw_gone)`;
    const object = readBpfObject(await readFile(await compileBpf(folder, 'by-name', source)), 'by-name');
    for (const selector of ['debian:5.10', 'debian:6.12']) {
      const { path } = await pulledBtf(selector);
      const kernel = { vmlinux: indexNames(mustReadBtf(await readFile(path))), modules: [] };
      const possible = (mode: 'load' | 'attach') =>
        predictCell(object, kernel, undefined, mode).programs.flatMap((each) =>
          each.possible ? [`${each.name}: ${each.possible.stage}, ${each.possible.class}, ${each.possible.reason}`] : [],
        );
      expect(possible('attach')).toEqual([
        "probe_in_module: attach, attach-target-missing, attach target nf_nat_manip_pkt (kprobe) is not in this kernel's BTF, which lacks some of its functions",
        "probe_gone: attach, attach-target-missing, attach target vfs_gone (kprobe) is not in this kernel's BTF, which lacks some of its functions",
        ...(selector === 'debian:5.10' ? ['pattern: attach, attach-failed, attach type trace_kprobe_multi is unknown to this kernel'] : []),
        "event_gone: attach, attach-target-missing, tracepoint nothing is not in this kernel's BTF, only a module could have it",
        "raw_gone: attach, attach-target-missing, tracepoint nothing_here is not in this kernel's BTF, only a module could have it",
      ]);
      expect(possible('load')).toEqual([]);
    }
  });
});

describe('struct_ops maps', () => {
  it('struct_ops maps need their struct and every member that they set to data or to a program', async () => {
    const source = `
struct tcp_ops { int (*init)(void *); int flags; int unset; };
SEC("struct_ops/init") int init_op(void *ctx) { return 0; }
SEC(".struct_ops") struct tcp_ops first = { .init = (void *)init_op };
SEC(".struct_ops") struct tcp_ops mine = { .init = (void *)init_op, .flags = 3 };`;
    const enough: readonly WrittenType[] = [
      ...WHOLE.map((type) =>
        type.name === 'bpf_prog_type' ? enumOf('bpf_prog_type', 'BPF_PROG_TYPE_STRUCT_OPS', ...numbered('X', 16)) : type,
      ),
      { name: 'bpf_struct_ops_tcp_ops', kind: 4, vlen: 1, size: 16, words: ['data', 10, 0] },
      { name: 'tcp_ops', kind: 4, vlen: 2, size: 16, words: ['flags', 1, 0, 'init', 1, 32] },
    ];
    const withMembers = (...names: [string, string]) => {
      const words = names.flatMap((name, at) => [name, 1, at * 32]);
      return enough.map((type) => (type.name === 'tcp_ops' ? { ...type, words } : type));
    };
    const none = enough.filter(({ name }) => name !== 'bpf_struct_ops_tcp_ops');
    const kernels = [enough, withMembers('other', 'init'), withMembers('flags', 'other'), none];
    const all = await Promise.all(kernels.map(async (types, at) => verdicts(`ops${at}`, source, types)));
    expect(all.map(({ init_op }) => init_op)).toMatchInlineSnapshot(`
      [
        "ok",
        "fails: attach-target-missing, struct_ops member flags (map mine) is not in this kernel's BTF",
        "fails: attach-target-missing, struct_ops member init (map first) is not in this kernel's BTF",
        "may fail: attach-target-missing, struct_ops type tcp_ops is not in this kernel's BTF, only a module could have it",
      ]
    `);
  });
});

describe('real kernels', () => {
  it('the BTF of every kernel lists its helpers, map types and program types', async () => {
    for (const { release, path } of await pulledBtfs()) {
      const kernel = { vmlinux: indexNames(mustReadBtf(await readFile(path))), modules: [] };
      const names = ['bpf_map_type', 'bpf_prog_type'].map((name) => enumeratorsOf(kernel, name)?.size ?? 0);
      expect([release, knownHelpers(kernel)?.has(1), ...names.map((count) => count > 25)]).toEqual([release, true, true, true]);
    }
  });

  it('sample programs are predicted to fail on Linux 5.10, which lacks features that they need', async () => {
    const { path } = await pulledBtf('debian:5.10');
    const kernel = { vmlinux: indexNames(mustReadBtf(await readFile(path))), modules: [] };
    const found = (await sampleObjects()).flatMap(({ bytes, name }) =>
      predictCell(readBpfObject(bytes, name), kernel).programs.flatMap(({ name: program, failure, possible }) => {
        const [word, verdict] = failure ? ['fails', failure] : ['may fail', possible];
        return verdict && !verdict.class.startsWith('core-') ? [`${program} ${word}: ${verdict.class}, ${verdict.reason}`] : [];
      }),
    );
    expect(found).toMatchInlineSnapshot(`
      [
        "remember_exit fails: map-type-unsupported, map 'names' (bloom_filter): its type is unknown to this kernel",
        "filter_packets fails: map-type-unsupported, map 'events' (bloom_filter): its type is unknown to this kernel",
        "on_unlink fails: map-type-unsupported, map 'events' (bloom_filter): its type is unknown to this kernel",
        "remember fails: map-type-unsupported, map 'events' (bloom_filter): its type is unknown to this kernel",
        "unlink_fentry fails: map-type-unsupported, map 'events' (bloom_filter): its type is unknown to this kernel",
        "unlink_kprobe fails: map-type-unsupported, map 'events' (bloom_filter): its type is unknown to this kernel",
        "newest_helper fails: map-type-unsupported, map 'events' (bloom_filter): its type is unknown to this kernel",
        "newer_helper fails: map-type-unsupported, map 'events' (bloom_filter): its type is unknown to this kernel",
        "filename_fentry fails: map-type-unsupported, map 'events' (bloom_filter): its type is unknown to this kernel",
        "by_text fails: helper-unknown, helper #100000 is unknown to this kernel",
        "by_struct fails: helper-unknown, helper #100000 is unknown to this kernel",
        "by_kconfig may fail: helper-unknown, helper #100000 is unknown to this kernel",
        "accept_all fails: program-type-unsupported, program type netfilter is unknown to this kernel",
        "task_assumed fails: helper-unknown, helper bpf_get_current_task_btf#158 is unknown to this kernel",
        "clock_assumed fails: helper-unknown, helper bpf_ktime_get_tai_ns#208 is unknown to this kernel",
        "count_switches fails: map-create-failed, map 'per_processor' (array): cannot be created: EINVAL",
        "find_task fails: kfunc-missing, kfunc bpf_task_from_pid: not in this kernel's BTF, and this kernel has no BTF of modules",
        "on_xmit fails: attach-target-missing, attach target veth_xmit (tracing) is not in this kernel's BTF, and this kernel has no BTF of modules",
      ]
    `);
  });
});
