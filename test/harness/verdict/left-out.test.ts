// Tests of the reasons of programs that the guest leaves out because the kernel lacks their type or their attach target.
import { expect, test } from 'vitest';
import type { CellEvidence, LeftOut, LoadAttempt } from '../../../harness/verdict/evidence/evidence.ts';
import { judgeCell, type JudgeInput } from '../../../harness/verdict/judge.ts';

/** Programs with `autoload: if-supported`, and the target that each lacks. */
const LACKING = [
  { section: 'fentry/nf_conntrack_in', what: 'nf_conntrack_in' },
  { section: '?fexit/nf_conntrack_in', what: 'nf_conntrack_in' },
  { section: 'tp_btf/ext4_sync_fs', what: 'ext4_sync_fs' },
  { section: 'lsm/no_such_hook', what: 'no_such_hook' },
  { section: 'raw_tp/ext4_sync_fs', what: 'ext4_sync_fs' },
  { section: 'tracepoint/ext4/ext4_sync_fs', what: 'ext4/ext4_sync_fs' },
  { section: 'tracepoint/syscalls/sys_enter_no_such', what: 'syscalls/sys_enter_no_such' },
  { section: 'kprobe/nf_conntrack_in', what: 'nf_conntrack_in' },
  { section: '?kprobe/nf_conntrack_in', what: 'nf_conntrack_in' },
  { section: 'kretprobe/nf_conntrack_in', what: 'nf_conntrack_in' },
  { section: 'uprobe//usr/lib/kprobe/lib.so:f', what: 'f' },
];
const PROGRAMS = LACKING.map(({ section }) => ({ name: section.replaceAll(/\W/g, '_'), section, type: 'kprobe', insns: 9 }));
const LEFT_OUT = LACKING.map(({ what }, at): LeftOut => ({ program: PROGRAMS[at]?.name ?? '', lacks: 'attach-target', what }));
const LOADED: LoadAttempt = { program: null, reached: 'done', errno: 0, openMs: 0, loadMs: 0, log: [] };

/** Each program with its status and reason. */
function skips(input: Partial<JudgeInput>, evidence: Partial<CellEvidence> = {}): string[] {
  const programs = PROGRAMS.map((program) => ({ ...program, autoload: false }));
  const cell: CellEvidence = { programs, leftOut: LEFT_OUT, chosen: [], attempts: [LOADED], kernelLog: '', console: '', ...evidence };
  const judged = judgeCell({ object: { programs: PROGRAMS, relocations: [], maps: [] }, evidence: cell, ...input });
  return judged.programs.map(({ status, reason }, at) => `${PROGRAMS[at]?.section} ${status}: ${reason}`);
}

test('the reason of a program that is left out names the module of its target, except for targets that no module can have', () => {
  expect(skips({ inModule: (name, use) => `in a module as ${name} (${use})` })).toMatchInlineSnapshot(`
    [
      "fentry/nf_conntrack_in skip: left out: attach target nf_conntrack_in is in a module as nf_conntrack_in (attach)",
      "?fexit/nf_conntrack_in skip: left out: attach target nf_conntrack_in is in a module as nf_conntrack_in (attach)",
      "tp_btf/ext4_sync_fs skip: left out: attach target ext4_sync_fs is in a module as btf_trace_ext4_sync_fs (attach)",
      "lsm/no_such_hook skip: left out: this kernel has no no_such_hook to attach to",
      "raw_tp/ext4_sync_fs skip: left out: attach target ext4_sync_fs is in a module as btf_trace_ext4_sync_fs (address)",
      "tracepoint/ext4/ext4_sync_fs skip: left out: attach target ext4/ext4_sync_fs is in a module as btf_trace_ext4_sync_fs (address)",
      "tracepoint/syscalls/sys_enter_no_such skip: left out: this kernel has no syscalls/sys_enter_no_such to attach to",
      "kprobe/nf_conntrack_in skip: left out: attach target nf_conntrack_in is in a module as nf_conntrack_in (address)",
      "?kprobe/nf_conntrack_in skip: left out: attach target nf_conntrack_in is in a module as nf_conntrack_in (address)",
      "kretprobe/nf_conntrack_in skip: left out: attach target nf_conntrack_in is in a module as nf_conntrack_in (address)",
      "uprobe//usr/lib/kprobe/lib.so:f skip: left out: this kernel has no f to attach to",
    ]
  `);
});

test('the reason of a program that is left out only says that the kernel lacks the target if no module with it is known', () => {
  const expected = LACKING.map(({ section, what }) => `${section} skip: left out: this kernel has no ${what} to attach to`);
  expect(skips({})).toEqual(expected);
  expect(skips({ inModule: () => null })).toEqual(expected);
});

test('a program that is not loaded by default has no reason, even if it loads alone', () => {
  const alone = { ...LOADED, program: PROGRAMS[0]?.name ?? '' };
  expect(skips({}, { leftOut: [], attempts: [LOADED, alone] }).at(0)).toBe('fentry/nf_conntrack_in skip: null');
});
