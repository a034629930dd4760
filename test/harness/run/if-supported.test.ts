// Tests of programs that are loaded only if the kernel has their attach target, in real guests.
import { expect, test } from 'vitest';
import { configuredInputs } from './configured.ts';
import { realRun } from './real-run.ts';

test('a kprobe and a tracepoint with autoload if-supported are left out on kernels without their target, and attached on others', async () => {
  const { objects, problems } = await configuredInputs(
    'attach_targets',
    `    mode: attach
    programs:
      function_gone: { autoload: if-supported }
      event_gone: { autoload: if-supported }
      any_function: { autoload: if-supported, attach_to: no_such_function }
      ingress: { autoload: false }
`,
  );
  expect(problems).toEqual([]);
  const { cells } = await realRun([], ['debian:5.10', 'debian:6.12', 'debian:7.3'], { objects });
  const summaries = cells.map(({ status, programs }) => [
    status,
    ...programs
      .filter(({ name }) => ['function_gone', 'event_gone', 'any_function'].includes(name))
      .map(({ name, status: own, attached, reason }) => `${name} ${own}: ${reason ?? (attached === true ? 'attached' : 'not attached')}`),
  ]);
  expect(summaries).toMatchInlineSnapshot(`
    [
      [
        "pass",
        "function_gone pass: attached",
        "event_gone pass: attached",
        "any_function skip: left out: this kernel has no no_such_function to attach to",
      ],
      [
        "pass",
        "function_gone pass: attached",
        "event_gone skip: left out: this kernel has no kmem/kmalloc_node to attach to",
        "any_function skip: left out: this kernel has no no_such_function to attach to",
      ],
      [
        "pass",
        "function_gone skip: left out: this kernel has no do_unlinkat to attach to",
        "event_gone skip: left out: this kernel has no kmem/kmalloc_node to attach to",
        "any_function skip: left out: this kernel has no no_such_function to attach to",
      ],
    ]
  `);
});
