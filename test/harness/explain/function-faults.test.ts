// Advice on functions to which no program can be attached: each reason that the guest's lists give has its own.
import { expect, test } from 'vitest';
import { adviceByReason } from '../../../harness/explain/advice.ts';
import { notReachedAfter } from '../../../harness/explain/not-reached.ts';
import { functionFaultOf, targetReason } from '../../../harness/verdict/rules/attach.ts';

test.each([
  ['notrace', '', 'notrace', /that the kernel traces/],
  ['init', '', 'init', /only while the kernel boots/],
  ['variant', 'f.isra.0', 'other-symbol', /has another symbol/],
  ['variant', 'f.part.0', 'no-symbol', /no symbol of its own/],
  ['inlined', '', 'no-symbol', /no symbol of its own/],
] as const)('the advice on a function that the guest lists as %s %s is about its fault', (state, variant, fault, advice) => {
  const reason = targetReason({ program: 'p', function: 'f', state, variant }, 'kprobe') ?? '';
  expect(functionFaultOf(reason)).toBe(fault);
  expect(adviceByReason(state === 'notrace' || state === 'init' ? 'attach-failed' : 'attach-target-missing', reason)).toMatch(advice);
});

test('a function that only older results call inlined keeps its advice', () => {
  const reason = 'function f was inlined everywhere: BTF has it, kallsyms does not';
  expect(adviceByReason('attach-target-missing', reason)).toMatch(/no symbol of its own/);
});

test('a function that the kernel lacks has no fault of its own', () => {
  const reason = targetReason({ program: 'p', function: 'f', state: 'absent', variant: '' }, 'kprobe') ?? '';
  expect(functionFaultOf(reason)).toBeNull();
});

test('a load that ends at a function without a symbol reached the kernel, but not the verifier; an attachment checked everything', () => {
  const reason = targetReason({ program: 'p', function: 'f', state: 'variant', variant: 'f.isra.0' }, 'tracing') ?? '';
  const refused = 'the verifier, because the kernel refuses the program before verification';
  expect(notReachedAfter('attach-target-missing', 'verify', reason)).toBe(refused);
  expect(notReachedAfter('attach-target-missing', 'attach', reason)).toBeNull();
});
