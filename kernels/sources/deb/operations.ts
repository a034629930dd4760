// Plans kernel packages of the user, and finds the packages of the same build beside them.
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { InfraError, UserError } from '../../../harness/base/errors.ts';
import { safeId } from '../../../harness/base/ids.ts';
import { seriesOf, tryParseKernelVersion, upstreamOf } from '../../../harness/base/kernel-version.ts';
import { parseStanza } from '../../apt/deb822.ts';
import { kernelVersionOf } from '../../apt/debian-version.ts';
import { ARCHES, parsePackageName } from '../../apt/names.ts';
import { debArchive } from '../../archive/deb.ts';
import { checkFile, type PathOrigin, type PathSelector } from '../local-file.ts';
import { packageOperations } from '../local-package.ts';
import type { SourceKernel } from '../source.ts';

const MAX_CONTROL = 1 << 20;
const IMAGE_PACKAGE = /^linux-(?:image|binary)-(?:unsigned-)?/;

interface Control {
  name: string;
  version: string;
  architecture: string;
}

async function readControl(path: string, label: string): Promise<Control> {
  const request = { wanted: (name: string) => name === 'control', maxBytes: MAX_CONTROL, label };
  const text = (await debArchive(path, 'control').readFirst(request))?.toString('utf8') ?? '';
  const { package: name = '', version = '', architecture = '' } = parseStanza(text);
  return { name, version, architecture };
}

/** The `uname -r` that the name of a package has. */
function releaseOf(name: string): string {
  return parsePackageName(name)?.release ?? name.replace(IMAGE_PACKAGE, '');
}

/**
 * Whether a package has a kernel, by its name.
 * @throws InfraError if it is damaged
 */
export async function hasDebImage(path: string): Promise<boolean> {
  const { name } = await readControl(path, path);
  return /^linux-(?:image|binary)-(?:unsigned-)?\d/.test(name) && !/-(?:dbg|dbgsym)$/.test(name);
}

async function plan(selector: PathSelector): Promise<SourceKernel<PathOrigin>[]> {
  const { text, path } = selector;
  await checkFile(selector);
  const {
    name,
    version: packageVersion,
    architecture,
  } = await readControl(path, text).catch((error: unknown) => {
    // Only the user can replace a damaged package of the user.
    if (error instanceof InfraError) throw new UserError(error.message, { cause: error });
    throw error;
  });
  const kernel = kernelVersionOf(packageVersion) ?? tryParseKernelVersion(name.replace(IMAGE_PACKAGE, ''));
  if (!kernel || !IMAGE_PACKAGE.test(name)) {
    throw new UserError(`${text}: not a kernel package: it is ${name || basename(path)} ${packageVersion}`.trimEnd());
  }
  if (architecture !== 'amd64' && architecture !== 'arm64') {
    throw new UserError(`${text}: its architecture ${architecture} is neither amd64 nor arm64`);
  }
  return [
    {
      id: safeId(`deb-${releaseOf(name)}`),
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

/** Ubuntu has modules and configuration in `linux-modules-…` and `linux-modules-extra-…`, Debian since 6.19 in `linux-modules-…` and `linux-base-…`. */
async function companions(path: string): Promise<string[]> {
  const image = await readControl(path, path);
  const release = releaseOf(image.name);
  const wanted = ['modules', 'modules-extra', 'base'].map((part) => `linux-${part}-${release}`);
  const found: string[] = [];
  for (const file of (await readdir(dirname(path))).toSorted()) {
    if (!file.endsWith('.deb') || !wanted.some((name) => file.startsWith(`${name}_`))) continue;
    const beside = join(dirname(path), file);
    const { name, version, architecture } = await readControl(beside, file);
    if (wanted.includes(name) && version === image.version && architecture === image.architecture) found.push(beside);
  }
  return found;
}

export const debOperations = packageOperations({ plan, check: async () => {}, archive: debArchive, companions });
