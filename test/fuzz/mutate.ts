// Makes wrong inputs from real ones, as damage and malice would change them. The same seed gives the same bytes.

/** A source of random numbers that depend only on a seed. */
export interface Random {
  /** A whole number from 0 up to, not including, `limit`. */
  below: (limit: number) => number;
  pick: <const T>(list: readonly [T, ...T[]]) => T;
}

/**
 * Numbers from a 32-bit seed.
 * @see Steele, Lea, Flood: Fast splittable pseudorandom number generators (2014), whose mixing step this is in 32 bits
 */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
  const below = (limit: number) => next() % limit;
  return { below, pick: (list) => list[below(list.length)] ?? list[0] };
}

/** Values that overwrite length fields. */
const LENGTHS = [0, 1, 0x7f, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff] as const;

/** Texts with a special meaning for a terminal, a shell, a path, a number, JSON, YAML or a control file. */
const TOKENS = [
  '\n',
  '\n\n',
  '\0',
  '\u001b]0;x\u0007',
  '\u009b2J',
  '\u202e',
  '%s%n',
  '../../',
  '/',
  "'",
  '"',
  '[[[[[[[[',
  '{{{{{{{{',
  '&a [*a,*a]',
  '*a',
  '? ',
  '- ',
  ': ',
  '<<: ',
  '!!js/function ',
  '__proto__',
  'constructor',
  '99999999999999999999',
  '-1',
  '1e999',
  '0x7fffffff',
  '1.2.3',
  '>=5.10,<=6.12',
  '#0',
  '@ offset ',
  '-- END PROG LOAD LOG --\n',
  'libbpf: ',
  '\ud800',
] as const;

type Mutation = (input: Buffer, random: Random, corpus: Corpus) => Buffer;
type Corpus = readonly [Uint8Array, ...Uint8Array[]];

function slice(input: Buffer, random: Random, longest: number): Buffer {
  const start = random.below(input.length + 1);
  return input.subarray(start, start + random.below(longest) + 1);
}

function insertAt(input: Buffer, at: number, inserted: Uint8Array): Buffer {
  return Buffer.concat([input.subarray(0, at), inserted, input.subarray(at)]);
}

/** Overwrites the bytes at a place, as far as the input has room. */
function overwrite(input: Buffer, at: number, bytes: Uint8Array): Buffer {
  const changed = Buffer.from(input);
  changed.set(bytes.subarray(0, Math.max(0, changed.length - at)), at);
  return changed;
}

function lengthBytes(random: Random): Buffer {
  const bytes = Buffer.alloc(random.pick([2, 4, 8]));
  const value = random.pick(LENGTHS);
  const narrow = bytes.length === 2 ? value & 0xffff : value;
  if (random.below(4) === 0) bytes.writeUIntBE(narrow, Math.max(0, bytes.length - 4), Math.min(4, bytes.length));
  else bytes.writeUIntLE(narrow, 0, Math.min(4, bytes.length));
  if (bytes.length === 8 && random.below(2) === 0) bytes.fill(0xff, 4);
  return bytes;
}

const MUTATIONS = [
  function flipBit(input, random) {
    const at = random.below(Math.max(1, input.length));
    return overwrite(input, at, Buffer.from([(input[at] ?? 0) ^ (1 << random.below(8))]));
  },
  function setByte(input, random) {
    return overwrite(input, random.below(Math.max(1, input.length)), Buffer.from([random.below(256)]));
  },
  function truncate(input, random) {
    return input.subarray(0, random.below(input.length + 1));
  },
  function overwriteLength(input, random) {
    // Most fields are aligned.
    const at = random.below(Math.max(1, input.length));
    return overwrite(input, random.below(4) === 0 ? at : at & ~3, lengthBytes(random));
  },
  function overwriteDigits(input, random) {
    const start = random.below(Math.max(1, input.length));
    const at = input.findIndex((byte, index) => index >= start && byte >= 0x30 && byte <= 0x39);
    return at < 0 ? input : overwrite(input, at, Buffer.from(random.pick(['0', '1', '9', '99999999', '00000000', '77777777777'])));
  },
  function insertToken(input, random) {
    return insertAt(input, random.below(input.length + 1), Buffer.from(random.pick(TOKENS)));
  },
  function insertNoise(input, random) {
    const noise = Buffer.from(Array.from({ length: random.below(16) + 1 }, () => random.below(256)));
    return insertAt(input, random.below(input.length + 1), noise);
  },
  function remove(input, random) {
    const start = random.below(input.length + 1);
    return Buffer.concat([input.subarray(0, start), input.subarray(start + random.below(64) + 1)]);
  },
  function duplicate(input, random) {
    return insertAt(input, random.below(input.length + 1), slice(input, random, 256));
  },
  function repeat(input, random) {
    const unit = slice(input, random, random.pick([1, 2, 8, 64]));
    const times = random.pick([10, 100, 1000, 5000]);
    return insertAt(input, random.below(input.length + 1), Buffer.concat(Array.from({ length: times }, () => unit)));
  },
  function splice(input, random, corpus) {
    const other = Buffer.from(random.pick(corpus));
    return Buffer.concat([input.subarray(0, random.below(input.length + 1)), other.subarray(random.below(other.length + 1))]);
  },
  function moveSlice(input, random) {
    return overwrite(input, random.below(Math.max(1, input.length)), Buffer.from(slice(input, random, 64)));
  },
] as const satisfies readonly [Mutation, ...Mutation[]];

const MAX_MUTATIONS = 5;
/** Size limit of the few inputs that may grow much, which find quadratic time. */
const MAX_INPUT = 128 << 10;
/** Growth limit of all other inputs, because larger ones cost time and find no more. */
const MAX_GROWTH = 4 << 10;
/** One of this many inputs may grow much. */
const MAY_GROW = 16;

/** Makes one input from a corpus. About every hundredth input is an unchanged member of the corpus. */
export function mutate(random: Random, corpus: Corpus): Buffer {
  let input = Buffer.from(random.pick(corpus));
  if (random.below(100) === 0) return input;
  const limit = random.below(MAY_GROW) === 0 ? MAX_INPUT : Math.min(MAX_INPUT, input.length + MAX_GROWTH);
  const times = random.below(MAX_MUTATIONS) + 1;
  for (let count = 0; count < times; count++) {
    const mutation: Mutation = random.pick<Mutation>(MUTATIONS);
    input = Buffer.from(mutation(input, random, corpus)).subarray(0, limit);
  }
  return input;
}
