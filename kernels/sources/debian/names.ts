// What Debian calls the architectures and flavours of its kernels.

export const DEBIAN_ARCHES = ['amd64', 'arm64'] as const;
export type DebianArch = (typeof DEBIAN_ARCHES)[number];

export const FLAVOURS = ['cloud', 'generic', 'rt'] as const;
export type Flavour = (typeof FLAVOURS)[number];
