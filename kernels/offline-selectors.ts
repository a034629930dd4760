// Selectors of types without a kernel that boots. Only predictions and layouts take them beside the selectors of kernels.

/** All kernels in the cache. */
export const CACHED = 'cached';
/** The prefix of selectors of BTF. */
export const BTF = 'btf:';

/** What a selector of types names; null for any other text. */
export function meaningOfOffline(text: string): string | null {
  if (text === CACHED) return 'every kernel in the cache';
  return text.startsWith(BTF) ? 'BTF, without a kernel that boots' : null;
}
