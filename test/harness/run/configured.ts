// Makes configurations with a sample object.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { loadConfig } from '../../../harness/plan/config/load.ts';
import { type Inputs, readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { objectSources } from '../../../harness/plan/inputs/object-sources.ts';
import { sample } from './real-run.ts';

/** Reads a sample object with settings: the lines below its path, indented by four. */
export async function configuredInputs(object: string, settings: string): Promise<Inputs> {
  const folder = await mkdtemp(join(tmpdir(), 'configured-'));
  try {
    const file = join(folder, 'corematrix.yaml');
    await writeFile(file, `objects:\n  - path: ${relative(folder, sample(object))}\n${settings}`);
    const { objects, problems } = await readInputs(objectSources(await loadConfig(file), folder));
    return { objects, problems: problems.map((problem) => problem.replaceAll(folder, '<folder>')) };
  } finally {
    await rm(folder, { recursive: true });
  }
}
