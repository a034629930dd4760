// The catalogue of failure classes as a reader meets it.
import { expect, it } from 'vitest';
import { deciderOf, FAILURE_CLASSES, FAILURES, isRelocationFailure } from '../../../harness/base/failures.ts';

it.each(FAILURE_CLASSES)('%s has a title, and whole sentences for what it means, how it is decided and what to do', (failure) => {
  const { title, meaning, evidence, help } = FAILURES[failure];
  expect(title).toMatch(/^\w.{4,40}[^.]$/);
  for (const text of [meaning, help, ...evidence]) expect(text).toMatch(/^(?:[A-Z`]|libbpf|cilium).{20,}\.$/s);
});

it('has a stage for every failure that a load shows at one, and none for a machine that failed or a crash', () => {
  const without = FAILURE_CLASSES.filter((failure) => Object.keys(FAILURES[failure].stages).length === 0);
  expect(without).toMatchInlineSnapshot(`
    [
      "kernel-crash",
      "libbpf-crash",
      "infra-boot",
      "infra-timeout",
      "infra-crash",
      "infra-splat",
      "infra-transport",
      "infra-kernel-unavailable",
    ]
  `);
});

it('failures of relocations are those whose names begin with core-', () => {
  expect(FAILURE_CLASSES.filter(isRelocationFailure)).toEqual(FAILURE_CLASSES.filter((failure) => failure.startsWith('core-')));
});

it('what decides a failure depends on its stage', () => {
  expect([
    deciderOf('attach-target-missing', 'verify'),
    deciderOf('attach-target-missing', 'attach'),
    deciderOf('kconfig-missing', 'relocate'),
    deciderOf('infra-boot', null),
  ]).toEqual(['btf', 'guest', 'configuration', 'guest']);
});
