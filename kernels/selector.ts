// Kernel selectors as a person types them: `debian:6.12`, `debian:all/arm64`, `file:bzImage`, `deb:linux-image.deb`.
import { UserError } from '../harness/base/errors.ts';
import { DEBIAN_ARCHES, type DebianArch, type Flavour, FLAVOURS } from './sources/debian/names.ts';
import { type KernelRange, parseRange, tryParseKernelVersion } from '../harness/base/kernel-version.ts';

export interface DebianSelector {
  kind: 'debian';
  text: string;
  /** Null for all: the newest of every series. */
  range: KernelRange | null;
  arch: DebianArch;
  flavour: Flavour;
}

export type Selector = DebianSelector | { kind: 'file' | 'deb'; text: string; path: string };

const ARCH_NAMES: Readonly<Record<string, DebianArch>> = { amd64: 'amd64', x86_64: 'amd64', arm64: 'arm64', aarch64: 'arm64' };

const POSSIBLE =
  'possible are debian:6.12 (newest of a series), debian:6.12.107, debian:all, "debian:>=5.10,<=6.12", each with /amd64, /arm64, ' +
  '/cloud, /generic or /rt behind it, file:PATH (bzImage, vmlinux or Image) and deb:PATH';

function rangeOf(text: string, versions: string): KernelRange {
  try {
    return parseRange(versions);
  } catch (error) {
    throw error instanceof UserError ? new UserError(`kernel selector '${text}': ${error.message}, or all`, { cause: error }) : error;
  }
}

function parseDebian(text: string, rest: string): DebianSelector {
  const [versions = '', ...qualifiers] = rest.split('/');
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
  if (versions === '') throw new UserError(`kernel selector '${text}' names no version; ${POSSIBLE}`);
  return { kind: 'debian', text, range: versions === 'all' ? null : rangeOf(text, versions), arch, flavour };
}

/** What was most likely meant by something that is no selector. */
function suggestion(text: string): string {
  if (tryParseKernelVersion(text) || text === 'all') return `did you mean debian:${text}? `;
  if (text.endsWith('.deb')) return `did you mean deb:${text}? `;
  return text.includes('/') || /^(vmlinu[xz]|bzImage|Image)/.test(text) ? `did you mean file:${text}? ` : '';
}

/**
 * Reads a selector.
 * @throws UserError that says what is possible
 */
export function parseSelector(text: string): Selector {
  const match = /^(debian|file|deb):(.*)$/s.exec(text);
  const [, kind, rest = ''] = match ?? [];
  if (kind === 'debian') return parseDebian(text, rest.trim());
  if ((kind === 'file' || kind === 'deb') && rest !== '') return { kind, text, path: rest };
  if (kind !== undefined) throw new UserError(`kernel selector '${text}' names no file; expected ${kind}:PATH`);
  throw new UserError(`'${text}' is not a kernel selector; ${suggestion(text)}${POSSIBLE}`);
}
