// The data in the page. It is parsed at its first use; each object and each type is unpacked at its first use.
import type { ObjectData, PageData, TypeData } from '../shared/page-data.ts';

let parsed: PageData | null = null;

/** The index of the page. It is in the page itself, or a script file beside the page sets it. */
export function pageData(): PageData {
  const embedded = parsed ? null : document.getElementById('data')?.textContent;
  parsed ??= embedded ? JSON.parse(embedded) : Reflect.get(globalThis, 'corematrixData');
  if (!parsed) throw new Error('the page has no data');
  return parsed;
}

/**
 * The item at a position.
 * @throws RangeError if the list has no such position
 */
export function itemAt<Item>(list: readonly Item[], position: number): Item {
  const item = list[position];
  if (item === undefined) throw new RangeError(`the page has no item ${position}`);
  return item;
}

/** Decodes a gzip file in base64 to text. */
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

/** The data of an object, by its position. */
export const objectData = unpacker<ObjectData>(() => pageData().packed);

/** The data of a type on every kernel, by its position. */
export const typeData = unpacker<TypeData>(() => pageData().types);
