// Builds BTF that no compiler writes: damaged types, unknown kinds, modules, the other byte order.

export interface WrittenType {
  name?: string;
  kind: number;
  kindFlag?: boolean;
  vlen?: number;
  /** The size of the type, or the id of the type that it refers to. */
  size?: number;
  /** Words after the head of the type. A string is replaced by its offset. */
  words?: readonly (number | string)[];
}

export interface BtfOptions {
  little?: boolean;
  /** Length of the string section that this BTF continues. */
  stringStart?: number;
  /** Sizes of each kind in bytes: of the fixed part, and of each element. */
  layout?: readonly (readonly [number, number])[];
  /** Additional bytes of a header that is longer than any known one. */
  moreHeader?: number;
}

/** Builds a BTF section with these types. */
export function buildBtf(types: readonly WrittenType[], options: BtfOptions = {}): Buffer {
  const { little = true, stringStart = 0, layout, moreHeader = 0 } = options;
  let strings = stringStart === 0 ? '\0' : '';
  const offsets = new Map<string, number>([['', 0]]);
  const offsetOf = (text: string) => {
    const known = offsets.get(text);
    if (known !== undefined) return known;
    const offset = stringStart + strings.length;
    strings += `${text}\0`;
    offsets.set(text, offset);
    return offset;
  };
  const words = types.flatMap(({ name = '', kind, kindFlag = false, vlen = 0, size = 0, words: more = [] }) => {
    const info = ((kindFlag ? 0x80000000 : 0) | (kind << 24) | vlen) >>> 0;
    return [offsetOf(name), info, size, ...more.map((word) => (typeof word === 'string' ? offsetOf(word) : word))];
  });
  const layoutBytes = Buffer.from((layout ?? []).flatMap(([fixed, each]) => [fixed, each, 0, 0]));
  const headerLength = (layout ? 32 : 24) + moreHeader;
  const typeLength = words.length * 4;
  const header = [headerLength, 0, typeLength, typeLength + layoutBytes.length, strings.length];
  if (layout) header.push(typeLength, layoutBytes.length);
  const bytes = Buffer.alloc(headerLength + typeLength);
  const put = (value: number, at: number) => (little ? bytes.writeUInt32LE(value >>> 0, at) : bytes.writeUInt32BE(value >>> 0, at));
  if (little) bytes.writeUInt16LE(0xeb9f, 0);
  else bytes.writeUInt16BE(0xeb9f, 0);
  bytes[2] = 1;
  for (const [index, value] of header.entries()) put(value, 4 + index * 4);
  for (const [index, value] of words.entries()) put(value, headerLength + index * 4);
  return Buffer.concat([bytes, layoutBytes, Buffer.from(strings, 'latin1')]);
}
