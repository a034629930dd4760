// Ids of kernels and objects: safe in paths and URL fragments, and unique in their list.

const MAX_LENGTH = 120;

/** A text as an id: without characters that paths or fragments cannot have. */
export function safeId(text: string): string {
  return text.replaceAll(/[^\w.+~-]/g, '_').slice(0, MAX_LENGTH);
}

/** Returns `wanted`, or `wanted~2`, `wanted~3` and so on if it is used already, and adds the result to `used`. */
export function uniqueId(wanted: string, used: Set<string>): string {
  let id = wanted;
  for (let copy = 2; used.has(id); copy++) id = `${wanted}~${copy}`;
  used.add(id);
  return id;
}

/** Copies items so that no two have the same id. The first of several keeps its id. */
export function withUniqueIds<Item extends { id: string }>(items: readonly Item[]): Item[] {
  const used = new Set<string>();
  return items.map((item) => ({ ...item, id: uniqueId(item.id, used) }));
}
