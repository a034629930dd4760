// Reasons that name a function, and what the guest and the modules of the kernel say about it.
import { expect, test } from 'vitest';
import { textRecords } from '../../../harness/logs/libbpf/lines.ts';
import type { CellEvidence, LeftOut } from '../../../harness/verdict/evidence/evidence.ts';
import { type JudgeInput, judgeCell } from '../../../harness/verdict/judge.ts';
import { functionFaultOf, isAboutSymbols, targetReason } from '../../../harness/verdict/rules/attach.ts';
import { isAboutSetting, NEEDS_TARGET_PROGRAM } from '../../../harness/verdict/rules/object.ts';

type Targets = NonNullable<CellEvidence['targets']>;
const NOTRACE = { state: 'notrace', program: '', function: 'f', variant: '' } as const satisfies Targets[number];
const OTHER = { ...NOTRACE, function: 'other.part', state: 'inlined' } as const satisfies Targets[number];

const OBJECT = { programs: [{ name: 'p', section: 'kprobe/f', type: 'kprobe', insns: 9 }], relocations: [], maps: [] };
const BASE: CellEvidence = { programs: [], leftOut: [], chosen: [], attempts: [], kernelLog: '', console: '' };

function verdictOf(evidence: Partial<CellEvidence>, more: Partial<JudgeInput> = {}): string {
  const { stage, class: failure, reason } = judgeCell({ object: OBJECT, evidence: { ...BASE, ...evidence }, ...more });
  return `${stage} ${failure}: ${reason}`;
}

/** The verdict of a loader that prints this message of libbpf. */
function loaderSays(message: string, targets: Targets): string {
  const stderr = `libbpf: ${message}\n`;
  const attempt = { program: null, reached: 'load', errno: 0, openMs: 0, loadMs: 5, log: textRecords(stderr) } as const;
  return verdictOf({ attempts: [attempt], command: { end: 'exited', value: 1, stdout: '', stderr }, targets });
}

const CANNOT = 'function f is notrace: this kernel has it, but lets no program attach to it';

test.each([
  ["prog 'p': failed to create kprobe 'f+0x0' perf event: -EINVAL", `attach attach-failed: ${CANNOT}`],
  ["prog 'p': failed to create kretprobe 'f+0x0' perf event: -EINVAL", `attach attach-failed: ${CANNOT}`],
  ["failed to add legacy kprobe event for 'f+0x0': -EINVAL", `attach attach-failed: ${CANNOT}`],
  [
    "prog 'p': failed to create kprobe 'other.part+0x0' perf event: -EINVAL",
    'attach attach-target-missing: function other.part has no symbol: BTF has it, kallsyms does not',
  ],
  [
    "failed to add legacy kprobe event for 'other.part+0x0': -EINVAL",
    'attach attach-target-missing: function other.part has no symbol: BTF has it, kallsyms does not',
  ],
])('a loader that prints "%s" has what the guest found about this function as its reason', (message, expected) => {
  expect(loaderSays(message, [NOTRACE, OTHER])).toBe(expected);
});

test.each([
  ["prog 'p': failed to create kprobe 'third+0x0' perf event: -EINVAL", 'attach-failed'],
  ["prog 'p': failed to create kprobe 'f+0x0' perf event: -EPERM", 'permission'],
  ["prog 'p': failed to create uprobe 'f:0x0' perf event: -EINVAL", 'attach-failed'],
])('a loader that prints "%s" has this message as its reason', (message, failure) => {
  expect(loaderSays(message, [NOTRACE, OTHER])).toBe(`attach ${failure}: ${message}`);
});

test('a loader that fails at a function that can be traced has the message of libbpf as its reason', () => {
  const message = "prog 'p': failed to create kprobe 'f+0x0' perf event: -EINVAL";
  expect(loaderSays(message, [{ ...NOTRACE, state: 'traceable' }])).toBe(`attach attach-failed: ${message}`);
});

test('a missing attach target has the type of its program and its module as the reason', () => {
  const asked: string[] = [];
  const inModule = (name: string, use: string) => {
    asked.push(`${name} ${use}`);
    return use === 'address' ? 'a function of module m' : null;
  };
  const facts = { state: 'absent', program: '', function: 'f', variant: '' } as const;
  expect(['kprobe', 'tracing', null].map((kind) => targetReason(facts, kind, inModule))).toEqual([
    'attach target f (kprobe) is a function of module m',
    'attach target f (tracing) is not a function of vmlinux or of a loaded module',
    'attach target f is not a function of vmlinux or of a loaded module',
  ]);
  expect(asked).toEqual(['f address', 'f attach', 'f attach']);
});

test('a reason about a function has its fault, and other reasons have none', () => {
  const about = (state: 'notrace' | 'variant' | 'inlined', variant = '') =>
    targetReason({ state, program: '', function: 'f', variant }, null) ?? '';
  const reasons = [
    about('notrace'),
    about('variant', 'f.isra.0'),
    about('variant', 'f.part.0'),
    about('inlined'),
    `the ${about('inlined')}`,
    `the ${about('notrace')}`,
    `the ${about('variant', 'f.isra.0')}`,
    'something else',
  ];
  const faults = ['notrace', 'other-symbol', 'no-symbol', 'no-symbol', null, null, null, null];
  expect(reasons.map(functionFaultOf)).toEqual(faults);
  expect([...reasons, null].map(isAboutSymbols)).toEqual([false, true, true, true, false, false, false, false, false]);
});

test('only the reason of a refused setting is about a setting', () => {
  const reasons = ['libbpf refuses a setting of the configuration: x', 'libbpf refuses the object', null];
  expect(reasons.map(isAboutSetting)).toEqual([true, false, false]);
});

test.each([
  ["extern 'CONFIG_X' (strong): not resolved", []],
  ["extern 'value' (strong): not resolved", ['value address']],
  ["extern (var ksym) 'value': not found in kernel BTF", ['value variable']],
  ["extern (func ksym) 'value': not found in kernel or module BTFs", ['value kfunc']],
  ["extern (func ksym) 'value': func_proto [1] incompatible with vmlinux [2]", []],
])('the message "%s" asks the modules only for what can be in one', (message, expected) => {
  const asked: string[] = [];
  const inModule = (name: string, use: string) => {
    asked.push(`${name} ${use}`);
    return 'in module m';
  };
  const attempt = {
    program: null,
    reached: 'prepare',
    errno: 3,
    openMs: 0,
    loadMs: 0,
    log: textRecords(`<0>libbpf: ${message}\n`),
  } as const;
  expect(verdictOf({ attempts: [attempt] }, { inModule }).endsWith('in module m')).toBe(expected.length > 0);
  expect(asked).toEqual(expected);
});

test('a program that is left out has what the guest found about its function as its reason', () => {
  const programs = [{ name: 'p', section: 'kprobe/f', type: 'kprobe', autoload: true, insns: 9 }];
  const leftOut: LeftOut[] = [{ program: 'p', lacks: 'attach-target', what: 'f' }];
  const attempts = [{ program: null, reached: 'done', errno: 0, openMs: 0, loadMs: 0, log: [] }] satisfies CellEvidence['attempts'];
  const reason = (targets?: Targets) =>
    judgeCell({ object: OBJECT, evidence: { ...BASE, programs, leftOut, attempts, ...(targets && { targets }) } }).programs[0]?.reason;
  const own = { ...NOTRACE, program: 'p' };
  const none = 'left out: this kernel has no f to attach to';
  expect([
    reason(),
    reason([NOTRACE]),
    reason([{ ...own, state: 'absent' }]),
    reason([{ ...own, state: 'traceable' }]),
    reason([OTHER, { ...own, state: 'absent' }, own]),
  ]).toEqual([none, none, none, none, `left out: ${CANNOT}`]);
});

test('a freplace program without a target is refused with advice', () => {
  const text = "<0>libbpf: prog 'p': attach program FD is not set\n<0>libbpf: prog 'p': failed to load: -EINVAL\n";
  const attempt = { program: null, reached: 'load', errno: 22, openMs: 0, loadMs: 0, log: textRecords(text) } as const;
  expect(verdictOf({ attempts: [attempt] })).toBe(`verify object-invalid: ${NEEDS_TARGET_PROGRAM}`);
});

test('the message about a symbol without a section has the name of the symbol, if the object has it', () => {
  const said = "sec '.relxdp': corrupted symbol #4 pointing to invalid section #65522 for relo #0";
  const attempt = { program: null, reached: 'open', errno: 22, openMs: 0, loadMs: 0, log: textRecords(`<0>libbpf: ${said}\n`) } as const;
  const reasons = [{}, { symbolName: (index: number) => (index === 4 ? 'seen' : null) }].map((more) =>
    verdictOf({ attempts: [attempt] }, more),
  );
  const isNamed = reasons.map((reason) => reason.includes("variable 'seen' has no section"));
  expect([isNamed, reasons[0]?.includes(said)]).toEqual([[false, true], true]);
});

test('a missing struct_ops type is asked from the modules by the name of its value', () => {
  const text = '<0>libbpf: struct_ops init_kern s: struct bpf_struct_ops_tcp_x is not found in kernel BTF\n';
  const attempt = { program: null, reached: 'load', errno: 95, openMs: 0, loadMs: 0, log: textRecords(text) } as const;
  const inModule = (name: string, use: string) => `in a module as ${name} (${use})`;
  expect(verdictOf({ attempts: [attempt] }, { inModule })).toBe(
    'relocate attach-target-missing: struct_ops type tcp_x is in a module as bpf_struct_ops_tcp_x (struct-ops)',
  );
});

test('only the whole message about an address asks what the guest found about its function', () => {
  const target: Targets[number] = { state: 'absent', program: '', function: 'ff', variant: '' };
  const programs = [{ name: 'p', section: 'fentry/ff', type: 'tracing', autoload: true, insns: 9 }];
  const said = (message: string) => {
    const text = `libbpf: prog 'p': BPF program load failed: -ENOENT\nlibbpf: prog 'p': -- BEGIN PROG LOAD LOG --\n${message}\n-- END PROG LOAD LOG --\n`;
    const log = textRecords(`${text}libbpf: prog 'p': failed to load: -ENOENT\n`);
    const attempt = { program: null, reached: 'load', errno: 2, openMs: 0, loadMs: 0, log } as const;
    return verdictOf({ programs, attempts: [attempt], targets: [target] });
  };
  const message = 'The address of function ff cannot be found';
  expect([said(message), said(`Sorry. ${message}`), said(`${message} here`)]).toMatchInlineSnapshot(`
    [
      "verify attach-target-missing: attach target ff (tracing) is not a function of vmlinux or of a loaded module",
      "verify unknown: verifier: Sorry. The address of function ff cannot be found",
      "verify unknown: verifier: The address of function ff cannot be found here",
    ]
  `);
});
