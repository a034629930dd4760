// A CO-RE spec: the path of members and indices of a relocation through a type, on the local side or in a target.
import { type Btf, kindOf, nameOf, vlenOf } from '../btf/btf.ts';
import { arrayOf, enumeratorOf, isAnyEnum, isComposite, memberOf, resolveType, sizeOf } from '../btf/types.ts';
import type { RelocationKind } from '../../base/vocabulary.ts';

/** A step that has a meaning in C: a named member, or an index into an array. */
export interface Accessor {
  /** The struct or union of the member, or the element's type; the enum for an enumerator. */
  type: number;
  index: number;
  /** Null for an index. */
  name: string | null;
}

/** @see struct bpf_core_spec in libbpf's relo_core.h */
export interface CoreSpec {
  btf: Btf;
  kind: RelocationKind;
  rootId: number;
  accessors: Accessor[];
  /** Every member number and index on the path, including those into anonymous members. */
  raw: number[];
  /** From the start of the root, in bits, within 32 bits as libbpf counts. */
  bitOffset: number;
}

export type ParsedSpec =
  | { ok: true; spec: CoreSpec }
  /** `warning` is the line that libbpf prints before it gives up, or null. */
  | { ok: false; errno: number; warning: string | null };

/** BPF_CORE_SPEC_MAX_LEN */
export const MAX_SPEC = 64;
const MAX_INDEX = 0x7fffffff;
const EINVAL = 22;
const E2BIG = 7;
/** The size of libbpf's text buffer, with the NUL at its end. */
const MAX_FORMATTED = 255;

const CLASSES = {
  byte_off: 'field',
  byte_sz: 'field',
  field_exists: 'field',
  signed: 'field',
  lshift_u64: 'field',
  rshift_u64: 'field',
  local_type_id: 'type',
  target_type_id: 'type',
  type_exists: 'type',
  type_size: 'type',
  type_matches: 'type',
  enumval_exists: 'enumerator',
  enumval_value: 'enumerator',
} as const satisfies Record<RelocationKind, 'field' | 'type' | 'enumerator'>;

/** Whether a relocation is about a field, a whole type or an enumerator. */
export function classOf(kind: RelocationKind): 'field' | 'type' | 'enumerator' {
  return CLASSES[kind];
}

/** Offset of element `index`, in bits, as an unsigned 32-bit number. */
export function elementBits(index: number, size: number): number {
  return index === 0 ? 0 : Number(BigInt.asUintN(32, BigInt(index) * BigInt(size) * 8n));
}

export function addBits(a: number, b: number): number {
  return (a + b) >>> 0;
}

/** Whether an array is the flexible one at the end of the struct it was reached through. */
export function isFlexible(btf: Btf, through: Accessor | undefined, length: number): boolean {
  return through !== undefined && through.name !== null && length === 0 && through.index === vlenOf(btf, through.type) - 1;
}

/** Numbers of an access string such as `0:1:2`, or libbpf's error number for an invalid one. */
function parseAccess(text: string): number[] | number {
  if (!/^\d{1,10}(:\d{1,10})*$/.test(text)) return EINVAL;
  const numbers = text.split(':').map(Number);
  if (numbers.length > MAX_SPEC) return E2BIG;
  return numbers.every((number) => number <= MAX_INDEX) ? numbers : EINVAL;
}

const failed = (errno: number, warning: string | null = null): ParsedSpec => ({ ok: false, errno, warning });

function parseEnumerator(spec: CoreSpec, id: number): ParsedSpec {
  const [index = 0, ...more] = spec.raw;
  const enumerator = enumeratorOf(spec.btf, id, index);
  if (!isAnyEnum(kindOf(spec.btf, id)) || more.length > 0 || !enumerator) return failed(EINVAL);
  spec.accessors.push({ type: id, index, name: enumerator.name });
  return { ok: true, spec };
}

function parseField(spec: CoreSpec, rootId: number): ParsedSpec {
  const { btf, raw, accessors } = spec;
  const [first = 0, ...rest] = raw;
  const rootSize = sizeOf(btf, rootId);
  if (rootSize === null) return failed(EINVAL);
  accessors.push({ type: rootId, index: first, name: null });
  spec.bitOffset = elementBits(first, rootSize);
  let id = rootId;
  for (const [at, index] of rest.entries()) {
    id = resolveType(btf, id);
    const kind = kindOf(btf, id);
    const array = arrayOf(btf, id);
    if (isComposite(kind)) {
      const member = memberOf(btf, id, index);
      if (!member) return failed(EINVAL);
      spec.bitOffset = addBits(spec.bitOffset, member.bitOffset);
      if (member.name !== '') accessors.push({ type: id, index, name: member.name });
      id = member.type;
    } else if (array) {
      id = resolveType(btf, array.element);
      if (!isFlexible(btf, accessors.at(-1), array.length) && index >= array.length) return failed(EINVAL);
      accessors.push({ type: id, index, name: null });
      const size = sizeOf(btf, id);
      if (size === null) return failed(EINVAL);
      spec.bitOffset = addBits(spec.bitOffset, elementBits(index, size));
    } else {
      // libbpf has read to the end of the access string, and prints what is left of it: nothing between the two blanks.
      return failed(EINVAL, `relo for [${spec.rootId}]  (at idx ${at + 1}) captures type [${id}] of unexpected kind ${kind}`);
    }
  }
  return { ok: true, spec };
}

/**
 * Reads the local side of a relocation: the access string walked through the object's own BTF.
 * @param access as recorded: `0:1:2` for a field, `0` for a type, the number of the enumerator
 * @see bpf_core_parse_spec() in libbpf's relo_core.c
 */
export function parseLocalSpec(btf: Btf, kind: RelocationKind, rootId: number, access: string): ParsedSpec {
  const spec: CoreSpec = { btf, kind, rootId, accessors: [], raw: [], bitOffset: 0 };
  if (classOf(kind) === 'type') return access === '0' ? { ok: true, spec } : failed(EINVAL);
  const numbers = parseAccess(access);
  if (typeof numbers === 'number') return failed(numbers);
  spec.raw = numbers;
  const id = resolveType(btf, rootId);
  return classOf(kind) === 'enumerator' ? parseEnumerator(spec, id) : parseField(spec, id);
}

function formatField({ accessors, raw, bitOffset }: CoreSpec): string {
  const path = accessors.map(({ name, index }, at) => {
    if (name !== null) return `.${name}`;
    // The first index treats the pointer as an array. It is printed only if it is not 0.
    return at > 0 || index > 0 ? `[${index}]` : '';
  });
  const bits = bitOffset % 8 === 0 ? '' : `.${bitOffset % 8}`;
  return `${path.join('')} (${raw.join(':')} @ offset ${Math.floor(bitOffset / 8)}${bits})`;
}

function formatTail(spec: CoreSpec): string {
  switch (classOf(spec.kind)) {
    case 'type':
      return '';
    case 'field':
      return formatField(spec);
    case 'enumerator': {
      // If nothing was found, libbpf prints the first enumerator of the target.
      const enumerator = enumeratorOf(spec.btf, resolveType(spec.btf, spec.rootId), spec.raw[0] ?? 0);
      return enumerator ? `::${enumerator.name} = ${enumerator.value}` : '';
    }
  }
}

/** A type as libbpf names it in messages: `struct task_struct`, `union <anon>`. */
export function formatType(btf: Btf, id: number): string {
  return `${kindOf(btf, id)} ${nameOf(btf, id) || '<anon>'}`;
}

/** A spec in libbpf's format, without kind and BTF id: `struct task_struct.mm (0:40 @ offset 1096)`. */
export function describeSpec(spec: CoreSpec): string {
  return formatType(spec.btf, spec.rootId) + formatTail(spec);
}

/**
 * A spec as libbpf prints it: `<byte_off> [2] struct task_struct.mm (0:40 @ offset 1096)`.
 * @see bpf_core_format_spec() in libbpf's relo_core.c
 */
export function formatSpec(spec: CoreSpec): string {
  return `<${spec.kind}> [${spec.rootId}] ${describeSpec(spec)}`.slice(0, MAX_FORMATTED);
}
