// Runs objects with loader programs in real guests, and shows their verdicts.
import { expect } from 'vitest';
import { ensureAgents } from '../../../harness/library/agents.ts';
import { type ObjectSource, type ObjectSources, plainSources, readInputs, type RunObject } from '../../../harness/plan/inputs/inputs.ts';
import type { Results } from '../../../harness/results/schema.ts';
import { realRun } from '../run/real-run.ts';

/**
 * Runs objects on kernels, each with every loader; returns also the rows, one for each object and loader.
 * @param mode what the guest does with each program; `load` unless given
 */
export async function runObjects(
  sources: readonly (string | ObjectSource)[],
  kernels: readonly string[],
  loaders: readonly string[],
  mode?: 'attach' | 'run',
): Promise<{ results: Results; objects: readonly RunObject[] }> {
  const all = sources.map((source) => (typeof source === 'string' ? plainSources([source], '.').sources : [source])).flat();
  const defaults: Pick<ObjectSources, 'defaults'> = mode ? { defaults: { settings: { mode }, at: () => 'defaults' } } : {};
  const { objects, problems } = await readInputs({ sources: all, directory: '.', ...defaults }, { loaders });
  expect(problems).toEqual([]);
  const { otherAgents } = await ensureAgents(objects, {}, () => {});
  return { results: await realRun([], kernels, { objects, otherAgents }), objects };
}

/** Runs objects on kernels as `runObjects()`, without the rows. */
export async function runLoaders(...request: Parameters<typeof runObjects>): Promise<Results> {
  const { results } = await runObjects(...request);
  return results;
}

/** The verdict on each program: `task_state+cilium-0.22/old_name 6.12 fail core-field-missing: the reason`. */
export function verdicts({ cells, kernels }: Results): string[] {
  const series = new Map(kernels.map(({ id, series: name }) => [id, name]));
  return cells.flatMap(({ kernel, object, programs }) =>
    programs.map(({ name, status, class: failure, reason }) =>
      [`${object}/${name}`, series.get(kernel), status, failure === null ? '' : `${failure}: ${reason}`].join(' ').trim(),
    ),
  );
}

/** Programs whose verdict contradicts the prediction: `uprobes+aya-0.14/sleeps 5.10 fail program-type-unsupported: the reason`. */
export function contradictions({ cells, kernels, ...others }: Results): string[] {
  const differing = cells.map((cell) => ({ ...cell, programs: cell.programs.filter(({ predicted }) => predicted?.agrees === false) }));
  return verdicts({ ...others, kernels, cells: differing });
}

/** The verdicts on each program, the kernels with the same one together: `tail_calls+aya-0.14/first_step: 5.10 6.1 pass`. */
export function verdictsByKernels(results: Results): string[] {
  const found = new Map<string, string[]>();
  for (const line of verdicts(results)) {
    const [program = '', series = '', ...verdict] = line.split(' ');
    const key = `${program} ${verdict.join(' ')}`;
    found.set(key, [...(found.get(key) ?? []), series]);
  }
  return [...found].map(([key, series]) => key.replace(' ', `: ${series.join(' ')} `)).toSorted();
}
