// Tests of attach targets that only a module of the kernel's package has: predicted, seen in a guest, and loaded with the module.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cacheRoot } from '../../../harness/base/files.ts';
import { explain } from '../../../harness/explain/explain.ts';
import { openKernels } from '../../../harness/explain/kernel-cache.ts';
import { explainRun } from '../../../harness/explain/of-results.ts';
import { failuresByPrediction, objectsOfResults } from '../../../harness/explain/sources.ts';
import { findKernels } from '../../../harness/kernel-btf/kernels.ts';
import { plainSources, readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { predictMatrix } from '../../../harness/predict/result.ts';
import type { Explanation } from '../../../harness/results/explanation.ts';
import { pulledKernel } from '../../kernels/pulled.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { linkedCache, realRun } from '../run/real-run.ts';

const KERNEL = 'debian:6.12';

let folder = '';
let object = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'module-target-'));
  const source = `SEC("fentry/nf_nat_packet") int in_module(u64 *ctx) { return 0; }
SEC("fentry/no_such_function_anywhere") int nowhere(u64 *ctx) { return 0; }`;
  object = await compileBpf(folder, 'targets', source);
  await (await pulledKernel(KERNEL)).modules.folder({ cache: cacheRoot() });
}, 600_000);
afterAll(async () => rm(folder, { recursive: true, force: true }));

const FOUND = 'in module nf_nat, which is not loaded: modules: [nf_nat]';

/** What an explanation says about each missing target. */
function saidIn({ causes }: Explanation) {
  const said = causes.map(({ subject, situations, presence, advice }) => {
    const lines = situations.flatMap(({ summary, hints }) => [summary, ...hints]);
    return [subject, { lines, hasPresence: presence !== null, advice: advice.slice(0, -1) }];
  });
  return Object.fromEntries(said);
}

async function explainedOffline(cache: string): Promise<Explanation> {
  const { objects } = await readInputs(plainSources([object], folder));
  const kernels = openKernels((await findKernels([KERNEL], cache)).kernels, (problem) => {
    throw new Error(problem);
  });
  const { failures, recordsOf } = await failuresByPrediction(objects, kernels);
  return explain(failures, objects, kernels, recordsOf);
}

test(
  'a function of a module is found by explain and predict, and fentry attaches to it once the module is loaded',
  { timeout: 600_000 },
  async () => {
    const missing = { lines: [expect.anything()], hasPresence: true, advice: [] };
    expect(saidIn(await explainedOffline(cacheRoot()))).toEqual({
      'attach target nf_nat_packet': {
        lines: [`attach target nf_nat_packet (tracing) is ${FOUND}`],
        hasPresence: false,
        advice: ['A module must be loaded before the object: modules: in the configuration, or modprobe on a machine.'],
      },
      'attach target no_such_function_anywhere': {
        ...missing,
        lines: ['attach target no_such_function_anywhere (tracing) is not in vmlinux; no module of its package has it'],
      },
    });

    const { objects } = await readInputs(plainSources([object], folder));
    const { prediction } = await predictMatrix(objects, (await findKernels([KERNEL], cacheRoot())).kernels);
    expect(prediction.cells.map(({ programs }) => programs.map(({ predicted, possible }) => (predicted ?? possible)?.reason))).toEqual([
      [
        `attach target nf_nat_packet (tracing) is ${FOUND}`,
        'attach target no_such_function_anywhere (tracing) is not in vmlinux; no module of its package has it',
      ],
    ]);

    const seen = await realRun([object], [KERNEL]);
    const explained = await explainRun(seen, await objectsOfResults(seen), cacheRoot(), (problem) => {
      throw new Error(problem);
    });
    expect(saidIn(explained)).toMatchObject({
      'attach target nf_nat_packet': {
        lines: [`attach target nf_nat_packet (tracing) is ${FOUND}`],
        hasPresence: false,
      },
      'attach target no_such_function_anywhere': { lines: [expect.anything(), 'no module of its package has it'], hasPresence: true },
    });

    expect(seen.cells.flatMap(({ programs }) => programs.map(({ reason }) => reason))).toEqual([
      `attach target nf_nat_packet (tracing) is ${FOUND}`,
      "attach target no_such_function_anywhere (tracing) is not in this kernel's BTF",
    ]);

    const loaded = await readInputs({ sources: [{ pattern: object, settings: { modules: ['nf_nat'] } }], directory: '/' });
    const withModule = await predictMatrix(loaded.objects, (await findKernels([KERNEL], cacheRoot())).kernels);
    expect(withModule.prediction.cells.map(({ programs }) => programs.map(({ predicted }) => predicted?.class ?? 'ok'))).toEqual([
      ['ok', 'attach-target-missing'],
    ]);
    const { cells } = await realRun([], [KERNEL], { objects: loaded.objects });
    expect(cells.flatMap(({ programs }) => programs.map(({ name, status }) => `${name} ${status}`))).toEqual([
      'in_module pass',
      'nowhere fail',
    ]);
  },
);

test('a program that is left out because a module is not loaded names the module', { timeout: 600_000 }, async () => {
  const source = `SEC("fentry/nf_nat_packet") int traced(u64 *ctx) { return 0; }
SEC("kprobe/nf_nat_packet") int probed(void *ctx) { return 0; }
SEC("tp_btf/tcp_send_reset") int built_in(u64 *ctx) { return 0; }
SEC("kprobe/no_such_function_anywhere") int nowhere(void *ctx) { return 0; }`;
  const path = await compileBpf(folder, 'supported', source);
  const supported = { autoload: 'if-supported' } as const;
  const programs = { traced: supported, probed: supported, built_in: supported, nowhere: supported };
  const { objects } = await readInputs({ sources: [{ pattern: path, settings: { programs } }], directory: '/' });
  const { cells } = await realRun([], [KERNEL], { objects });
  expect(cells.flatMap(({ programs: own }) => own.map(({ name, status, reason }) => `${name} ${status} ${reason}`))).toEqual([
    `traced skip left out: attach target nf_nat_packet is ${FOUND}`,
    `probed skip left out: attach target nf_nat_packet is ${FOUND}`,
    'built_in pass null',
    'nowhere skip left out: this kernel has no no_such_function_anywhere to attach to',
  ]);
});

test(
  'a tracepoint of a module that is not loaded is left out, predicted and refused with the name of the module',
  { timeout: 600_000 },
  async () => {
    const source = `SEC("tp/sunrpc/rpc_task_begin") int event(void *ctx) { return 0; }
SEC("raw_tp/rpc_task_begin") int raw(u64 *ctx) { return 0; }
SEC("tp") int configured(void *ctx) { return 0; }
SEC("tp/sched/no_such_event_anywhere") int nowhere(void *ctx) { return 0; }`;
    const path = await compileBpf(folder, 'tracepoints', source);
    const attach_to = 'sunrpc/rpc_task_begin';
    const only = { mode: 'attach', programs: { configured: { attach_to } } } as const;
    const supported = { autoload: 'if-supported' } as const;
    const programs = { event: supported, configured: { ...supported, attach_to }, nowhere: supported };
    const sources = [
      { pattern: path, name: 'all', settings: only },
      { pattern: path, name: 'supported', settings: { programs } },
    ];
    const { objects, problems } = await readInputs({ sources, directory: '/' });
    expect(problems).toEqual([]);
    const { prediction } = await predictMatrix(objects, (await findKernels([KERNEL], cacheRoot())).kernels);
    const where = 'in module sunrpc, which is not loaded: modules: [sunrpc]';
    const nowhere = 'tracepoint no_such_event_anywhere is not in vmlinux; no module of its package has it';
    expect(prediction.cells.map((cell) => cell.programs.map(({ name, possible }) => `${name}: ${possible?.reason ?? 'ok'}`))).toEqual([
      [...['event', 'raw', 'configured'].map((name) => `${name}: tracepoint rpc_task_begin is ${where}`), `nowhere: ${nowhere}`],
      ['event: ok', 'raw: ok', 'configured: ok', 'nowhere: ok'],
    ]);
    const { cells } = await realRun([], [KERNEL], { objects });
    expect(cells.map((cell) => cell.programs.map(({ name, status, reason }) => `${name} ${status} ${reason}`))).toEqual([
      [
        ...['event', 'raw', 'configured'].map((name) => `${name} fail tracepoint rpc_task_begin is ${where}`),
        expect.stringMatching(/^nowhere fail .*no_such_event_anywhere/),
      ],
      [
        `event skip left out: attach target sunrpc/rpc_task_begin is ${where}`,
        'raw pass null',
        `configured skip left out: attach target sunrpc/rpc_task_begin is ${where}`,
        'nowhere skip left out: this kernel has no sched/no_such_event_anywhere to attach to',
      ],
    ]);
  },
);

test('without the modules in the cache, explain says that a module may have the function, and how to add them', async () => {
  const cache = await linkedCache(join(folder, 'cache'), ['modules']);
  const said = saidIn(await explainedOffline(cache));
  expect(said['attach target nf_nat_packet']).toEqual({
    lines: ["attach target nf_nat_packet (tracing) is not in this kernel's BTF, only a module could have it"],
    hasPresence: false,
    advice: [
      'A module of these kernels may have nf_nat_packet: "corematrix kernels pull --modules debian:6.12" adds their modules to the cache, and then explain searches them.',
    ],
  });
});

const EXTERNS = {
  kfunc: {
    source: `struct nf_conn { int status; }; struct xdp_md { u32 data; }; struct bpf_sock_tuple { u32 words[3]; }; struct bpf_ct_opts { u32 words[3]; };
extern struct nf_conn *bpf_xdp_ct_lookup(struct xdp_md *ctx, struct bpf_sock_tuple *tuple, u32 size, struct bpf_ct_opts *options, u32 length) __ksym;
extern void bpf_ct_release(struct nf_conn *conn) __ksym;
SEC("xdp") int uses(struct xdp_md *ctx) { struct bpf_sock_tuple tuple = {}; struct bpf_ct_opts options = {};
  struct nf_conn *conn = bpf_xdp_ct_lookup(ctx, &tuple, sizeof(tuple), &options, sizeof(options)); if (conn) bpf_ct_release(conn); return 2; }`,
    modules: ['nf_conntrack'],
    missing: 'kfunc bpf_ct_release: in module nf_conntrack, which is not loaded: modules: [nf_conntrack]',
  },
  variable: {
    source: `struct brnf_frag_data {}; extern struct brnf_frag_data brnf_frag_data_storage __ksym;
u64 seen; SEC("raw_tp/sys_enter") int uses(void *ctx) { seen = (u64)&brnf_frag_data_storage; return 0; }`,
    modules: ['br_netfilter'],
    missing: 'kernel symbol brnf_frag_data_storage: in module br_netfilter, which is not loaded: modules: [br_netfilter]',
  },
  address: {
    source: `extern const void nf_conntrack_hash __ksym;
u64 seen; SEC("raw_tp/sys_enter") int uses(void *ctx) { seen = (u64)&nf_conntrack_hash; return 0; }`,
    modules: ['nf_conntrack'],
    missing: 'kernel symbol nf_conntrack_hash: in module nf_conntrack, which is not loaded: modules: [nf_conntrack]',
  },
} as const;

test.each(Object.entries(EXTERNS))(
  'the reason of a run names the module that has the %s of an object, and the object loads once it is loaded',
  { timeout: 600_000 },
  async (name, { source, modules, missing }) => {
    const path = await compileBpf(folder, name, `#define __ksym __attribute__((section(".ksyms")))\n${source}`);
    const seen = await realRun([path], [KERNEL]);
    expect(seen.cells.flatMap(({ programs }) => programs.map(({ reason }) => reason))).toEqual([missing]);
    const explained = await explainRun(seen, await objectsOfResults(seen), cacheRoot(), (problem) => {
      throw new Error(problem);
    });
    expect(explained.causes.flatMap(({ situations }) => situations.map(({ summary, hints }) => [summary, hints]))).toEqual([[missing, []]]);

    const { objects } = await readInputs(plainSources([path], folder));
    const { prediction } = await predictMatrix(objects, (await findKernels([KERNEL], cacheRoot())).kernels);
    const predicted = prediction.cells.flatMap(({ programs }) => programs.map(({ possible }) => possible?.reason));
    expect(predicted).toEqual([missing]);

    const loaded = await readInputs({ sources: [{ pattern: path, settings: { modules: [...modules] } }], directory: '/' });
    const { cells } = await realRun([], [KERNEL], { objects: loaded.objects });
    expect(cells.flatMap(({ programs }) => programs.map(({ status, reason }) => [status, reason]))).toEqual([['pass', null]]);
  },
);
