// Objects that are attached after the load, in real guests.
import { dirname, join, relative } from 'node:path';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { loadConfig } from '../../../harness/config/load.ts';
import { readInputs } from '../../../harness/run/inputs.ts';
import { objectSources } from '../../../harness/run/object-sources.ts';
import { logText } from '../../../harness/results/logs.ts';
import { realRun, sample } from './real-run.ts';

/** The object of a configuration that says only how to attach it. */
async function inputsOf(object: string, settings: string) {
  const folder = await mkdtemp(join(tmpdir(), 'attach-'));
  try {
    const file = join(folder, 'corematrix.yaml');
    await writeFile(file, `objects:\n  - path: ${relative(folder, sample(object))}\n${settings}`);
    const { objects, problems } = await readInputs(objectSources(await loadConfig(file), dirname(file)));
    return { objects, problems: problems.map((problem) => problem.replaceAll(folder, '<folder>')) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('each program is attached to what its section or the plan says, and has its own verdict', async () => {
  const { objects } = await inputsOf(
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
      "event_gone | attach-target-missing | failed to create tracepoint 'kmem/kmalloc_node' perf event: -ENOENT",
      "ingress | pass | false",
      "on_exec | pass | true",
      "each_task | pass | true",
      "any_function | attach-target-missing | failed to create kprobe 'no_such_function+0x0' perf event: -ENOENT",
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

test('a target is an error where nothing is attached', async () => {
  const { problems } = await inputsOf('attach_targets', '    programs:\n      nowhere: { attach_to: lo }\n');
  expect(problems).toMatchInlineSnapshot(`
    [
      "<folder>/corematrix.yaml:4:29: program "nowhere" is not attached by a load; say "mode: attach" too",
    ]
  `);
});
