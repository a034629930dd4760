// Tests of attach targets that only a module of the kernel's package has: predicted, seen in a guest, and loaded with the module.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cacheRoot } from '../../../harness/base/files.ts';
import { explain } from '../../../harness/explain/explain.ts';
import { openKernels } from '../../../harness/explain/kernel-cache.ts';
import { explainRun } from '../../../harness/explain/of-results.ts';
import { failuresByPrediction, objectsOfResults } from '../../../harness/explain/sources.ts';
import { findKernels } from '../../../harness/kernel-btf/kernels.ts';
import { plainSources, readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { predictMatrix } from '../../../harness/predict/result.ts';
import type { Explanation } from '../../../harness/results/explanation.ts';
import { pulledKernel } from '../../kernels/pulled.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { linkedCache, realRun } from '../run/real-run.ts';

const KERNEL = 'debian:6.12';

let folder = '';
let object = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'module-target-'));
  const source = `SEC("fentry/nf_nat_packet") int in_module(u64 *ctx) { return 0; }
SEC("fentry/no_such_function_anywhere") int nowhere(u64 *ctx) { return 0; }`;
  object = await compileBpf(folder, 'targets', source);
  await (await pulledKernel(KERNEL)).modules.folder({ cache: cacheRoot() });
}, 600_000);
afterAll(async () => rm(folder, { recursive: true, force: true }));

const FOUND = 'module nf_nat has it: add modules: [nf_nat]';

/** What an explanation says about each missing target. */
function saidIn({ causes }: Explanation) {
  const said = causes.map(({ subject, situations, presence, advice }) => {
    const lines = situations.flatMap(({ summary, hints }) => [summary, ...hints]);
    return [subject, { lines, hasPresence: presence !== null, advice: advice.slice(0, -1) }];
  });
  return Object.fromEntries(said);
}

async function explainedOffline(cache: string): Promise<Explanation> {
  const { objects } = await readInputs(plainSources([object], folder));
  const kernels = openKernels((await findKernels([KERNEL], cache)).kernels, (problem) => {
    throw new Error(problem);
  });
  const { failures, recordsOf } = await failuresByPrediction(objects, kernels);
  return explain(failures, objects, kernels, recordsOf);
}

test(
  'a function of a module is found by explain and predict, and fentry attaches to it once the module is loaded',
  { timeout: 600_000 },
  async () => {
    const missing = { lines: [expect.anything()], hasPresence: true, advice: [] };
    expect(saidIn(await explainedOffline(cacheRoot()))).toEqual({
      'attach target nf_nat_packet': {
        lines: [`attach target nf_nat_packet (tracing) is not in vmlinux; ${FOUND}`],
        hasPresence: false,
        advice: ['A module must be loaded before the object: modules: in the configuration, or modprobe on a machine.'],
      },
      'attach target no_such_function_anywhere': {
        ...missing,
        lines: ['attach target no_such_function_anywhere (tracing) is not in vmlinux; no module of its package has it'],
      },
    });

    const { objects } = await readInputs(plainSources([object], folder));
    const { prediction } = await predictMatrix(objects, (await findKernels([KERNEL], cacheRoot())).kernels);
    expect(prediction.cells.map(({ programs }) => programs.map(({ possible }) => possible?.reason))).toEqual([
      [
        `attach target nf_nat_packet (tracing) is not in vmlinux; ${FOUND}`,
        'attach target no_such_function_anywhere (tracing) is not in vmlinux; no module of its package has it',
      ],
    ]);

    const seen = await realRun([object], [KERNEL]);
    const explained = await explainRun(seen, await objectsOfResults(seen), cacheRoot(), (problem) => {
      throw new Error(problem);
    });
    expect(saidIn(explained)).toMatchObject({
      'attach target nf_nat_packet': {
        lines: [expect.stringContaining('attach target nf_nat_packet (tracing) is not in'), FOUND],
        hasPresence: false,
      },
      'attach target no_such_function_anywhere': { lines: [expect.anything(), 'no module of its package has it'], hasPresence: true },
    });

    const loaded = await readInputs({ sources: [{ pattern: object, settings: { modules: ['nf_nat'] } }], directory: '/' });
    const withModule = await predictMatrix(loaded.objects, (await findKernels([KERNEL], cacheRoot())).kernels);
    expect(withModule.prediction.cells.map(({ programs }) => programs.map(({ predicted }) => predicted?.class ?? 'ok'))).toEqual([
      ['ok', 'attach-target-missing'],
    ]);
    const { cells } = await realRun([], [KERNEL], { objects: loaded.objects });
    expect(cells.flatMap(({ programs }) => programs.map(({ name, status }) => `${name} ${status}`))).toEqual([
      'in_module pass',
      'nowhere fail',
    ]);
  },
);

test('without the modules in the cache, explain says that a module may have the function, and how to add them', async () => {
  const cache = await linkedCache(join(folder, 'cache'), ['modules']);
  const said = saidIn(await explainedOffline(cache));
  expect(said['attach target nf_nat_packet']).toEqual({
    lines: ["attach target nf_nat_packet (tracing) is not in this kernel's BTF, only a module could have it"],
    hasPresence: false,
    advice: [
      'A module of these kernels may have nf_nat_packet: "corematrix kernels pull --modules debian:6.12" adds their modules to the cache, and then explain searches them.',
    ],
  });
});
