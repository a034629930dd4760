// Presence of a field, type or helper across the kernels of a matrix.
import type { CausePresence } from './explanation.ts';

interface OnKernel {
  id: string;
  /** Null if this is unknown. */
  has: boolean | null;
  /** True if the kernel has the name with a type that does not fit. */
  otherType?: boolean;
}

/** The first and last kernel that have it, and the kernels between them that lack it. */
export function presenceAmong(kernels: readonly OnKernel[]): CausePresence {
  const first = kernels.findIndex(({ has }) => has === true);
  const last = kernels.findLastIndex(({ has }) => has === true);
  const known = kernels.filter(({ has }) => has !== null);
  const witnesses = known.flatMap(({ id, has }, at) => {
    const before = known[at - 1];
    return before && before.has !== has ? [{ from: before.id, to: id, change: has === true ? ('came' as const) : ('went' as const) }] : [];
  });
  const ids = (of: readonly OnKernel[], has: boolean) => of.filter((each) => each.has === has).map(({ id }) => id);
  const otherType = kernels.filter((each) => each.has === false && each.otherType === true).map(({ id }) => id);
  const unknown = kernels.filter(({ has }) => has === null).map(({ id }) => id);
  return {
    first: kernels[first]?.id ?? null,
    last: kernels[last]?.id ?? null,
    gaps: first < 0 ? [] : ids(kernels.slice(first, last), false),
    has: ids(kernels, true),
    lacks: ids(kernels, false),
    ...(otherType.length > 0 && { otherType }),
    ...(unknown.length > 0 && { unknown }),
    witnesses,
  };
}
