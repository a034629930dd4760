// Plans rpm kernel packages of the user, and finds the packages of the same build beside them.
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { InfraError, UserError } from '../../../harness/base/errors.ts';
import { safeId } from '../../../harness/base/ids.ts';
import { seriesOf, tryParseKernelVersion, upstreamOf } from '../../../harness/base/kernel-version.ts';
import type { RpmFacts } from '../../archive/rpm-header.ts';
import { checkPayload, rpmArchive, rpmFacts } from '../../archive/rpm.ts';
import type { Arch } from '../../image/inspect.ts';
import { isImagePath } from '../../image/paths.ts';
import { checkFile, type PathOrigin, type PathSelector } from '../local-file.ts';
import { packageOperations } from '../local-package.ts';
import type { SourceKernel } from '../source.ts';

/** rpm's names of architectures. */
const ARCHES: Readonly<Record<string, Arch>> = { x86_64: 'x86_64', aarch64: 'arm64' };

function title({ name, version, release, arch }: RpmFacts): string {
  return `${name}-${version}-${release}.${arch}`;
}

/** Only the user can replace a damaged package of the user, so the error is a UserError. */
async function ownFacts({ text, path }: PathSelector): Promise<RpmFacts> {
  return rpmFacts(path, text).catch((error: unknown) => {
    if (error instanceof InfraError) throw new UserError(error.message, { cause: error });
    throw error;
  });
}

/** The package that has the image where `kernel` is only a name for all packages of a kernel: RHEL since 8, Fedora, UEK since 7. */
function hint({ name }: RpmFacts): string {
  return /^kernel(?:-uek|-rt|-debug|-64k)?$/.test(name) ? `; it is in ${name}-core` : '';
}

/** The `uname -r` in the path of an image. */
function releaseOf(image: string): string {
  return /^boot\/vmlinu[xz]-(.+)$/.exec(image)?.[1] ?? basename(dirname(image));
}

function imageIn({ files }: RpmFacts): RpmFacts['files'][number] | null {
  return files.find((file) => file.isContent && isImagePath(file.path)) ?? null;
}

/**
 * Whether a package has a kernel image.
 * @throws InfraError if it is damaged
 */
export async function hasRpmImage(path: string): Promise<boolean> {
  return imageIn(await rpmFacts(path, path)) !== null;
}

async function plan(selector: PathSelector): Promise<SourceKernel<PathOrigin>[]> {
  const { text, path } = selector;
  await checkFile(selector);
  const facts = await ownFacts(selector);
  const image = imageIn(facts);
  if (!image) throw new UserError(`${text}: ${title(facts)} has no kernel image${hint(facts)}`);
  const version = tryParseKernelVersion(facts.version);
  if (!version) throw new UserError(`${text}: ${title(facts)} has the version ${facts.version}, which no kernel has`);
  const arch = Object.hasOwn(ARCHES, facts.arch) ? ARCHES[facts.arch] : undefined;
  if (arch === undefined) throw new UserError(`${text}: its architecture ${facts.arch} is neither x86_64 nor aarch64`);
  return [
    {
      id: safeId(`rpm-${releaseOf(image.path)}`),
      key: path,
      selector: text,
      version: upstreamOf(version),
      series: seriesOf(version),
      arch,
      distribution: 'rpm',
      package: null,
      pin: null,
      origin: { path },
    },
  ];
}

/** Names of the packages of one kernel end alike: `kernel-core`, `kernel-modules`, `kernel-modules-extra`; `kernel-default`, `kernel-default-extra`. */
const COMPANION_ENDING = /^(?:-core|-modules(?:-core|-extra|-internal|-partner)?|-extra|-optional)?$/;

async function companions(path: string): Promise<string[]> {
  const image = await rpmFacts(path, path);
  const stem = image.name.replace(/-core$/, '');
  const found: string[] = [];
  for (const file of (await readdir(dirname(path))).toSorted()) {
    if (!file.endsWith('.rpm') || !file.startsWith(stem) || file === basename(path)) continue;
    const beside = join(dirname(path), file);
    const facts = await rpmFacts(beside, file);
    const isSameBuild = facts.version === image.version && facts.release === image.release && facts.arch === image.arch;
    const isPart = facts.name !== image.name && facts.name.startsWith(stem) && COMPANION_ENDING.test(facts.name.slice(stem.length));
    if (isSameBuild && isPart) found.push(beside);
  }
  return found;
}

const check = async (path: string, label: string): Promise<void> => checkPayload(path, await rpmFacts(path, label), label);

export const rpmOperations = packageOperations({ plan, check, archive: rpmArchive, companions });
