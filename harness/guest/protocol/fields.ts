// The types of fields in frames: how each is written and read, and its type in the agent's C. Numbers are little-endian.
import { Buffer } from 'node:buffer';

/** A place in a payload. Reading beyond the end gives 0, no bytes and the empty string. */
interface Reader {
  u32(): number;
  /** Numbers too large for JSON become the largest that fits. */
  u64(): number;
  /** Reads up to the next 0, which is skipped, or to the end. */
  string(): string;
  /** Reads `length` bytes, or fewer if fewer are left. */
  bytes(length: number): Buffer;
  left(): number;
}

/** The type of a field in the C of the agent. */
export type CType = 'bool' | 'u32' | 'u64' | 'ns' | 'string' | 'strings' | 'list' | 'counted' | 'bytes' | { enum: WireEnum };

/**
 * One field of a frame. `In` is the type of written values, `Out` that of read values.
 * Both are methods, so that fields of all types fit into one table.
 */
export interface Field<In, Out = In> {
  c: CType;
  encode(value: In): Uint8Array[];
  decode(reader: Reader): Out;
}

/** Words that are sent as numbers, the first one as 0. */
export interface WireEnum<Word extends string = string> {
  /** Its name in C. */
  name: string;
  /** The first word of its constants. */
  prefix: string;
  meaning: string;
  words: readonly Word[];
}

/** A cursor over one payload. */
export function readerOf(payload: Buffer): Reader {
  let at = 0;
  const take = (length: number) => {
    const taken = payload.subarray(at, at + length);
    at = Math.min(at + length, payload.length);
    return taken;
  };
  const left = () => payload.length - at;
  return {
    u32: () => {
      const word = take(4);
      return word.length < 4 ? 0 : word.readUInt32LE();
    },
    u64: () => {
      const word = take(8);
      return word.length < 8 ? 0 : Math.min(Number(word.readBigUInt64LE()), Number.MAX_SAFE_INTEGER);
    },
    string: () => {
      const end = payload.indexOf(0, at);
      const text = take(end < 0 ? left() : end - at).toString('utf8');
      take(1);
      return text;
    },
    bytes: take,
    left,
  };
}

/** Four bytes. */
export function u32Bytes(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64Bytes(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

/** Text with a 0 at its end. If the text contains a 0, the rest is lost. */
function stringBytes(value: string): Buffer {
  return Buffer.from(`${value}\0`);
}

export const u32: Field<number> = {
  c: 'u32',
  encode: (value) => [u32Bytes(value)],
  decode: (reader) => reader.u32(),
};

export const u64: Field<number> = {
  c: 'u64',
  encode: (value) => [u64Bytes(BigInt(value))],
  decode: (reader) => reader.u64(),
};

/** A u64 as decimal text, which holds every value. */
export const u64Text: Field<string> = {
  c: 'u64',
  encode: (value) => [u64Bytes(BigInt(value))],
  decode: (reader) => {
    const bytes = reader.bytes(8);
    return bytes.length < 8 ? '0' : bytes.readBigUInt64LE().toString();
  },
};

/** Milliseconds here, nanoseconds in the frame. A name of such a field ends with `Ms`. */
export const duration: Field<number> = {
  c: 'ns',
  encode: (value) => [u64Bytes(BigInt(Math.round(value * 1e6)))],
  decode: (reader) => reader.u64() / 1e6,
};

/** A u32: 0 is false, any other number is true. */
export const flag: Field<boolean> = {
  c: 'bool',
  encode: (value) => [u32Bytes(value ? 1 : 0)],
  decode: (reader) => reader.u32() !== 0,
};

/** A u32 for a word. A number without a word is read as `otherwise`. */
export function oneOf<Word extends string>(numbers: WireEnum<Word>, otherwise: Word): Field<Word> {
  return {
    c: { enum: numbers },
    encode: (value) => [u32Bytes(numbers.words.indexOf(value))],
    decode: (reader) => numbers.words[reader.u32()] ?? otherwise,
  };
}

/** Text that ends with a 0. */
export const string: Field<string> = {
  c: 'string',
  encode: (value) => [stringBytes(value)],
  decode: (reader) => reader.string(),
};

/** Strings up to the end of the frame. */
export const strings: Field<readonly string[], string[]> = {
  c: 'strings',
  encode: (values) => values.map(stringBytes),
  decode: (reader) => {
    const values: string[] = [];
    while (reader.left() > 0) values.push(reader.string());
    return values;
  },
};

function encodeList(values: readonly string[]): Uint8Array[] {
  return [u32Bytes(values.length), ...values.map(stringBytes)];
}

function decodeList(reader: Reader): string[] {
  const values: string[] = [];
  for (let count = reader.u32(); count > 0 && reader.left() > 0; count -= 1) values.push(reader.string());
  return values;
}

/** A u32 with the number of strings, and the strings. */
export const list: Field<readonly string[], string[]> = { c: 'list', encode: encodeList, decode: decodeList };

/** Environment variables: a list of `NAME=VALUE`. */
export const variables: Field<Readonly<Record<string, string>>> = {
  c: 'list',
  encode: (values) => encodeList(Object.entries(values).map(([name, value]) => `${name}=${value}`)),
  decode: (reader) =>
    Object.fromEntries(
      decodeList(reader).map((text) => {
        const [, name = '', value = ''] = /^([^=]*)=?(.*)$/s.exec(text) ?? [];
        return [name, value];
      }),
    ),
};

/** A u32 with the number of bytes, and the bytes. */
export const counted: Field<Uint8Array, Buffer> = {
  c: 'counted',
  encode: (value) => [u32Bytes(value.length), value],
  decode: (reader) => reader.bytes(reader.u32()),
};

/** Counted text, cut to 255 bytes. */
export const shortName: Field<string> = {
  c: 'counted',
  encode: (value) => counted.encode(Buffer.from(value).subarray(0, 255)),
  decode: (reader) => counted.decode(reader).toString('utf8'),
};

/** All bytes up to the end of the frame. */
export const bytes: Field<Uint8Array, Buffer> = {
  c: 'bytes',
  encode: (value) => [value],
  decode: (reader) => reader.bytes(reader.left()),
};

/** Text up to the end of the frame. */
export const text: Field<string> = {
  c: 'bytes',
  encode: (value) => [Buffer.from(value)],
  decode: (reader) => bytes.decode(reader).toString('utf8'),
};
