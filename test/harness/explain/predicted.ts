// Explains predicted failures of C sources on the kernels that tests read.
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheRoot } from '../../../harness/base/files.ts';
import { buildPrograms } from '../../../programs/build.ts';
import { explain } from '../../../harness/explain/explain.ts';
import { openKernels } from '../../../harness/explain/kernel-cache.ts';
import { failuresByPrediction } from '../../../harness/explain/sources.ts';
import { plainSources, readInputs } from '../../../harness/plan/inputs/inputs.ts';
import type { Explanation } from '../../../harness/results/explanation.ts';
import { ensureLibbpf } from '../../../harness/setup/libbpf.ts';
import { offlineKernels, testSelectors } from '../../kernels/pulled.ts';

/** Compiles C sources in a new folder inside `folder`. Returns the paths of the objects. */
export async function compiled(folder: string, sources: Readonly<Record<string, string>>): Promise<string[]> {
  const directory = await mkdtemp(join(folder, 'sources-'));
  const below = join(directory, 'src');
  await mkdir(below);
  for (const [name, source] of Object.entries(sources)) await writeFile(join(below, `${name}.bpf.c`), source);
  const { includeDir } = await ensureLibbpf({ cache: cacheRoot(), onNote: () => {} });
  return buildPrograms({ includeDir, onNote: () => {}, sources: below });
}

/** The explanation of the failures that are predicted for C sources. */
export async function explainedByPrediction(folder: string, sources: Readonly<Record<string, string>>): Promise<Explanation> {
  const cache = openKernels(await offlineKernels(await testSelectors()), (problem) => {
    throw new Error(problem);
  });
  const { objects, problems } = await readInputs(plainSources(await compiled(folder, sources), folder));
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const { failures, recordsOf } = await failuresByPrediction(objects, cache);
  return explain(failures, objects, cache, recordsOf);
}
