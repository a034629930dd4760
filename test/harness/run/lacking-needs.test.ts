// Tests of `if-supported` programs for which a kernel lacks more than their type and target, in real guests: predictions leave out the same.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { indexNames } from '../../../harness/bpf/btf/names.ts';
import { loaderRules } from '../../../harness/core-relo/loader.ts';
import { readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { decideBySupport } from '../../../harness/predict/chosen-alternatives.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { mustReadBtf } from '../bpf/object/samples.ts';
import { pulledBtf } from '../../kernels/pulled.ts';
import { realRun } from './real-run.ts';

const SOURCE = `
#define P(section, name) SEC(section) int name(void *ctx) { return 0; }
SEC("lsm_cgroup/socket_bind") int cgroup_hook(void *ctx) { return 1; }
P("xdp.frags", fragments) P("uprobe.s", sleeping) P("fsession/vfs_read", session)
P("kprobe.multi/vfs_open", many) P("kprobe.session/vfs_open", many_sessions) P("raw_tp/kmalloc_node", event) P("raw_tp/sched_switch", kept)
SEC("cgroup/connect_unix") int unix_socket(void *ctx) { return 1; }
`;
const STRUCT_OPS = `
struct tcp_congestion_ops { char name[16]; void (*init)(void); u32 (*ssthresh)(void); void (*cong_avoid)(void); u32 (*undo_cwnd)(void); };
SEC("struct_ops.s/start") void start(void *ctx) {}
SEC("struct_ops/threshold") u32 threshold(void *ctx) { return 2; }
SEC("struct_ops/avoid") void avoid(void *ctx) {}
SEC("struct_ops/undo") u32 undo(void *ctx) { return 2; }
SEC(".struct_ops") struct tcp_congestion_ops algorithm = {
  .name = "sleeping", .init = (void *)start, .ssthresh = (void *)threshold, .cong_avoid = (void *)avoid, .undo_cwnd = (void *)undo,
};
`;
const KERNELS = ['debian:5.10', 'debian:6.1', 'debian:6.12', 'debian:7.3'];
const IF_SUPPORTED = { autoload: 'if-supported' } as const;
const PROGRAMS = {
  cgroup_hook: { ...IF_SUPPORTED, attach_to: '/sys/fs/cgroup' },
  fragments: IF_SUPPORTED,
  sleeping: IF_SUPPORTED,
  session: IF_SUPPORTED,
  many: IF_SUPPORTED,
  many_sessions: IF_SUPPORTED,
  event: IF_SUPPORTED,
  kept: IF_SUPPORTED,
  unix_socket: IF_SUPPORTED,
};

let folder = '';
let object = '';
let structOps = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lacking-needs-'));
  object = await compileBpf(folder, 'needs', SOURCE);
  structOps = await compileBpf(folder, 'struct_ops', STRUCT_OPS);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

test(
  'an if-supported program is left out where the kernel lacks its attach type, its flag or its raw tracepoint, as predicted',
  { timeout: 600_000 },
  async () => {
    const { objects, problems } = await readInputs({
      sources: [{ pattern: object, settings: { mode: 'attach', programs: PROGRAMS } }],
      directory: '/',
    });
    expect(problems).toEqual([]);
    const { cells } = await realRun([], KERNELS, { objects });
    const leftOut = cells.map(({ status, programs }) => [
      status,
      ...programs.filter((each) => each.status === 'skip').map(({ name, reason }) => `${name} ${reason}`),
    ]);
    expect(leftOut).toMatchInlineSnapshot(`
      [
        [
          "pass",
          "cgroup_hook left out: attach type lsm_cgroup is unknown to this kernel",
          "fragments left out: this kernel has no XDP programs for packets with fragments",
          "sleeping left out: this kernel has no programs of uprobes that may sleep",
          "session left out: attach type trace_fsession is unknown to this kernel",
          "many left out: attach type trace_kprobe_multi is unknown to this kernel",
          "many_sessions left out: attach type trace_kprobe_session is unknown to this kernel",
          "unix_socket left out: attach type cgroup_unix_connect is unknown to this kernel",
        ],
        [
          "pass",
          "session left out: attach type trace_fsession is unknown to this kernel",
          "many left out: this kernel is built without attach type trace_kprobe_multi (EOPNOTSUPP)",
          "many_sessions left out: attach type trace_kprobe_session is unknown to this kernel",
          "event left out: this kernel has no kmalloc_node to attach to",
          "unix_socket left out: attach type cgroup_unix_connect is unknown to this kernel",
        ],
        [
          "pass",
          "session left out: attach type trace_fsession is unknown to this kernel",
          "event left out: this kernel has no kmalloc_node to attach to",
        ],
        [
          "pass",
          "event left out: this kernel has no kmalloc_node to attach to",
        ],
      ]
    `);
    for (const [at, selector] of KERNELS.entries()) {
      const vmlinux = indexNames(mustReadBtf(await readFile((await pulledBtf(selector)).path)));
      const types = { vmlinux, modules: [], inPackage: () => [] };
      const predicted = objects.flatMap(({ bpf }) => decideBySupport(bpf, types, loaderRules()).programs);
      expect(predicted.filter(({ autoload }) => autoload === false).map(({ name }) => name)).toEqual(
        (leftOut[at] ?? []).slice(1).map((text) => text.split(' ')[0]),
      );
    }
  },
);

test(
  'a program that some kernels do not load for its attach type or its flag fails there with the predicted reason',
  { timeout: 600_000 },
  async () => {
    const { objects, problems } = await readInputs({ sources: [{ pattern: object }, { pattern: structOps }], directory: '/' });
    expect(problems).toEqual([]);
    const { cells } = await realRun([], ['debian:5.10', 'debian:6.12'], { objects });
    const failures = cells.flatMap(({ kernel, programs }) =>
      programs.flatMap(({ name, status, predicted, reason }) =>
        status === 'fail' ? [`${/\d+\.\d+/.exec(kernel)?.[0] ?? ''} ${name} (${predicted?.status ?? ''}): ${reason ?? ''}`] : [],
      ),
    );
    expect(failures).toMatchInlineSnapshot(`
      [
        "5.10 cgroup_hook (fail): attach type lsm_cgroup is unknown to this kernel",
        "5.10 fragments (fail): this kernel has no XDP programs for packets with fragments",
        "5.10 sleeping (fail): this kernel has no programs of uprobes that may sleep",
        "5.10 session (fail): attach type trace_fsession is unknown to this kernel",
        "5.10 unix_socket (fail): attach type cgroup_unix_connect is unknown to this kernel",
        "5.10 start (fail): this kernel has no struct_ops programs that may sleep",
        "5.10 threshold (fail): this kernel has no struct_ops programs that may sleep (in program start of the same struct_ops map)",
        "5.10 avoid (fail): this kernel has no struct_ops programs that may sleep (in program start of the same struct_ops map)",
        "5.10 undo (fail): this kernel has no struct_ops programs that may sleep (in program start of the same struct_ops map)",
        "6.12 session (fail): attach type trace_fsession is unknown to this kernel",
      ]
    `);
  },
);
