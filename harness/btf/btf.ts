// Reads BTF: types by id, straight from the bytes. Nothing is made of a type before somebody asks for it.

/** Kinds by number, under the names libbpf prints. */
export const BTF_KINDS = [
  'void',
  'int',
  'ptr',
  'array',
  'struct',
  'union',
  'enum',
  'fwd',
  'typedef',
  'volatile',
  'const',
  'restrict',
  'func',
  'func_proto',
  'var',
  'datasec',
  'float',
  'decl_tag',
  'type_tag',
  'enum64',
] as const;
export type BtfKind = (typeof BTF_KINDS)[number];

export interface Member {
  name: string;
  type: number;
  /** Offset from the start of the struct or union, in bits. */
  bitOffset: number;
  /** Width of a bitfield in bits, 0 for a plain member. */
  bitSize: number;
}

export interface Enumerator {
  name: string;
  value: bigint;
}

export interface Btf {
  readonly littleEndian: boolean;
  /** One past the last type id. */
  readonly endId: number;
  readonly view: DataView;
  readonly strings: Uint8Array;
  /** Offset of each type in `view`, by id; id 0 is void and has none. */
  readonly offsets: Uint32Array;
}

export type BtfResult = { ok: true; btf: Btf } | { ok: false; reason: string };

const MAGIC = 0xeb9f;
const MIN_HEADER = 24;
const TYPE_SIZE = 12;
const decoder = new TextDecoder();

/** Bytes that follow a type of each kind: fixed, and for each of its `vlen` elements. */
const TRAILING = [
  [0, 0],
  [4, 0],
  [0, 0],
  [12, 0],
  [0, 12],
  [0, 12],
  [0, 8],
  [0, 0],
  [0, 0],
  [0, 0],
  [0, 0],
  [0, 0],
  [0, 0],
  [0, 8],
  [4, 0],
  [0, 12],
  [0, 0],
  [4, 0],
  [0, 0],
  [0, 12],
] as const;

const KIND_BITS = 0x7f;
const VLEN_BITS = 0xffffff;

function orderOf(view: DataView): boolean | null {
  if (view.getUint16(0, true) === MAGIC) return true;
  return view.getUint16(0, false) === MAGIC ? false : null;
}

/**
 * Reads a BTF section or file of either byte order. A header longer than known is skipped by its own length.
 * @see Documentation/bpf/btf.rst in the kernel tree, include/uapi/linux/btf.h
 */
export function readBtf(bytes: Uint8Array): BtfResult {
  if (bytes.length < MIN_HEADER) return { ok: false, reason: `BTF of ${bytes.length} bytes is shorter than its header` };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = orderOf(view);
  if (little === null) return { ok: false, reason: 'not BTF: the magic number is missing' };
  const headerLength = view.getUint32(4, little);
  const typeStart = headerLength + view.getUint32(8, little);
  const typeEnd = typeStart + view.getUint32(12, little);
  const stringStart = headerLength + view.getUint32(16, little);
  const stringEnd = stringStart + view.getUint32(20, little);
  if (headerLength < MIN_HEADER || typeEnd > bytes.length || stringEnd > bytes.length) {
    return { ok: false, reason: 'truncated BTF: its sections lie beyond the end' };
  }
  const offsets: number[] = [0];
  for (let at = typeStart; at < typeEnd;) {
    if (at + TYPE_SIZE > typeEnd) return { ok: false, reason: `truncated BTF: type ${offsets.length} has no room` };
    const info = view.getUint32(at + 4, little);
    const trailing = TRAILING[(info >>> 24) & KIND_BITS];
    if (!trailing) return { ok: false, reason: `BTF type ${offsets.length} is of kind ${(info >>> 24) & KIND_BITS}, which is not known` };
    offsets.push(at);
    at += TYPE_SIZE + trailing[0] + trailing[1] * (info & VLEN_BITS);
    if (at > typeEnd) return { ok: false, reason: `truncated BTF: type ${offsets.length - 1} is cut off` };
  }
  const btf = {
    littleEndian: little,
    endId: offsets.length,
    view,
    strings: bytes.subarray(stringStart, stringEnd),
    offsets: Uint32Array.from(offsets),
  };
  return { ok: true, btf };
}

/** The string at an offset of the string section, '' when it lies outside. */
export function btfString(btf: Btf, offset: number): string {
  if (offset >= btf.strings.length) return '';
  const end = btf.strings.indexOf(0, offset);
  return decoder.decode(btf.strings.subarray(offset, end < 0 ? btf.strings.length : end));
}

function field(btf: Btf, id: number, at: number): number {
  const offset = id > 0 && id < btf.endId ? btf.offsets[id] : undefined;
  return offset === undefined ? 0 : btf.view.getUint32(offset + at, btf.littleEndian);
}

/** The kind of a type; `void` for id 0 and for ids there are none of. */
export function kindOf(btf: Btf, id: number): BtfKind {
  return BTF_KINDS[(field(btf, id, 4) >>> 24) & KIND_BITS] ?? 'void';
}

/** The name of a type, '' when it has none. */
export function nameOf(btf: Btf, id: number): string {
  return btfString(btf, field(btf, id, 0));
}

/** How many members, enumerators, parameters or variables a type has; the linkage of a function. */
export function vlenOf(btf: Btf, id: number): number {
  return field(btf, id, 4) & VLEN_BITS;
}

/** The type a pointer, typedef, modifier, function or variable refers to. */
export function referencedType(btf: Btf, id: number): number {
  return field(btf, id, 8);
}

/** Size in bytes as it stands in the type itself: int, struct, union, enum, float, datasec. */
export function sizeField(btf: Btf, id: number): number {
  return field(btf, id, 8);
}

function kindFlag(btf: Btf, id: number): boolean {
  return field(btf, id, 4) >>> 31 === 1;
}

/** Member number `index` of a struct or union, null when there is none. */
export function memberOf(btf: Btf, id: number, index: number): Member | null {
  const kind = kindOf(btf, id);
  if ((kind !== 'struct' && kind !== 'union') || index < 0 || index >= vlenOf(btf, id)) return null;
  const at = TYPE_SIZE + index * 12;
  const offset = field(btf, id, at + 8);
  const packed = kindFlag(btf, id);
  return {
    name: btfString(btf, field(btf, id, at)),
    type: field(btf, id, at + 4),
    bitOffset: packed ? offset & 0xffffff : offset,
    bitSize: packed ? offset >>> 24 : 0,
  };
}

/** Enumerator number `index` of an enum or enum64, null when there is none. */
export function enumeratorOf(btf: Btf, id: number, index: number): Enumerator | null {
  const kind = kindOf(btf, id);
  if ((kind !== 'enum' && kind !== 'enum64') || index < 0 || index >= vlenOf(btf, id)) return null;
  const signed = kindFlag(btf, id);
  const at = TYPE_SIZE + index * (kind === 'enum' ? 8 : 12);
  const low = BigInt(field(btf, id, at + 4));
  const bits = kind === 'enum' ? 32 : 64;
  const value = kind === 'enum' ? low : low | (BigInt(field(btf, id, at + 8)) << 32n);
  return { name: btfString(btf, field(btf, id, at)), value: signed ? BigInt.asIntN(bits, value) : value };
}

/** Element type and length of an array, null for any other kind. */
export function arrayOf(btf: Btf, id: number): { element: number; length: number } | null {
  if (kindOf(btf, id) !== 'array') return null;
  return { element: field(btf, id, TYPE_SIZE), length: field(btf, id, TYPE_SIZE + 8) };
}

/** Variable number `index` of a data section. */
export function variableOf(btf: Btf, id: number, index: number): { type: number; offset: number; size: number } | null {
  if (kindOf(btf, id) !== 'datasec' || index < 0 || index >= vlenOf(btf, id)) return null;
  const at = TYPE_SIZE + index * 12;
  return { type: field(btf, id, at), offset: field(btf, id, at + 4), size: field(btf, id, at + 8) };
}

const MODIFIERS: ReadonlySet<BtfKind> = new Set(['volatile', 'const', 'restrict', 'type_tag']);
/** Longer chains of modifiers, arrays and typedefs than this are loops. */
const MAX_DEPTH = 32;

/** Follows modifiers and typedefs to what is behind them; 0 when they go round in circles. */
export function resolveType(btf: Btf, id: number): number {
  let at = id;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const kind = kindOf(btf, at);
    if (!MODIFIERS.has(kind) && kind !== 'typedef') return at;
    at = referencedType(btf, at);
  }
  return 0;
}

/** Size of a type in bytes as libbpf computes it; null when it has none. Pointers have eight, as on every BPF target. */
export function sizeOf(btf: Btf, id: number): number | null {
  let factor = 1;
  let at = id;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    at = resolveType(btf, at);
    const kind = kindOf(btf, at);
    if (kind === 'ptr') return 8 * factor;
    if (
      kind === 'int' ||
      kind === 'struct' ||
      kind === 'union' ||
      kind === 'enum' ||
      kind === 'enum64' ||
      kind === 'float' ||
      kind === 'datasec'
    ) {
      return sizeField(btf, at) * factor;
    }
    const array = arrayOf(btf, at);
    if (!array) return null;
    factor *= array.length;
    at = array.element;
  }
  return null;
}

/** The id of the first type of that kind and name, null when there is none. */
export function findType(btf: Btf, kind: BtfKind, name: string): number | null {
  for (let id = 1; id < btf.endId; id++) if (kindOf(btf, id) === kind && nameOf(btf, id) === name) return id;
  return null;
}
