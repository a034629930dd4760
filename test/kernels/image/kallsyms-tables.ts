// Writes the tables of kallsyms as kernels of several releases have them, for tests of their reader.

export interface WrittenSymbol {
  name: string;
  type: string;
  /** Distance from `_text`; null for an absolute value. */
  offset: number | null;
}

export interface TableForm {
  /** Up to Linux 6.3, the addresses are before the names. */
  addresses: 'before names' | 'after tokens';
  /** Whether an order of the names is between the markers and the tokens. */
  order: boolean;
  /** `percpu` up to Linux 6.14, `unsigned` since then, `relative` since Linux 7.0. */
  values: 'percpu' | 'unsigned' | 'relative';
  alignment: 4 | 8;
}

/** Texts that one byte stands for, beside those of single characters. */
const WORDS: Readonly<Record<number, string>> = { 1: 'vfs_', 2: '_init', 3: '.isra.', 200: 'symbol_', 201: 'T' };

function tokenOf(byte: number): string {
  const character = String.fromCharCode(byte);
  return WORDS[byte] ?? (/[\w.$]/.test(character) ? character : '');
}

const padded = (bytes: Buffer, to: number) => Buffer.concat([bytes, Buffer.alloc((to - (bytes.length % to)) % to)]);

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value | 0);
  return bytes;
}

/** A name as single characters, or with a word for its beginning. */
function packed({ type, name }: WrittenSymbol): Buffer {
  const beginning = Object.entries(WORDS).find(([, text]) => text.length > 1 && name.startsWith(text));
  const rest = Buffer.from(beginning ? name.slice(beginning[1].length) : name, 'latin1');
  const bytes = Buffer.concat([Buffer.from(type), Buffer.from(beginning ? [Number(beginning[0])] : []), rest]);
  const length = bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >> 7];
  return Buffer.concat([Buffer.from(length), bytes]);
}

function wordOf({ offset }: WrittenSymbol, index: number, values: TableForm['values']): Buffer {
  if (values === 'percpu') return word(offset === null ? 0x1000 : -1 - offset);
  return word(values === 'unsigned' ? (offset ?? 0) : (offset ?? 0) - 0x100_0000 - index * 4);
}

/** The tables, between some other bytes. */
export function kallsymsTables(symbols: readonly WrittenSymbol[], { addresses, order, values, alignment }: TableForm): Buffer {
  const names = symbols.map(packed);
  const markers: Buffer[] = [];
  let length = 0;
  for (const [index, name] of names.entries()) {
    if (index % 256 === 0) markers.push(word(length));
    length += name.length;
  }
  const tokens = Array.from({ length: 256 }, (_, byte) => Buffer.from(`${tokenOf(byte)}\0`, 'latin1'));
  const index = Buffer.alloc(512);
  for (let token = 0, at = 0; token < 256; at += tokens[token++]?.length ?? 0) index.writeUInt16LE(at, token * 2);
  const offsets = Buffer.concat(symbols.map((symbol, at) => wordOf(symbol, at, values)));
  const base = Buffer.from('00000081ffffffff', 'hex');
  const parts = [
    Buffer.alloc(64, 0x5a),
    ...(addresses === 'before names' ? [offsets, base] : []),
    word(symbols.length),
    Buffer.concat(names),
    Buffer.concat(markers),
    ...(order ? [Buffer.alloc(3 * symbols.length, 0x21)] : []),
    Buffer.concat(tokens),
    index,
    ...(addresses === 'after tokens' ? [offsets] : []),
    Buffer.alloc(64, 0x5a),
  ];
  return Buffer.concat(parts.map((part) => padded(part, alignment)));
}

/** Symbols of a small kernel, `_text` the first. As in every kernel, several have the same address. */
export function someSymbols(count: number): WrittenSymbol[] {
  const name = (index: number) => (index % 3 === 0 ? `vfs_${index}` : `symbol_${index}${index % 5 === 0 ? '.isra.0' : ''}`);
  return Array.from({ length: count }, (_, index) => {
    return { name: index === 0 ? '_text' : name(index), type: index % 2 === 0 ? 'T' : 't', offset: Math.floor(index / 2) * 16 };
  });
}
