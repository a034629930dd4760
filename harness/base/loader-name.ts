// The names of loaders, and the libraries behind them.
export const DEFAULT_LIBBPF = 'libbpf@default';

/** Releases of the libraries for which set-up builds a loader program, the newest first. A program is written for each. */
export const LIBRARY_RELEASES = { cilium: ['0.22', '0.17'], aya: ['0.14', '0.13'] } as const satisfies Record<string, readonly string[]>;

/** A library besides libbpf. */
export type LibraryFamily = keyof typeof LIBRARY_RELEASES;

/** The libraries as their users write them. */
export const LIBRARY_NAMES = { libbpf: 'libbpf', cilium: 'cilium/ebpf', aya: 'aya' } as const satisfies Record<
  LibraryFamily | 'libbpf',
  string
>;

/** A loader by its parts. A release of null is the one that set-up builds the agent with. */
export type NamedLoader = { family: 'libbpf'; release: string | null } | LibraryLoader;

/** A loader of a library besides libbpf: `cilium`, `0.22`. */
export interface LibraryLoader {
  family: LibraryFamily;
  release: string;
}

function isLibrary(family: string): family is LibraryFamily {
  return Object.hasOwn(LIBRARY_RELEASES, family);
}

/** Splits the name of a loader, such as `libbpf@1.1` or `cilium@0.22`. */
export function namedLoader(loader: string): NamedLoader {
  const [family = '', release = ''] = loader.split('@');
  if (isLibrary(family)) return { family, release };
  return { family: 'libbpf', release: loader === DEFAULT_LIBBPF ? null : release };
}

/** The library of a loader as its users write it: `cilium/ebpf`. */
export function libraryName(loader: string = DEFAULT_LIBBPF): string {
  return LIBRARY_NAMES[namedLoader(loader).family];
}

/** All loaders of libraries besides libbpf: `cilium@0.22`. */
export const LIBRARY_LOADERS: readonly string[] = Object.entries(LIBRARY_RELEASES).flatMap(([family, releases]) =>
  releases.map((release) => `${family}@${release}`),
);
