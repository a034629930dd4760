// Tests of struct_ops maps that are not created: with their maps, libbpf leaves out their programs, and a run and a prediction say so.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ObjectSettings } from '../../../harness/plan/object-settings/setting-table.ts';
import { plainSources, readInputs } from '../../../harness/plan/inputs/inputs.ts';
import type { Results } from '../../../harness/results/schema.ts';
import { ensureAgent } from '../../../harness/setup/agent.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { realRun } from './real-run.ts';

/** The program `avoid` may sleep, which kernels before 6.3 refuse; `threshold` is in both maps. */
const source = (first: string, second: string) => `
struct tcp_congestion_ops { void (*cong_avoid)(void); u32 (*ssthresh)(void); u32 (*undo_cwnd)(void); char name[16]; };
SEC("struct_ops.s") void sleeps(u64 *ctx) {}
SEC("struct_ops") void avoid(u64 *ctx) {}
SEC("struct_ops") u32 threshold(u64 *ctx) { return 2; }
SEC("struct_ops") u32 undo(u64 *ctx) { return 2; }
SEC("struct_ops") u32 undo_other(u64 *ctx) { return 2; }
SEC("raw_tp/sched_switch") int other(u64 *ctx) { return 0; }
SEC("${first}") struct tcp_congestion_ops sleepy = { .cong_avoid = (void *)sleeps, .ssthresh = (void *)threshold, .undo_cwnd = (void *)undo, .name = "sleepy" };
SEC("${second}") struct tcp_congestion_ops plain = { .cong_avoid = (void *)avoid, .ssthresh = (void *)threshold, .undo_cwnd = (void *)undo_other, .name = "plain" };
`;

let folder = '';
let optional = '';
let linked = '';
let both = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'optional-struct-ops-'));
  optional = await compileBpf(folder, 'optional', source('?.struct_ops', '.struct_ops'));
  linked = await compileBpf(folder, 'linked', source('?.struct_ops.link', '.struct_ops.link'));
  both = await compileBpf(folder, 'both', source('.struct_ops', '.struct_ops'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** One line for each program that did not pass, and for each whose prediction disagrees. */
function unlikePass({ cells }: Results): string[] {
  return cells.flatMap(({ kernel, object, programs }) =>
    programs.flatMap(({ name, status, reason, predicted }) => {
      const wrong = predicted?.agrees === false ? ' NOT AS PREDICTED' : '';
      const line = `${/\d+\.\d+/.exec(kernel)?.[0] ?? ''} ${object} ${name} ${status}: ${reason ?? ''}${wrong}`;
      return status === 'pass' && wrong === '' ? [] : [line];
    }),
  );
}

test(
  'libbpf loads a program of struct_ops maps if one of these maps is created, whatever autoload says, and the run names the map',
  { timeout: 600_000 },
  async () => {
    const named = (name: string, pattern: string, settings: ObjectSettings) => ({ pattern, name, settings });
    const { objects, problems } = await readInputs({
      sources: [
        { pattern: optional },
        named('asked', optional, { maps: { sleepy: { autocreate: 'if-supported' } } }),
        named('asked_linked', linked, { maps: { plain: { autocreate: 'if-supported' } } }),
        named('switched_on', optional, { maps: { sleepy: { autocreate: true } }, programs: { undo: { autoload: false } } }),
        named('switched_off', both, { maps: { sleepy: { autocreate: false } }, programs: { undo: { autoload: true } } }),
      ],
      directory: '/',
    });
    expect(problems).toEqual([]);
    expect(unlikePass(await realRun([], ['debian:6.1', 'debian:6.12'], { objects }))).toMatchInlineSnapshot(`
      [
        "6.1 optional.bpfel sleeps skip: left out: struct_ops map sleepy is not created: section ?.struct_ops turns it off",
        "6.1 optional.bpfel undo skip: left out: struct_ops map sleepy is not created: section ?.struct_ops turns it off",
        "6.1 asked sleeps skip: left out: struct_ops map sleepy is not created: this kernel has no struct_ops programs that may sleep",
        "6.1 asked undo skip: left out: struct_ops map sleepy is not created: this kernel has no struct_ops programs that may sleep",
        "6.1 asked_linked sleeps skip: left out: struct_ops map sleepy is not created: section ?.struct_ops.link turns it off",
        "6.1 asked_linked avoid skip: left out: struct_ops map plain is not created: this kernel has no links of struct_ops maps, which SEC(".struct_ops.link") needs",
        "6.1 asked_linked threshold skip: left out: struct_ops map sleepy is not created: section ?.struct_ops.link turns it off",
        "6.1 asked_linked undo skip: left out: struct_ops map sleepy is not created: section ?.struct_ops.link turns it off",
        "6.1 asked_linked undo_other skip: left out: struct_ops map plain is not created: this kernel has no links of struct_ops maps, which SEC(".struct_ops.link") needs",
        "6.1 switched_on sleeps fail: this kernel has no struct_ops programs that may sleep",
        "6.1 switched_on threshold fail: this kernel has no struct_ops programs that may sleep (in program sleeps of the same struct_ops map)",
        "6.1 switched_on undo fail: this kernel has no struct_ops programs that may sleep (in program sleeps of the same struct_ops map)",
        "6.1 switched_off sleeps skip: left out: struct_ops map sleepy is not created: autocreate: false",
        "6.1 switched_off undo skip: left out: struct_ops map sleepy is not created: autocreate: false",
        "6.12 optional.bpfel sleeps skip: left out: struct_ops map sleepy is not created: section ?.struct_ops turns it off",
        "6.12 optional.bpfel undo skip: left out: struct_ops map sleepy is not created: section ?.struct_ops turns it off",
        "6.12 asked_linked sleeps skip: left out: struct_ops map sleepy is not created: section ?.struct_ops.link turns it off",
        "6.12 asked_linked undo skip: left out: struct_ops map sleepy is not created: section ?.struct_ops.link turns it off",
        "6.12 switched_off sleeps skip: left out: struct_ops map sleepy is not created: autocreate: false",
        "6.12 switched_off undo skip: left out: struct_ops map sleepy is not created: autocreate: false",
      ]
    `);
  },
);

test(
  'a struct_ops map in a section that a release of libbpf does not know sets no program, in a guest as predicted',
  { timeout: 600_000 },
  async () => {
    const loader = 'libbpf@1.1';
    const { objects } = await readInputs(plainSources([optional, linked], folder), { loaders: [loader] });
    const otherAgents = new Map([[loader, await ensureAgent({ onNote: () => {}, release: '1.1' })]]);
    expect(unlikePass(await realRun([], ['debian:6.12'], { objects, otherAgents }))).toMatchInlineSnapshot(`
      [
        "6.12 optional.bpfel+libbpf-1.1 sleeps fail: missing BPF prog type, check ELF section name 'struct_ops.s'",
        "6.12 optional.bpfel+libbpf-1.1 undo fail: libbpf skips struct_ops map sleepy in section ?.struct_ops, which only libbpf 1.4 and newer know, so no map sets the program",
        "6.12 linked.bpfel+libbpf-1.1 sleeps fail: missing BPF prog type, check ELF section name 'struct_ops.s'",
        "6.12 linked.bpfel+libbpf-1.1 avoid fail: libbpf skips struct_ops map plain in section .struct_ops.link, which only libbpf 1.2 and newer know, so no map sets the program",
        "6.12 linked.bpfel+libbpf-1.1 threshold fail: libbpf skips struct_ops map plain in section .struct_ops.link, which only libbpf 1.2 and newer know, so no map sets the program",
        "6.12 linked.bpfel+libbpf-1.1 undo fail: libbpf skips struct_ops map sleepy in section ?.struct_ops.link, which only libbpf 1.4 and newer know, so no map sets the program",
        "6.12 linked.bpfel+libbpf-1.1 undo_other fail: libbpf skips struct_ops map plain in section .struct_ops.link, which only libbpf 1.2 and newer know, so no map sets the program",
      ]
    `);
  },
);

test(
  'a kernel before 6.4 does not create a struct_ops map that a link registers, in a guest as predicted',
  { timeout: 600_000 },
  async () => {
    expect(unlikePass(await realRun([linked], ['debian:6.1']))).toMatchInlineSnapshot(`
      [
        "6.1 linked.bpfel sleeps skip: left out: struct_ops map sleepy is not created: section ?.struct_ops.link turns it off",
        "6.1 linked.bpfel avoid fail: map 'plain' (struct_ops): cannot be created: EINVAL: this kernel has no links of struct_ops maps, which SEC(".struct_ops.link") needs",
        "6.1 linked.bpfel threshold fail: map 'plain' (struct_ops): cannot be created: EINVAL: this kernel has no links of struct_ops maps, which SEC(".struct_ops.link") needs",
        "6.1 linked.bpfel undo skip: left out: struct_ops map sleepy is not created: section ?.struct_ops.link turns it off",
        "6.1 linked.bpfel undo_other fail: map 'plain' (struct_ops): cannot be created: EINVAL: this kernel has no links of struct_ops maps, which SEC(".struct_ops.link") needs",
      ]
    `);
  },
);
