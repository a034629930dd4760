// Tests of objects that are attached after the load, in real guests.
import { expect, test } from 'vitest';
import { logText } from '../../../harness/results/logs.ts';
import { configuredInputs } from './configured.ts';
import { realRun } from './real-run.ts';

test('each program is attached to the target in its section name or in the plan, and has its own verdict', async () => {
  const { objects } = await configuredInputs(
    'attach_targets',
    `    mode: attach
    programs:
      any_function: { attach_to: no_such_function }
      packet_arrives: { attach_to: eth7 }
      packet_leaves: { attach_to: /sys/fs/cgroup/none }
      on_tick: { attach_to: cpu-clock }
`,
  );
  const { cells, logs } = await realRun([], ['debian:6.12'], { objects });
  const [cell] = cells;
  const programs = cell?.programs ?? [];
  expect(programs.map(({ name, status, class: failure, reason, attached }) => [name, failure ?? status, reason ?? attached].join(' | ')))
    .toMatchInlineSnapshot(`
      [
        "function_gone | pass | true",
        "event_gone | attach-target-missing | tracepoint kmem/kmalloc_node is not an event of this kernel or of a loaded module",
        "ingress | pass | false",
        "on_exec | pass | true",
        "each_task | pass | true",
        "any_function | attach-target-missing | attach target no_such_function (kprobe) is not a function of vmlinux or of a loaded module",
        "packet_arrives | attach-target-missing | no such interface in the guest (ENODEV)",
        "nowhere | pass | false",
        "packet_leaves | attach-target-missing | the guest has no such path (ENOENT)",
        "on_lookup | pass | false",
        "on_tick | pass | true",
      ]
    `);
  expect([cell?.status, cell?.stage, cell?.class]).toEqual(['fail', 'attach', 'attach-target-missing']);
  expect(logText(logs, cell?.logs.warnings ?? null)).toContain("failed to create kprobe 'no_such_function+0x0' perf event: -ENOENT");
});

test('an attach target is an error in a mode that does not attach', async () => {
  const { problems } = await configuredInputs('attach_targets', '    programs:\n      nowhere: { attach_to: lo }\n');
  expect(problems).toMatchInlineSnapshot(`
    [
      "<folder>/corematrix.yaml:4:29: program "nowhere" is not attached by a load; add "mode: attach"",
    ]
  `);
});
