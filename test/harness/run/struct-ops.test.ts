// Tests of a struct_ops map one of whose programs fails: the programs of the map fail with it, other programs do not.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openKernels } from '../../../harness/explain/kernel-cache.ts';
import { explain } from '../../../harness/explain/explain.ts';
import { failuresByPrediction } from '../../../harness/explain/sources.ts';
import { plainSources, readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { offlineKernels } from '../../kernels/pulled.ts';
import { compiled } from '../explain/predicted.ts';
import { ensureAgent } from '../../../harness/setup/agent.ts';
import { realRun } from './real-run.ts';

/** Linux 5.10 has two arguments where `control` reads the third. */
const SOURCE = `#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
typedef __u64 u64;
struct tcp_congestion_ops { void (*cong_avoid)(void); unsigned int (*ssthresh)(void); unsigned int (*undo_cwnd)(void); void (*cong_control)(void); char name[16]; };
u64 seen;
SEC("struct_ops") int avoid(u64 *ctx) { return 0; }
SEC("struct_ops") int threshold(u64 *ctx) { return 10; }
SEC("struct_ops") int undo(u64 *ctx) { return 10; }
SEC("struct_ops") int control(u64 *ctx) { seen = ctx[2]; return 0; }
SEC("raw_tp/sched_switch") int other(u64 *ctx) { return 0; }
SEC(".struct_ops") struct tcp_congestion_ops mine = { .cong_avoid = (void *)avoid, .ssthresh = (void *)threshold, .undo_cwnd = (void *)undo, .cong_control = (void *)control, .name = "mine" };
char LICENSE[] SEC("license") = "GPL";
`;

/** A member that Linux 5.10 lacks, of a program that fails besides. */
const LACKING = SOURCE.replaceAll('cong_control', 'gone_member');

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'struct-ops-test-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

test(
  'a program of a struct_ops map fails with the map, another program does not, in a guest as predicted',
  { timeout: 600_000 },
  async () => {
    const [path = ''] = await compiled(folder, { ops: SOURCE });
    const { cells } = await realRun([path], ['debian:5.10']);
    const statuses = cells[0]?.programs.map(({ name, status, class: failure }) => [name, failure ?? status]);
    expect(statuses).toEqual([
      ['avoid', 'verifier-rejected'],
      ['threshold', 'verifier-rejected'],
      ['undo', 'verifier-rejected'],
      ['control', 'verifier-rejected'],
      ['other', 'pass'],
    ]);
    const reasons = cells[0]?.programs.flatMap(({ name, reason }) => (reason === null ? [] : [`${name}: ${reason}`]));
    expect(reasons).toMatchInlineSnapshot(`
      [
        "avoid: verifier: func 'cong_control' doesn't have 3-th argument; invalid bpf_context access off=16 size=8 at insn 0 (in program control of the same struct_ops map)",
        "threshold: verifier: func 'cong_control' doesn't have 3-th argument; invalid bpf_context access off=16 size=8 at insn 0 (in program control of the same struct_ops map)",
        "undo: verifier: func 'cong_control' doesn't have 3-th argument; invalid bpf_context access off=16 size=8 at insn 0 (in program control of the same struct_ops map)",
        "control: verifier: func 'cong_control' doesn't have 3-th argument; invalid bpf_context access off=16 size=8 at insn 0",
      ]
    `);
    expect(cells[0]?.programs.filter(({ predicted }) => predicted?.agrees !== true)).toEqual([]);
    const cache = openKernels(
      (await offlineKernels(['debian:5.10', 'debian:6.12'])).filter(({ id }) => id !== ''),
      () => {},
    );
    const { objects } = await readInputs(plainSources([path], folder));
    const { failures, recordsOf } = await failuresByPrediction(objects, cache);
    const { causes } = await explain(failures, objects, cache, recordsOf);
    const shown = causes.map(({ subject, places, situations }) => ({
      subject,
      programs: places.map(({ object, program }) => `${basename(object)}/${program}`),
      hints: situations.flatMap(({ hints }) => hints.slice(0, 1)),
    }));
    expect(shown).toEqual([
      {
        subject: 'argument 3 of struct_ops member tcp_congestion_ops.cong_control',
        programs: ['ops/avoid', 'ops/threshold', 'ops/undo', 'ops/control'],
        hints: ['prototype here: (struct sock *, const struct rate_sample *)'],
      },
    ]);
  },
);

test(
  'libbpf 1.1 loads a program without the struct_ops maps of its object, and needs every member of a map, in a guest as predicted',
  { timeout: 600_000 },
  async () => {
    const loader = 'libbpf@1.1';
    const paths = await compiled(folder, { refused: SOURCE, lacking: LACKING });
    const { objects } = await readInputs(plainSources(paths, folder), { loaders: [loader] });
    const otherAgents = new Map([[loader, await ensureAgent({ onNote: () => {}, release: '1.1' })]]);
    const { cells } = await realRun([], ['debian:5.10'], { objects, otherAgents });
    const verdicts = cells.flatMap(({ object, programs }) =>
      programs.map(({ name, status, class: failure }) => `${object} ${name} ${failure ?? status}`),
    );
    expect(verdicts).toMatchInlineSnapshot(`
      [
        "lacking+libbpf-1.1 avoid attach-target-missing",
        "lacking+libbpf-1.1 threshold attach-target-missing",
        "lacking+libbpf-1.1 undo attach-target-missing",
        "lacking+libbpf-1.1 control attach-target-missing",
        "lacking+libbpf-1.1 other attach-target-missing",
        "refused+libbpf-1.1 avoid pass",
        "refused+libbpf-1.1 threshold pass",
        "refused+libbpf-1.1 undo pass",
        "refused+libbpf-1.1 control verifier-rejected",
        "refused+libbpf-1.1 other pass",
      ]
    `);
    expect(cells.flatMap(({ programs }) => programs).filter(({ predicted }) => predicted?.agrees !== true)).toEqual([]);
  },
);

/** A member that no kernel has, of a struct with a flavor, and a program that may sleep. */
const FLAVORED = SOURCE.replaceAll('tcp_congestion_ops', 'tcp_congestion_ops___mine');
const SETS_UNKNOWN = FLAVORED.replaceAll('cong_control', 'no_such_member');
const SLEEPING = SOURCE.replace('SEC("struct_ops") int undo', 'SEC("struct_ops.s") int undo');
const NO_POINTER = SOURCE.replace('void (*cong_control)(void)', 'void *cong_control');

test(
  'flavors, members that no kernel has, programs that sleep and members that are no functions fail in each release of libbpf as predicted',
  { timeout: 600_000 },
  async () => {
    const loader = 'libbpf@1.1';
    const paths = await compiled(folder, { flavored: FLAVORED, sets_unknown: SETS_UNKNOWN, sleeping: SLEEPING, no_pointer: NO_POINTER });
    const { objects } = await readInputs(plainSources(paths, folder), { loaders: [loader, 'libbpf@default'] });
    const otherAgents = new Map([[loader, await ensureAgent({ onNote: () => {}, release: '1.1' })]]);
    const { cells } = await realRun([], ['debian:6.12'], { objects, otherAgents });
    const verdicts = cells.map(({ object, programs }) => {
      const undo = programs.find(({ name }) => name === 'undo');
      return `${object} ${undo?.reason ?? undo?.status ?? ''} (predicted ${undo?.predicted?.status ?? ''})`;
    });
    expect(verdicts).toMatchInlineSnapshot(`
      [
        "flavored+libbpf-1.1 struct_ops type tcp_congestion_ops___mine is not in this kernel's BTF (predicted fail)",
        "flavored pass (predicted unknown)",
        "no_pointer+libbpf-1.1 libbpf cannot open the object: struct_ops reloc mine: cannot relocate non func ptr cong_control (predicted fail)",
        "no_pointer libbpf cannot open the object: struct_ops reloc mine: cannot relocate non func ptr cong_control (predicted fail)",
        "sets_unknown+libbpf-1.1 struct_ops type tcp_congestion_ops___mine is not in this kernel's BTF (predicted fail)",
        "sets_unknown struct_ops member no_such_member (map mine) is not in this kernel's BTF (predicted fail)",
        "sleeping+libbpf-1.1 libbpf cannot open the object: struct_ops reloc mine: prog undo is not struct_ops BPF program (predicted fail)",
        "sleeping pass (predicted unknown)",
      ]
    `);
    expect(cells.flatMap(({ programs }) => programs).filter(({ predicted }) => predicted?.agrees === false)).toEqual([]);
  },
);
