// The legacy frame of LZ4, in which kernels are compressed: a magic number, then blocks that each unpack to at most 8 MiB.
// @see lz4_Frame_format.md ("Legacy frame") and lz4_Block_format.md of LZ4

const MAGIC = 0x18_4c_21_02;
const MAX_BLOCK = 8 << 20;
/** The most that 8 MiB without any repetition take. */
const MAX_PACKED = MAX_BLOCK + Math.ceil(MAX_BLOCK / 255) + 16;
const MIN_MATCH = 4;

/** Bytes that are no LZ4. */
class DamagedLz4 extends Error {}

/** A length in a token: 15 means that the following bytes are added, up to the first that is not 255. */
function readLength(block: Uint8Array, start: number, nibble: number): { length: number; at: number } {
  let [length, at] = [nibble, start];
  for (let byte = nibble === 15 ? 255 : 0; byte === 255; at++) {
    byte = block[at] ?? -1;
    if (byte < 0) throw new DamagedLz4('a length has no end');
    length += byte;
  }
  return { length, at };
}

/**
 * Unpacks a block: sequences of literal bytes and of a match, which repeats bytes that were unpacked before. The last sequence has no match.
 * @param target receives the plain bytes; a part of it may be returned
 * @throws DamagedLz4 if the block is malformed or unpacks to more than the target has room for
 */
function unpackBlock(block: Uint8Array, target: Buffer): Buffer {
  let [at, size] = [0, 0];
  for (;;) {
    const token = block[at];
    if (token === undefined) throw new DamagedLz4('a block has no last sequence');
    const literals = readLength(block, at + 1, token >> 4);
    at = literals.at + literals.length;
    if (at > block.length || size + literals.length > target.length) throw new DamagedLz4('literal bytes are outside of their block');
    target.set(block.subarray(literals.at, at), size);
    size += literals.length;
    if (at === block.length) return target.subarray(0, size);
    const offset = (block[at] ?? 0) | ((block[at + 1] ?? 0) << 8);
    const match = readLength(block, at + 2, token & 15);
    at = match.at;
    const end = size + match.length + MIN_MATCH;
    if (offset === 0 || offset > size || end > target.length) throw new DamagedLz4('a match is outside of its block');
    // The match may overlap what it writes: then it repeats its own first bytes.
    if (offset >= end - size) target.copyWithin(size, size - offset, end - offset);
    else for (let to = size; to < end; to++) target[to] = target[to - offset] ?? 0;
    size = end;
  }
}

/** The bytes of a stream, taken in parts of a known length. */
class Parts {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The next bytes; fewer at the end of the stream. */
  async take(length: number): Promise<Buffer> {
    const taken: Uint8Array[] = [];
    let missing = length;
    while (missing > 0) {
      if (this.#rest.length === 0) {
        const next = await this.#source.next();
        if (next.done === true) break;
        this.#rest = next.value;
      }
      const part = this.#rest.subarray(0, missing);
      this.#rest = this.#rest.subarray(part.length);
      missing -= part.length;
      taken.push(part);
    }
    return Buffer.concat(taken);
  }
}

/**
 * Unpacks frames, one after the other, block by block.
 * @throws DamagedLz4
 */
export async function* unpackLz4(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const parts = new Parts(source);
  const word = async () => {
    const bytes = await parts.take(4);
    if (bytes.length === 0) return null;
    if (bytes.length < 4) throw new DamagedLz4('unexpected end of data');
    return bytes.readUInt32LE(0);
  };
  if ((await word()) !== MAGIC) throw new DamagedLz4('it does not begin as a legacy frame');
  for (let length = await word(); length !== null; length = await word()) {
    if (length === MAGIC) continue;
    if (length === 0 || length > MAX_PACKED) throw new DamagedLz4(`a block of ${length} bytes`);
    const block = await parts.take(length);
    if (block.length < length) throw new DamagedLz4('unexpected end of data');
    yield unpackBlock(block, Buffer.allocUnsafe(MAX_BLOCK));
  }
}
