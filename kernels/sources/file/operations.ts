// Plans and pulls kernel images of the user. The modules and the configuration may be beside the image.
import { dirname } from 'node:path';
import { sha256Of } from '../../../harness/base/digest.ts';
import { messageOf, UserError } from '../../../harness/base/errors.ts';
import { safeId } from '../../../harness/base/ids.ts';
import { parseKernelVersion, seriesOf } from '../../../harness/base/kernel-version.ts';
import { withFile } from '../../archive/read-at.ts';
import { cacheImage } from '../../cache/add.ts';
import { kernelDirectory, readCachedKernel } from '../../cache/cached-kernel.ts';
import { configBeside, findConfig } from '../../cache/config.ts';
import { inspectImage } from '../../image/inspect.ts';
import { checkFile, type PathOrigin, type PathSelector } from '../local-file.ts';
import type { SourceKernel, SourceOperations } from '../source.ts';

/** Whether a file is a kernel image. */
export async function isImageFile(path: string): Promise<boolean> {
  return (await withFile(path, inspectImage)).kind === 'kernel';
}

async function plan(selector: PathSelector): Promise<SourceKernel<PathOrigin>[]> {
  const { text, path } = selector;
  await checkFile(selector);
  const inspection = await withFile(path, inspectImage).catch((error: unknown) => {
    throw new UserError(`${text}: cannot be read: ${messageOf(error)}`, { cause: error });
  });
  if (inspection.kind === 'bad') throw new UserError(`${text}: not a kernel image: ${inspection.reason}`);
  const { release, version, arch } = inspection;
  const series = seriesOf(parseKernelVersion(version));
  const identity = { id: safeId(`file-${release}`), selector: text, version, series, arch, distribution: 'file' };
  return [{ ...identity, key: path, package: null, pin: null, origin: { path } }];
}

export const fileOperations: SourceOperations<PathSelector, PathOrigin> = {
  planner: () => plan,
  isCached: async ({ path }, cache) => (await readCachedKernel(kernelDirectory(cache, await sha256Of(path)))) !== null,
  verify: () => ({ kind: 'own' }),
  pull: async (kernel, { cache }) => ({
    kernel,
    cached: await cacheImage(cache, kernel.origin.path, kernel.selector),
    notes: [],
  }),
  config: async ({ path }, cached) => {
    const { config, notes } = await findConfig(cached, async () => null);
    return { config: (await configBeside(path, cached.release)) ?? config, notes };
  },
  modules: async ({ path }) => dirname(path),
  cachedModules: async ({ path }) => dirname(path),
  lock: null,
};
