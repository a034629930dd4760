// Presence of a field, type or helper across the kernels of a matrix.
import type { CausePresence } from './explanation.ts';

/** The first and last kernel that have it, and the kernels between them that lack it. */
export function presenceAmong(kernels: readonly { id: string; has: boolean | null }[]): CausePresence {
  const first = kernels.findIndex(({ has }) => has === true);
  const last = kernels.findLastIndex(({ has }) => has === true);
  const known = kernels.filter(({ has }) => has !== null);
  const witnesses = known.flatMap(({ id, has }, at) => {
    const before = known[at - 1];
    return before && before.has !== has ? [{ from: before.id, to: id, change: has === true ? ('came' as const) : ('went' as const) }] : [];
  });
  const ids = (of: readonly { id: string; has: boolean | null }[], has: boolean) =>
    of.filter((each) => each.has === has).map(({ id }) => id);
  return {
    first: kernels[first]?.id ?? null,
    last: kernels[last]?.id ?? null,
    gaps: first < 0 ? [] : ids(kernels.slice(first, last), false),
    has: ids(kernels, true),
    lacks: ids(kernels, false),
    witnesses,
  };
}
