// Tests of the loader program with cilium/ebpf: it loads objects in real guests, and its verdicts are about the same things as libbpf's.
import { expect, test } from 'vitest';
import { plainSources, readInputs } from '../../../harness/plan/inputs/inputs.ts';
import type { Results } from '../../../harness/results/schema.ts';
import { ensureAgents } from '../../../harness/cli/agents.ts';
import { realRun, sample } from '../run/real-run.ts';
import { goIsMissing } from './toolchains.ts';

const LOADERS = ['cilium@0.22', 'cilium@0.17'];

async function run(patterns: readonly string[], kernels: readonly string[], loaders: readonly string[] = LOADERS): Promise<Results> {
  const { objects, problems } = await readInputs(plainSources(patterns, '.'), { loaders });
  expect(problems).toEqual([]);
  const { otherAgents } = await ensureAgents(objects, {}, () => {});
  return realRun([], kernels, { objects, otherAgents });
}

/** The verdict on each program: `task_state+cilium-0.22/old_name 6.12 fail core-field-missing: the reason`. */
function verdicts({ cells, kernels }: Results): string[] {
  const series = new Map(kernels.map(({ id, series: name }) => [id, name]));
  return cells.flatMap(({ kernel, object, programs }) =>
    programs.map(({ name, status, class: failure, reason }) =>
      [`${object}/${name}`, series.get(kernel), status, failure === null ? '' : `${failure}: ${reason}`].join(' ').trim(),
    ),
  );
}

test.skipIf(goIsMissing)(
  'both releases of cilium/ebpf give each program of an object its own verdict, with the relocation that failed',
  async () => {
    const results = await run([sample('task_state')], ['debian:5.10', 'debian:6.12']);
    expect(verdicts(results)).toMatchInlineSnapshot(`
      [
        "task_state+cilium-0.22/old_name 5.10 pass",
        "task_state+cilium-0.22/new_name 5.10 fail core-field-missing: task_struct.__state: no such field (byte_off, task_state.bpf.c:34)",
        "task_state+cilium-0.22/either_name 5.10 pass",
        "task_state+cilium-0.17/old_name 5.10 pass",
        "task_state+cilium-0.17/new_name 5.10 fail core-field-missing: task_struct.__state: no such field (byte_off, task_state.bpf.c:34)",
        "task_state+cilium-0.17/either_name 5.10 pass",
        "task_state+cilium-0.22/old_name 6.12 fail core-field-missing: task_struct___before_5_14.state: no such field (byte_off, task_state.bpf.c:26)",
        "task_state+cilium-0.22/new_name 6.12 pass",
        "task_state+cilium-0.22/either_name 6.12 pass",
        "task_state+cilium-0.17/old_name 6.12 fail core-field-missing: task_struct___before_5_14.state: no such field (byte_off, task_state.bpf.c:26)",
        "task_state+cilium-0.17/new_name 6.12 pass",
        "task_state+cilium-0.17/either_name 6.12 pass",
      ]
    `);
    expect(results.run.otherAgents?.map(({ loader, library, release }) => `${loader} is ${library} ${release}`)).toEqual([
      'cilium@0.22 is cilium/ebpf 0.22.0',
      'cilium@0.17 is cilium/ebpf 0.17.3',
    ]);
  },
  600_000,
);
