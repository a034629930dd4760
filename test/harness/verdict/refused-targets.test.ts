// Tests of which reasons are about an attach target that the kernel has, but refuses.
import { expect, test } from 'vitest';
import { isAboutRefusedTarget } from '../../../harness/verdict/rules/attach.ts';

test('a missing attach target is a refused one if the reason has the words of the verifier', () => {
  const refused = 'verifier: func_proto of do_exit is not compatible with the program';
  expect([
    isAboutRefusedTarget('attach-target-missing', refused),
    isAboutRefusedTarget('attach-target-missing', "attach target do_exit (tracing) is not in this kernel's BTF"),
    isAboutRefusedTarget('attach-target-missing', 'the kernel has words after verifier: '),
    isAboutRefusedTarget('attach-target-missing', null),
    isAboutRefusedTarget('verifier-rejected', refused),
  ]).toEqual([true, false, false, false, false]);
});
