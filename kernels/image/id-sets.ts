// Reads sets of BTF ids from an image: the functions for which the kernel makes an exception, such as LSM hooks that may sleep.
import type { ReadAt } from '../archive/read-at.ts';
import { imageBytes } from './image-bytes.ts';
import type { KernelSymbol } from './kallsyms.ts';

/** @see BTF_SET_START() and BTF_SET8_START() in include/linux/btf_ids.h: one has ids, the other pairs of an id and flags */
const FORMS = [
  { prefix: '__BTF_ID__set__', head: 4, entry: 4 },
  { prefix: '__BTF_ID__set8__', head: 8, entry: 8 },
] as const;
/** Symbols of the ids in a set. */
const MEMBER = /^__BTF_ID__(?!set)/;
const COUNT = 4;
/** Sets of a kernel with all options have less than 500 ids. */
const MAX_IDS = 4096;

export interface IdSets {
  /** Sets of ids by the name that the kernel gives them. The build sorted the ids. */
  plain: ReadonlyMap<string, readonly number[]>;
  /** All ids in sets that have flags, too: kernel functions that some program may call, or whose result it may change. */
  flagged: readonly number[];
}

/** The ids in the bytes from the beginning of a set to what follows it; null if they are no set. */
function idsIn(bytes: Buffer, { head, entry }: (typeof FORMS)[number]): number[] | null {
  const count = bytes.length < head ? MAX_IDS : bytes.readUInt32LE(0);
  if (head + count * entry > bytes.length) return null;
  const ids = Array.from({ length: count }, (_, index) => bytes.readUInt32LE(head + index * entry));
  return ids.every((id, index) => id >= (ids[index - 1] ?? 0)) ? ids : null;
}

/**
 * The sets of BTF ids of a kernel. Null if its image does not show them: its table of symbols has only functions
 * (without CONFIG_KALLSYMS_ALL), or a set is damaged.
 * @param read reads the uncompressed image
 * @param symbols of the same image
 */
export async function idSets(read: ReadAt, symbols: readonly KernelSymbol[]): Promise<IdSets | null> {
  const sets = symbols.flatMap(({ name, offset }) => {
    const form = FORMS.find(({ prefix }) => name.startsWith(prefix));
    return form && offset !== null ? [{ name: name.slice(form.prefix.length), offset, form }] : [];
  });
  const image = await imageBytes(read);
  if (!image || sets.length === 0) return null;
  const others = symbols.flatMap(({ name, offset }) => (offset === null || MEMBER.test(name) ? [] : [offset])).toSorted((a, b) => a - b);
  const plain = new Map<string, readonly number[]>();
  const flagged: number[] = [];
  for (const { name, offset, form } of sets) {
    const end = others.find((other) => other > offset) ?? Infinity;
    const ids = idsIn(await image.at(offset, Math.min(end - offset, COUNT * MAX_IDS)), form);
    if (!ids) return null;
    if (form.entry === COUNT) plain.set(name, ids);
    else flagged.push(...ids);
  }
  return { plain, flagged };
}
