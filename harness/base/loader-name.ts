// The names of loaders.
export const DEFAULT_LIBBPF = 'libbpf@default';

/** The release in the name of a loader; null for the default loader. */
export function releaseOfLoader(loader: string): string | null {
  return loader === DEFAULT_LIBBPF ? null : loader.slice('libbpf@'.length);
}
