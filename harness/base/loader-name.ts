// The names of loaders.
export const DEFAULT_LIBBPF = 'libbpf@default';

/** The release a loader names; null for the default one. */
export function releaseOfLoader(loader: string): string | null {
  return loader === DEFAULT_LIBBPF ? null : loader.slice('libbpf@'.length);
}
