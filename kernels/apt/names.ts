// Debian's names for architectures, flavours and packages of kernels.

export const DEBIAN_ARCHES = ['amd64', 'arm64'] as const;
export type DebianArch = (typeof DEBIAN_ARCHES)[number];

/** The names of architectures in guests and results. */
export const ARCHES = { amd64: 'x86_64', arm64: 'arm64' } as const satisfies Record<DebianArch, string>;

export const FLAVOURS = ['cloud', 'generic', 'rt'] as const;
export type Flavour = (typeof FLAVOURS)[number];

/** The facts in the name of a kernel package. */
export interface NameFacts {
  /** The expected `uname -r`: `6.12.117+deb13-cloud-amd64`. */
  release: string;
  arch: DebianArch;
  flavour: Flavour;
  /** Whether it is signed for secure boot. */
  signed: boolean;
}

/**
 * Up to 6.18 the image is in `linux-image-…`, from 6.19 in `linux-binary-…`. The twin for local signing has `unsigned` in its name.
 * The release starts with a digit. Names of debug symbols and of other page sizes do not end with the architecture.
 */
const NAME = /^linux-(?:image|binary)-(unsigned-)?(\d[\w.+~]*(?:-\d[\w.+~]*)?)-((?:(cloud|rt)-)?(amd64|arm64))(-unsigned)?$/;

/** Parses the name of a kernel package; null for any other name. */
export function parsePackageName(name: string): NameFacts | null {
  const match = NAME.exec(name);
  if (!match) return null;
  const [, before, abi = '', ending = '', flavour, arch, after] = match;
  return {
    release: `${abi}-${ending}`,
    arch: arch === 'arm64' ? 'arm64' : 'amd64',
    flavour: flavour === 'cloud' || flavour === 'rt' ? flavour : 'generic',
    signed: before === undefined && after === undefined,
  };
}
