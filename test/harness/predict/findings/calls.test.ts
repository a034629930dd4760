// Tests of predictions about calls: weak kernel functions that the kernel lacks, and callbacks that it does not know.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { indexNames } from '../../../../harness/bpf/btf/names.ts';
import { readBpfObject } from '../../../../harness/bpf/object/object.ts';
import type { KernelTypes } from '../../../../harness/core-relo/candidates.ts';
import { predictCell } from '../../../../harness/predict/predict.ts';
import { compileBpf } from '../../bpf/object/compile.ts';
import { mustReadBtf } from '../../bpf/object/samples.ts';
import { pulledBtf } from '../../../kernels/pulled.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'calls-test-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

async function kernelOf(selector: string, modules: KernelTypes['modules'] = []): Promise<KernelTypes> {
  return { vmlinux: indexNames(mustReadBtf(await readFile((await pulledBtf(selector)).path))), modules };
}

async function verdicts(name: string, source: string, kernel: KernelTypes): Promise<Record<string, string>> {
  const object = readBpfObject(await readFile(await compileBpf(folder, name, source)), name);
  const rows = predictCell(object, kernel).programs.map(({ name: program, failure, possible }) => {
    if (failure) return [program, `fails: ${failure.class}, ${failure.reason}`] as const;
    return [program, possible ? `may fail: ${possible.class}, ${possible.reason}` : 'ok'] as const;
  });
  return Object.fromEntries(rows);
}

const WEAK = `
extern int no_such_kfunc(int x) __attribute__((weak)) SEC(".ksyms");
extern void bpf_rcu_read_lock(void) __attribute__((weak)) SEC(".ksyms");
extern void bpf_rcu_read_unlock(void) __attribute__((weak)) SEC(".ksyms");
#define exists(f) ({ void *_a; asm volatile("%0 = " #f " ll" : "=r"(_a)); !!_a; })
SEC("raw_tp/x") int unguarded(void *ctx) { return no_such_kfunc(1); }
SEC("raw_tp/x") int guarded(void *ctx) { return exists(no_such_kfunc) ? no_such_kfunc(1) : 0; }
SEC("raw_tp/x") int wrong_way(void *ctx) { return exists(no_such_kfunc) ? 0 : no_such_kfunc(1); }
SEC("raw_tp/x") int has_it(void *ctx) { bpf_rcu_read_lock(); bpf_rcu_read_unlock(); return 0; }`;

describe('weak kernel functions', () => {
  it('a call of a missing weak kernel function fails unless a check of its address avoids it', async () => {
    const kernel = await kernelOf('debian:6.12');
    const modules = [{ name: 'zram', index: kernel.vmlinux }];
    const certain = 'fails: kfunc-missing, kfunc no_such_kfunc is called but does not exist in this kernel';
    const possible = certain.replace('fails', 'may fail');
    const known = await verdicts('weak', WEAK, { ...kernel, modules });
    expect(known).toEqual({ unguarded: certain, guarded: 'ok', wrong_way: certain, has_it: 'ok' });
    // Modules that were not read may have the function.
    expect(await verdicts('weak', WEAK, kernel)).toEqual({ unguarded: possible, guarded: 'ok', wrong_way: possible, has_it: 'ok' });
  });
});

const OTHER_PROTOTYPE = `
extern int bpf_rcu_read_lock(int x) __attribute__((weak)) SEC(".ksyms");
SEC("raw_tp/x") int unguarded(void *ctx) { return bpf_rcu_read_lock(1); }
SEC("raw_tp/x") int guarded(void *ctx) { return bpf_rcu_read_lock ? bpf_rcu_read_lock(1) : 0; }`;

it('a call of a weak kernel function with another prototype fails for certain, unless a check of its address avoids it', async () => {
  expect(await verdicts('prototype', OTHER_PROTOTYPE, await kernelOf('debian:6.12'))).toEqual({
    unguarded: 'fails: kfunc-missing, kfunc bpf_rcu_read_lock is called, but its prototype in this kernel differs from that in the object',
    guarded: 'ok',
  });
});

const ADDRESSES = `
extern int no_such_kfunc(int x) __attribute__((weak)) SEC(".ksyms");
extern int nr_processes(void) __attribute__((weak)) SEC(".ksyms");
extern int nr_processes___other(int x) __attribute__((weak)) SEC(".ksyms");
struct bpf_key { int x; } key;
extern void bpf_key_put(struct bpf_key *key) __attribute__((weak)) SEC(".ksyms");
#define exists(f) (!!(f))
static __noinline int inner(int x) { return exists(nr_processes) + x; }
SEC("raw_tp/x") int everywhere(void *ctx) { return exists(nr_processes) ? nr_processes() : 0; }
SEC("raw_tp/x") int through_function(void *ctx) { return inner(1); }
SEC("raw_tp/x") int other_prototype(void *ctx) { return exists(nr_processes___other) ? nr_processes___other(0) : 0; }
SEC("raw_tp/x") int nowhere(void *ctx) { return exists(no_such_kfunc); }
SEC("raw_tp/x") int since_6_1(void *ctx) { return exists(bpf_key_put); }
SEC("raw_tp/x") int only_called(void *ctx) { return nr_processes(); }`;

it('a program that takes the address of a kernel function fails before Linux 6.4 if the kernel has this function', async () => {
  const refused =
    'fails: insn-unsupported, this kernel does not let programs take the address of a kernel function, as bpf_ksym_exists() does';
  const failing = async (kernel: string) => {
    const all = Object.entries(await verdicts('addresses', ADDRESSES, await kernelOf(kernel)));
    return all.flatMap(([program, verdict]) => (verdict === refused ? [program] : []));
  };
  expect(await failing('debian:5.10')).toEqual(['everywhere', 'through_function']);
  expect(await failing('debian:6.1')).toEqual(['everywhere', 'through_function', 'since_6_1']);
  expect(await failing('debian:6.12')).toEqual([]);
});

const CALLBACKS = `
static long (*loop)(u32 count, void *callback, void *data, u64 flags) = (void *)181;
static long step(u32 i, void *data) { *(u64 *)data += i; return 0; }
static __noinline long inner(u64 *sum) { return loop(8, step, sum, 0); }
SEC("raw_tp/x") int plain(void *ctx) { u64 sum = 0; loop(8, step, &sum, 0); return sum; }
SEC("raw_tp/x") int guarded(void *ctx) { u64 sum = 0; if (__builtin_preserve_enum_value(*(typeof(enum bpf_func_id { BPF_FUNC_loop = 181 }) *)BPF_FUNC_loop, 0)) loop(8, step, &sum, 0); return sum; }
SEC("raw_tp/x") int through_function(void *ctx) { u64 sum = 0; inner(&sum); return sum; }
SEC("raw_tp/x") int without(void *ctx) { return 0; }`;

describe('callbacks', () => {
  it('a program with a callback fails before Linux 5.13 even if no path reaches it', async () => {
    const fails = 'fails: insn-unsupported, this kernel does not know functions as callbacks: func_info lists more functions than it finds';
    expect(await verdicts('callbacks', CALLBACKS, await kernelOf('debian:5.10'))).toEqual({
      plain: fails,
      guarded: fails,
      through_function: fails,
      without: 'ok',
    });
    expect(new Set(Object.values(await verdicts('callbacks', CALLBACKS, await kernelOf('debian:6.12'))))).toEqual(new Set(['ok']));
  });
});
