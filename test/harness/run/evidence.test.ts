import { expect, test } from 'vitest';
import type { Frame } from '../../../harness/guest/protocol/frames.ts';
import { toEvidence, withProgramsOf } from '../../../harness/run/evidence.ts';

const program = (name: string): Frame => ({ type: 'program', name, section: 'kprobe/x', programType: 'kprobe', autoload: true, insns: 2 });
const end: Frame = { type: 'attempt-end', reached: 'load', errno: 22, openMs: 1, loadMs: 2 };

test('frames of a response are sorted into programs and load attempts', () => {
  const frames: Frame[] = [
    program('p'),
    { type: 'attempt-begin', program: '' },
    { type: 'log', level: 'warn', text: 'libbpf: no\n' },
    end,
    { type: 'attempt-begin', program: 'p' },
    { ...end, reached: 'done', errno: 0 },
    { type: 'log', level: 'warn', text: 'libbpf: not there\n' },
    { type: 'attached', kind: 'program', errno: 2, name: 'p', detail: '' },
    { type: 'kernel-log', text: 'all is well\n' },
    { type: 'end', guestMs: 5 },
  ];
  expect(toEvidence(frames, 'console')).toEqual({
    leftOut: [],
    chosen: [],
    programs: [{ name: 'p', section: 'kprobe/x', type: 'kprobe', autoload: true, insns: 2 }],
    attempts: [
      { program: null, reached: 'load', errno: 22, openMs: 1, loadMs: 2, log: [{ level: 'warn', text: 'libbpf: no\n' }] },
      {
        program: 'p',
        reached: 'done',
        errno: 0,
        openMs: 1,
        loadMs: 2,
        log: [],
        attachments: [{ kind: 'program', name: 'p', errno: 2, detail: '', log: [{ level: 'warn', text: 'libbpf: not there\n' }] }],
      },
    ],
    kernelLog: 'all is well\n',
    console: 'console',
  });
});

test('frames of a response in an invalid order are used as far as they make sense', () => {
  const frames: Frame[] = [
    { type: 'log', level: 'debug', text: 'x' },
    { ...end, reached: 'open' },
    { type: 'attempt-begin', program: 'p' },
    program('p'),
  ];
  const { programs, attempts } = toEvidence(frames, '');
  expect([programs.length, attempts]).toEqual([
    1,
    [{ program: null, reached: 'open', errno: 22, openMs: 1, loadMs: 2, log: [{ level: 'debug', text: 'x' }] }],
  ]);
});

test('frames of a response beyond the limit of programs and load attempts are ignored', () => {
  const frames = Array.from({ length: 140_000 }, (_, index) => (index % 2 === 0 ? program(`p${index}`) : end));
  const { programs, attempts } = toEvidence(frames, '');
  expect([programs.length, attempts.length]).toEqual([65_536, 65_537]);
});

test('functions that programs are not attached to are kept with the response, up to the limit of programs', () => {
  const facts = { state: 'variant', program: 'p', function: 'f', variant: 'f.isra.0' } as const;
  expect(toEvidence([{ type: 'target', ...facts }], '').targets).toEqual([facts]);
  const frames = Array.from({ length: 70_000 }, () => ({ type: 'target', ...facts }) as const);
  expect(toEvidence(frames, '').targets).toHaveLength(65_536);
});

test('the programs of a guest count only if they are those of the object', () => {
  const evidence = toEvidence([program('p'), program('q'), end], '');
  expect(withProgramsOf(evidence, ['q', 'p'])).toBe(evidence);
  const others = [['p'], ['p', 'q', 'r'], ['p', 'p'], ['p', 'x'], []];
  expect(others.map((names) => withProgramsOf(evidence, names).programs)).toEqual([[], [], [], [], []]);
});
