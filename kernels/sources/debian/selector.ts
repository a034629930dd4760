// Selectors of Debian kernels: `debian:6.12`, `debian:>=5.10,<=6.12/rt`, `debian:all/arm64`.
import { UserError } from '../../../harness/base/errors.ts';
import { inRange, type KernelRange, parseKernelVersion, parseRange, tryParseKernelVersion } from '../../../harness/base/kernel-version.ts';
import { ARCHES, DEBIAN_ARCHES, type DebianArch, type Flavour, FLAVOURS } from '../../apt/names.ts';
import type { CachedKernel } from '../../cache/cached-kernel.ts';
import type { SelectorForm } from '../source.ts';

export interface DebianSelector {
  text: string;
  /** Null for `all`: the newest of every series. */
  range: KernelRange | null;
  arch: DebianArch;
  flavour: Flavour;
}

export const DEBIAN_FORMS = [
  { selector: 'debian:6.12', meaning: 'the newest of a series in any suite of the mirror' },
  { selector: 'debian:6.12.107', meaning: 'one version' },
  { selector: 'debian:>=5.10,<=6.12', meaning: 'the newest of every series in a range' },
  { selector: 'debian:all', meaning: 'the newest of every series' },
  { selector: 'debian:6.12/rt', meaning: 'another flavour: cloud (the default), generic or rt' },
  { selector: 'debian:6.12/arm64', meaning: 'another architecture: amd64 (the default) or arm64' },
] as const satisfies readonly SelectorForm[];

const ALL = 'all';
const ARCH_NAMES: Readonly<Record<string, DebianArch>> = { amd64: 'amd64', x86_64: 'amd64', arm64: 'arm64', aarch64: 'arm64' };

function rangeOf(versions: string, text: string): KernelRange {
  try {
    return parseRange(versions);
  } catch (error) {
    throw error instanceof UserError
      ? new UserError(`kernel selector '${text}': ${error.message}; debian:all means every series`, { cause: error })
      : error;
  }
}

/**
 * Parses the text after `debian:`: versions, then architecture and flavour in any order.
 * @throws UserError
 */
export function parseDebianSelector(value: string, text: string): DebianSelector {
  const [versions = '', ...qualifiers] = value.trim().split('/');
  let arch: DebianArch = 'amd64';
  let flavour: Flavour = 'cloud';
  for (const qualifier of qualifiers) {
    const asArch = Object.hasOwn(ARCH_NAMES, qualifier) ? ARCH_NAMES[qualifier] : undefined;
    const asFlavour = FLAVOURS.find((name) => name === qualifier);
    if (asArch === undefined && asFlavour === undefined) {
      const known = [...DEBIAN_ARCHES, ...FLAVOURS].join(', ');
      throw new UserError(`kernel selector '${text}': '${qualifier}' is neither an architecture nor a flavour; known are ${known}`);
    }
    arch = asArch ?? arch;
    flavour = asFlavour ?? flavour;
  }
  if (versions === '')
    throw new UserError(
      `kernel selector '${text}' names no version; expected for example debian:6.12 or debian:all (all forms: corematrix kernels --help)`,
    );
  return { text, range: versions === ALL ? null : rangeOf(versions, text), arch, flavour };
}

/** A version or `all` most likely means Debian kernels. */
export function guessDebian(text: string): string | null {
  return text === ALL || tryParseKernelVersion(text) ? text : null;
}

/** Replaces the version; architecture and flavour stay. */
export function onlyVersion(value: string, version: string): string {
  return `${version}${/\/.*/s.exec(value)?.[0] ?? ''}`;
}

/** Whether a selector means a kernel of this version. */
export function includesVersion({ range }: DebianSelector, version: string): boolean {
  return range === null || inRange(parseKernelVersion(version), range);
}

/** Debian's releases contain the flavour: `6.12.117+deb13-cloud-amd64`. */
function hasFlavour(release: string, flavour: Flavour): boolean {
  if (flavour !== 'generic') return release.includes(`-${flavour}-`);
  return !/-(cloud|rt)-/.test(release);
}

/** Whether a selector means this cached kernel. */
export function meansCached(selector: DebianSelector, { version, arch, release }: CachedKernel): boolean {
  return includesVersion(selector, version) && arch === ARCHES[selector.arch] && hasFlavour(release, selector.flavour);
}
