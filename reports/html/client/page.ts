// The data in the page: parsed when it is first needed, each object and each type unpacked when it is first asked for.
import type { ObjectData, PageData, TypeData } from '../shared/page-data.ts';

let parsed: PageData | null = null;

/** The index of the page, which is in the page itself or was left there by a file beside it. */
export function pageData(): PageData {
  const embedded = parsed ? null : document.getElementById('data')?.textContent;
  parsed ??= embedded ? JSON.parse(embedded) : Reflect.get(globalThis, 'corematrixData');
  if (!parsed) throw new Error('the page has no data');
  return parsed;
}

/**
 * The item at a position.
 * @throws RangeError when the list has no such position
 */
export function itemAt<Item>(list: readonly Item[], position: number): Item {
  const item = list[position];
  if (item === undefined) throw new RangeError(`the page has no item ${position}`);
  return item;
}

/** Base64 of a gzip file as text. */
async function unpack(packed: string): Promise<string> {
  const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).text();
}

/** Unpacks each item of a list once. */
function unpacker<Value>(list: () => readonly string[]): (position: number) => Promise<Value> {
  const unpacked = new Map<number, Promise<Value>>();
  return async (position) => {
    const found = unpacked.get(position) ?? unpack(itemAt(list(), position)).then((text): Value => JSON.parse(text));
    unpacked.set(position, found);
    return found;
  };
}

/** Everything of an object, by its position. */
export const objectData = unpacker<ObjectData>(() => pageData().packed);

/** A type on every kernel, by its position. */
export const typeData = unpacker<TypeData>(() => pageData().types);
