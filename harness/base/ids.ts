// Ids of kernels: parts of paths and of URL fragments, each unique in its list.

const MAX_LENGTH = 120;

/** A text as an id: without characters that paths or fragments cannot have. */
export function safeId(text: string): string {
  return text.replaceAll(/[^\w.+~-]/g, '_').slice(0, MAX_LENGTH);
}

/** The same items with unique ids: a repeated id gets a number, as in `6.12.1~2`. */
export function withUniqueIds<T extends { id: string }>(items: readonly T[]): T[] {
  const taken = new Set<string>();
  return items.map((item) => {
    let { id } = item;
    for (let copy = 2; taken.has(id); copy++) id = `${item.id}~${copy}`;
    taken.add(id);
    return { ...item, id };
  });
}
