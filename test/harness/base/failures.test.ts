// Tests of the texts and stages of the failure classes.
import { expect, it } from 'vitest';
import { deciderOf, FAILURE_CLASSES, FAILURES, isRelocationFailure } from '../../../harness/base/failures.ts';

it.each(FAILURE_CLASSES)('failure class %s has a title, and its meaning, evidence and help are whole sentences', (failure) => {
  const { title, meaning, evidence, help } = FAILURES[failure];
  expect(title).toMatch(/^\w.{4,40}[^.]$/);
  for (const text of [meaning, help, ...evidence]) expect(text).toMatch(/^(?:[A-Z`]|libbpf|cilium).{20,}\.$/s);
});

it('every failure class has stages, except crashes and infrastructure failures', () => {
  const without = FAILURE_CLASSES.filter((failure) => Object.keys(FAILURES[failure].stages).length === 0);
  expect(without).toMatchInlineSnapshot(`
    [
      "kernel-crash",
      "libbpf-crash",
      "loader-crash",
      "infra-boot",
      "infra-timeout",
      "infra-crash",
      "infra-splat",
      "infra-transport",
      "infra-kernel-unavailable",
    ]
  `);
});

it('failure classes of relocations are those with names that begin with core-', () => {
  expect(FAILURE_CLASSES.filter(isRelocationFailure)).toEqual(FAILURE_CLASSES.filter((failure) => failure.startsWith('core-')));
});

it('the stage of a failure decides whether BTF, the configuration or the guest shows it', () => {
  expect([
    deciderOf('attach-target-missing', 'verify'),
    deciderOf('attach-target-missing', 'attach'),
    deciderOf('kconfig-missing', 'relocate'),
    deciderOf('infra-boot', null),
  ]).toEqual(['btf', 'guest', 'configuration', 'guest']);
});
