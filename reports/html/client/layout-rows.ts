// Two layouts of a type, member by member.
import type { PlacedMember, TypeData } from '../shared/page-data.ts';

export type LayoutChange = 'added' | 'removed' | 'renamed' | 'type' | 'size' | 'offset';

/** One member on both kernels; null on a kernel that lacks it. */
export interface LayoutRow {
  left: PlacedMember | null;
  right: PlacedMember | null;
  changes: LayoutChange[];
  /** Whether something besides the offset differs. */
  differs: boolean;
  /** Whether a relocation reads this member. */
  isAccessed: boolean;
}

/** The member at a place of a layout. */
export function memberOf(type: TypeData, placed: PlacedMember | null): TypeData['members'][number] | undefined {
  return placed ? type.members[placed[0]] : undefined;
}

function changesOf(type: TypeData, left: PlacedMember | null, right: PlacedMember | null): LayoutChange[] {
  const [one, two] = [memberOf(type, left), memberOf(type, right)];
  if (!one || !two) return one ? ['removed'] : ['added'];
  const changed = {
    renamed: one.name !== two.name,
    type: one.type !== two.type,
    size: one.size !== two.size || one.bitSize !== two.bitSize,
    offset: left?.[1] !== right?.[1],
  };
  return (['renamed', 'type', 'size', 'offset'] as const).filter((change) => changed[change]);
}

/** The members that at least one of both kernels has, in the order of the type. */
export function layoutRows(type: TypeData, kernels: readonly [number, number], accessed: readonly string[]): LayoutRow[] {
  const placeOn = (row: TypeData['rows'][number], kernel: number) => {
    const layout = type.kernels[kernel] ?? -1;
    return layout < 0 ? null : (row[layout] ?? null);
  };
  return type.rows.flatMap((row) => {
    const [left, right] = [placeOn(row, kernels[0]), placeOn(row, kernels[1])];
    if (!left && !right) return [];
    const changes = changesOf(type, left, right);
    const names = [memberOf(type, left)?.name, memberOf(type, right)?.name];
    return [
      {
        left,
        right,
        changes,
        differs: changes.some((change) => change !== 'offset'),
        isAccessed: names.some((name) => name !== undefined && accessed.includes(name)),
      },
    ];
  });
}
