// Tests that run, predict and explain say the same of each program of all samples, in both modes: one prediction, three views.
import { beforeAll, describe, expect, it } from 'vitest';
import { cacheRoot } from '../../../harness/base/files.ts';
import { isRelocationFailure } from '../../../harness/base/failures.ts';
import { openKernels } from '../../../harness/explain/kernel-cache.ts';
import { explainRun } from '../../../harness/explain/of-results.ts';
import { predictAsRun } from '../../../harness/explain/predict-as-run.ts';
import { kernelsOfResults, objectsOfResults } from '../../../harness/explain/sources.ts';
import { withPackage } from '../../../harness/kernel-btf/package-names.ts';
import { readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { namesOutsideVmlinux } from '../../../harness/predict/findings/support.ts';
import { recordedPrediction } from '../../../harness/predict/recorded-prediction.ts';
import type { Results } from '../../../harness/results/schema.ts';
import { sampleObjects } from '../bpf/object/samples.ts';
import { realRun } from '../run/real-run.ts';

const throwProblem = (problem: string) => {
  throw new Error(problem);
};

describe.each(['load', 'attach'] as const)('all samples with mode: %s', (mode) => {
  let results: Results;
  beforeAll(async () => {
    const sources = (await sampleObjects()).map(({ path }) => ({ pattern: path, settings: { mode } }));
    const { objects, problems } = await readInputs({ sources, directory: '/' });
    if (problems.length > 0) throw new Error(problems.join('\n'));
    results = await realRun([], ['debian:5.10', 'debian:6.12'], { objects });
  }, 900_000);

  it(`explain predicts what the run with mode: ${mode} predicted of each program`, async () => {
    const objects = new Map((await objectsOfResults(results)).map((object) => [object.result.id, object]));
    const cache = openKernels(await kernelsOfResults(results, cacheRoot()), throwProblem);
    const differing: string[] = [];
    let compared = 0;
    for (const { kernel, object: id, programs } of results.cells) {
      const [object, plain] = [objects.get(id), await cache.typesOf(kernel)];
      const image = cache.kernels.find((known) => known.id === kernel)?.image;
      const types = plain && (await withPackage(plain, image, { names: object?.bpf ? namesOutsideVmlinux(object.bpf) : [], make: true }));
      const again = object && types && predictAsRun(object, types);
      if (!again) throw new Error(`${id} on ${kernel} cannot be predicted`);
      const own = new Map(recordedPrediction(again).programs.map((program) => [program.name, program]));
      for (const { name, predicted } of programs) {
        const said = `${own.get(name)?.status} ${own.get(name)?.class}`;
        compared += 1;
        if (said !== `${predicted?.status} ${predicted?.class}`)
          differing.push(`${kernel} ${id} ${name}: run ${predicted?.status} ${predicted?.class}, explain ${said}`);
      }
    }
    expect(differing).toEqual([]);
    expect(compared).toBeGreaterThan(100);
  });

  it(`the explanation of a run with mode: ${mode} names each failed program once, with the class of its verdict`, async () => {
    const { causes } = await explainRun(results, await objectsOfResults(results), cacheRoot(), throwProblem);
    const named = causes.flatMap((cause) =>
      cause.places.flatMap(({ object, program, fails }) => fails.map((kernel) => `${kernel} ${object} ${program}: ${cause.class}`)),
    );
    const programs = results.cells.flatMap(({ kernel, object, programs: own }) => own.map((program) => ({ kernel, object, ...program })));
    const failed = programs.filter(({ status }) => status === 'fail');
    expect(named.toSorted()).toEqual(failed.map((each) => `${each.kernel} ${each.object} ${each.name}: ${each.class}`).toSorted());
    expect(failed.some(({ class: failure }) => failure !== null && isRelocationFailure(failure))).toBe(true);
    expect(failed.some(({ stage }) => stage === 'attach')).toBe(mode === 'attach');
    expect(programs.filter(({ status, predicted }) => (status === 'pass' || status === 'fail') && predicted?.agrees !== true)).toEqual([]);
  });
});
