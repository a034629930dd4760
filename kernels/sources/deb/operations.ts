// Plans and pulls kernel packages of the user.
import { basename } from 'node:path';
import { sha256Of } from '../../../harness/base/digest.ts';
import { InfraError, UserError } from '../../../harness/base/errors.ts';
import { safeId } from '../../../harness/base/ids.ts';
import { seriesOf, tryParseKernelVersion, upstreamOf } from '../../../harness/base/kernel-version.ts';
import { parseStanza } from '../../apt/deb822.ts';
import { kernelVersionOf } from '../../apt/debian-version.ts';
import { ARCHES, parsePackageName } from '../../apt/names.ts';
import { debArchive } from '../../archive/deb.ts';
import { cachePackage } from '../../cache/add.ts';
import { configBeside, configIn, findConfig } from '../../cache/config.ts';
import { cachedModules, modulesOfPackages, unpackModules } from '../../cache/modules.ts';
import { cachedPackage, isPackageCached } from '../../cache/package-notes.ts';
import { checkFile, type PathOrigin, type PathSelector } from '../local-file.ts';
import type { Delivery, SourceKernel, SourceOperations } from '../source.ts';
import type { KernelOptions } from '../options.ts';
import type { Trust } from '../../trust/trust.ts';

const MAX_CONTROL = 1 << 20;
const OWN = { kind: 'own' } as const satisfies Trust;

/** Only the user can replace a damaged package of the user, so the error is a UserError. */
async function readControl({ text, path }: PathSelector): Promise<string> {
  try {
    const request = { wanted: (name: string) => name === 'control', maxBytes: MAX_CONTROL, label: text };
    return (await debArchive(path, 'control').readFirst(request))?.toString('utf8') ?? '';
  } catch (error) {
    if (error instanceof InfraError) throw new UserError(error.message, { cause: error });
    throw error;
  }
}

async function plan(selector: PathSelector): Promise<SourceKernel<PathOrigin>[]> {
  const { text, path } = selector;
  await checkFile(selector);
  const { package: name = '', version: packageVersion = '', architecture } = parseStanza(await readControl(selector));
  const kernel = kernelVersionOf(packageVersion) ?? tryParseKernelVersion(name.replace(/^linux-(image|binary)-/, ''));
  if (!kernel || !/^linux-(image|binary)-/.test(name)) {
    throw new UserError(`${text}: not a kernel package: it is ${name || basename(path)} ${packageVersion}`.trimEnd());
  }
  if (architecture !== 'amd64' && architecture !== 'arm64') {
    throw new UserError(`${text}: its architecture ${architecture ?? ''} is neither amd64 nor arm64`);
  }
  const release = parsePackageName(name)?.release ?? name.replace(/^linux-(image|binary)-(unsigned-)?/, '');
  return [
    {
      id: safeId(`deb-${release}`),
      key: path,
      selector: text,
      version: upstreamOf(kernel),
      series: seriesOf(kernel),
      arch: ARCHES[architecture],
      distribution: 'deb',
      package: null,
      pin: null,
      origin: { path },
    },
  ];
}

async function pull(kernel: SourceKernel<PathOrigin>, { cache }: KernelOptions): Promise<Delivery<PathOrigin>> {
  const { path } = kernel.origin;
  const sha256 = await sha256Of(path);
  const known = await cachedPackage(cache, sha256);
  const cached = known ?? (await cachePackage(cache, { archive: debArchive(path), sha256, label: kernel.selector, trust: OWN }));
  return { kernel, cached, notes: [] };
}

export const debOperations: SourceOperations<PathSelector, PathOrigin> = {
  planner: () => plan,
  isCached: async ({ path }, cache) => isPackageCached(cache, await sha256Of(path)),
  verify: () => OWN,
  pull,
  config: async ({ path }, cached) => {
    const { config, notes } = await findConfig(cached, async () => {
      const text = await configIn(debArchive(path), path);
      return text && { text, keptAs: 'config of the kernel' };
    });
    return { config: config ?? (await configBeside(path, cached.release)), notes };
  },
  modules: async ({ path }, { cache }) =>
    cachedModules(cache, await sha256Of(path), async (folder) => unpackModules(debArchive(path), basename(path), folder)),
  cachedModules: async ({ path }, cache) => modulesOfPackages(cache, [await sha256Of(path)]),
  lock: null,
};
