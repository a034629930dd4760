// Lists that hold each value once.

export interface Interned<Value> {
  list: readonly Value[];
  has: (value: Value) => boolean;
  /** The position of a value in the list, to which it is added when it is new. */
  add: (value: Value) => number;
}

/** An empty list. Values of the same key are one. */
export function interned<Value>(keyOf: (value: Value) => string): Interned<Value> {
  const list: Value[] = [];
  const known = new Map<string, number>();
  const add = (value: Value) => {
    const key = keyOf(value);
    const at = known.get(key) ?? list.push(value) - 1;
    known.set(key, at);
    return at;
  };
  return { list, has: (value) => known.has(keyOf(value)), add };
}
