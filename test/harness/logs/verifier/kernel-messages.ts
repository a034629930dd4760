// Reads from a kernel's code which messages its verifier can print, of programs and of BTF: the format strings that the code passes to the
// functions that write into a log.

/** A part of the file that the kernel has at an address. */
interface Segment {
  address: bigint;
  offset: number;
  size: number;
}

/** `mov $address, %rsi` and `mov $address, %rcx`: an argument of a call, a sign-extended 32-bit address. */
const LOAD_SECOND_ARGUMENT = Buffer.from([0x48, 0xc7, 0xc6]);
const LOAD_FOURTH_ARGUMENT = Buffer.from([0x48, 0xc7, 0xc1]);
const CALL = 0xe8;
/** `jmp`, short and near: the call is elsewhere. */
const JUMPS: readonly number[] = [0xeb, 0xe9];
const CALL_SIZE = 5;

/** Functions that take a format string in the same argument. */
interface Printers {
  load: Buffer;
  /** Format strings that every kernel passes to one of these functions. They lead to its address. */
  known: readonly string[];
}

/** verbose() and bpf_log() */
const OF_PROGRAMS: readonly Printers[] = [
  { load: LOAD_SECOND_ARGUMENT, known: ['R%d !read_ok\n', "func '%s' doesn't have %d-th argument\n"] },
];

/** btf_verifier_log(); then those that name a type, a member or a variable first, which add the end of the line themselves. */
const OF_BTF: readonly Printers[] = [
  { load: LOAD_SECOND_ARGUMENT, known: ['hdr_len not found', '[%u] Invalid kind:%u'] },
  { load: LOAD_FOURTH_ARGUMENT, known: ['Invalid type_id', 'Member exceeds struct_size'] },
];

/** Bytes of code between the argument and its call, and between two calls of one function. */
const NEAR = 60;
const SAME_FILE = 0x8000;

/** @see elf(5): program headers of type PT_LOAD */
function segmentsOf(image: Buffer): Segment[] {
  const table = Number(image.readBigUInt64LE(32));
  return Array.from({ length: image.readUInt16LE(56) }, (_, at) => image.subarray(table + 56 * at, table + 56 * (at + 1)))
    .filter((header) => header.readUInt32LE(0) === 1)
    .map((header) => ({
      offset: Number(header.readBigUInt64LE(8)),
      address: header.readBigUInt64LE(16),
      size: Number(header.readBigUInt64LE(32)),
    }));
}

function* occurrences(image: Buffer, wanted: Buffer | number, from = 0, to = image.length): Generator<number> {
  for (let at = image.indexOf(wanted, from); at >= 0 && at < to; at = image.indexOf(wanted, at + 1)) yield at;
}

class KernelCode {
  readonly #image: Buffer;
  readonly #segments: readonly Segment[];

  constructor(image: Buffer) {
    this.#image = image;
    this.#segments = segmentsOf(image);
  }

  #addressOf(offset: number): bigint | null {
    const segment = this.#segments.find((each) => offset >= each.offset && offset < each.offset + each.size);
    return segment ? segment.address + BigInt(offset - segment.offset) : null;
  }

  #textAt(address: bigint): string | null {
    const segment = this.#segments.find((each) => address >= each.address && address < each.address + BigInt(each.size));
    if (!segment) return null;
    const start = segment.offset + Number(address - segment.address);
    return this.#image.toString('latin1', start, this.#image.indexOf(0, start));
  }

  /** The function that a call at this offset calls. */
  #called(offset: number): bigint | null {
    const address = this.#addressOf(offset);
    return address === null ? null : address + BigInt(CALL_SIZE + this.#image.readInt32LE(offset + 1));
  }

  #functionsThatPrint(text: string, argument: Buffer): bigint[] {
    const found: bigint[] = [];
    for (const start of occurrences(this.#image, Buffer.from(`${text}\0`))) {
      const address = this.#addressOf(start);
      if (address === null) continue;
      const operand = Buffer.alloc(4);
      operand.writeUInt32LE(Number(BigInt.asUintN(32, address)));
      for (const load of occurrences(this.#image, Buffer.concat([argument, operand]))) {
        const call = this.#image.indexOf(CALL, load + 7);
        const isNear = call < load + NEAR && !this.#image.subarray(load + 7, call).some((byte) => JUMPS.includes(byte));
        const called = isNear ? this.#called(call) : null;
        if (called !== null) found.push(called);
      }
    }
    return found;
  }

  /** Ranges of the code in which calls of the functions lie close together. */
  #rangesOfCalls(functions: ReadonlySet<bigint>): [number, number][] {
    const [code] = this.#segments;
    const ranges: [number, number][] = [];
    if (!code) return ranges;
    for (const call of occurrences(this.#image, CALL, code.offset, code.offset + code.size)) {
      const called = this.#called(call);
      if (called === null || !functions.has(called)) continue;
      const last = ranges.at(-1);
      if (last && call - last[1] < SAME_FILE) last[1] = call;
      else ranges.push([call, call]);
    }
    return ranges;
  }

  /** The strings that code near the calls of these functions loads as their argument. */
  messages({ load: argument, known }: Printers): Set<string> {
    const functions = new Set(known.flatMap((text) => this.#functionsThatPrint(text, argument)));
    const found = new Set<string>();
    for (const [first, last] of this.#rangesOfCalls(functions)) {
      for (const load of occurrences(this.#image, argument, first - 0x400, last)) {
        const text = this.#textAt(BigInt.asUintN(64, BigInt(this.#image.readInt32LE(load + 3))));
        if (text !== null && /^[\t\n\x20-\x7e]{4,}$/.test(text)) found.add(text);
      }
    }
    return found;
  }
}

/**
 * The format strings of the messages that the verifier of a kernel can print, and strings that other code near it uses.
 * @param image an uncompressed vmlinux for x86_64
 */
export function verifierFormats(image: Buffer): Set<string> {
  return formatsOf(image, OF_PROGRAMS);
}

/**
 * The format strings with which a kernel refuses BTF, or reports about it, and strings that other code near them uses.
 * @param image an uncompressed vmlinux for x86_64
 */
export function btfFormats(image: Buffer): Set<string> {
  return formatsOf(image, OF_BTF);
}

function formatsOf(image: Buffer, printers: readonly Printers[]): Set<string> {
  const code = new KernelCode(image);
  return new Set(printers.flatMap((each) => [...code.messages(each)]));
}

/** A message as the kernel prints it by this format: with a plausible value in each place. */
export function sampleMessage(format: string): string {
  return format
    .replaceAll(/%(?:\.\*)?s/g, 'R1')
    .replaceAll(/%[#0-9]*(?:ll|l|z|h)?[diu]/g, '12')
    .replaceAll(/%[#0-9]*(?:ll|l|z|h)?[xX]/g, '1f')
    .replaceAll('%c', 'c');
}
