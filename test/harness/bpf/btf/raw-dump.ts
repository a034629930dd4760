// Prints every type of a BTF in the format of `bpftool btf dump ... format raw`, so that both can be compared line by line.
import { type Btf, kindFlag, kindOf, nameOf, vlenOf } from '../../../../harness/bpf/btf/btf.ts';
import type { BtfKind } from '../../../../harness/bpf/btf/kinds.ts';
import {
  arrayOf,
  detailOf,
  enumeratorOf,
  integerOf,
  memberOf,
  parameterOf,
  referencedType,
  sizeField,
  variableOf,
} from '../../../../harness/bpf/btf/types.ts';

const ENCODINGS: Readonly<Record<number, string>> = { 0: '(none)', 1: 'SIGNED', 2: 'CHAR', 4: 'BOOL' };
const LINKAGES = ['static', 'global', 'extern'];

const quoted = (name: string) => `'${name || '(anon)'}'`;

function elements<T>(
  btf: Btf,
  id: number,
  read: (btf: Btf, id: number, index: number) => T | null,
  format: (element: T) => string,
): string[] {
  return Array.from({ length: vlenOf(btf, id) }, (_, index) => {
    const element = read(btf, id, index);
    return element === null ? '\tmissing' : `\t${format(element)}`;
  });
}

type Format<T> = (btf: Btf, id: number) => T;

const type: Format<string> = (btf, id) => `type_id=${referencedType(btf, id)}`;
const size: Format<string> = (btf, id) => `size=${sizeField(btf, id)}`;
const sizeAndCount: Format<string> = (btf, id) => `${size(btf, id)} vlen=${vlenOf(btf, id)}`;
const signAndSize: Format<string> = (btf, id) => `encoding=${kindFlag(btf, id) ? 'SIGNED' : 'UNSIGNED'} ${sizeAndCount(btf, id)}`;

/** The text after kind and name, for each kind. All other kinds have the type that they refer to. */
const HEADS: Partial<Record<BtfKind, Format<string>>> = {
  int: (btf, id) => {
    const { encoding, bitOffset, bits } = integerOf(btf, id);
    return `${size(btf, id)} bits_offset=${bitOffset} nr_bits=${bits} encoding=${ENCODINGS[encoding] ?? 'UNKN'}`;
  },
  array: (btf, id) => {
    const array = arrayOf(btf, id);
    return `type_id=${array?.element} index_type_id=${array?.index} nr_elems=${array?.length}`;
  },
  struct: sizeAndCount,
  union: sizeAndCount,
  datasec: sizeAndCount,
  enum: signAndSize,
  enum64: signAndSize,
  fwd: (btf, id) => `fwd_kind=${kindFlag(btf, id) ? 'union' : 'struct'}`,
  func: (btf, id) => `${type(btf, id)} linkage=${LINKAGES[vlenOf(btf, id)]}`,
  func_proto: (btf, id) => `ret_${type(btf, id)} vlen=${vlenOf(btf, id)}`,
  var: (btf, id) => `${type(btf, id)}, linkage=${LINKAGES[detailOf(btf, id)]}`,
  float: size,
  decl_tag: (btf, id) => `${type(btf, id)} component_idx=${detailOf(btf, id)}`,
};

const members: Format<string[]> = (btf, id) =>
  elements(btf, id, memberOf, ({ name, type: of, bitOffset, bitSize }) => {
    return `${quoted(name)} type_id=${of} bits_offset=${bitOffset}${bitSize === 0 ? '' : ` bitfield_size=${bitSize}`}`;
  });

const BODIES: Partial<Record<BtfKind, Format<string[]>>> = {
  struct: members,
  union: members,
  enum: (btf, id) => elements(btf, id, enumeratorOf, ({ name, value }) => `${quoted(name)} val=${value}`),
  enum64: (btf, id) => {
    return elements(btf, id, enumeratorOf, ({ name, value }) => `${quoted(name)} val=${value}${kindFlag(btf, id) ? 'LL' : 'ULL'}`);
  },
  func_proto: (btf, id) => elements(btf, id, parameterOf, ({ name, type: of }) => `${quoted(name)} type_id=${of}`),
  datasec: (btf, id) =>
    elements(btf, id, variableOf, (variable) => {
      const named = `${kindOf(btf, variable.type).toUpperCase()} ${quoted(nameOf(btf, variable.type))}`;
      return `type_id=${variable.type} offset=${variable.offset} size=${variable.size} (${named})`;
    }),
};

/** Prints all types of a BTF without the types of its base: one line for each type, and one for each of its elements. */
export function rawDump(btf: Btf): string[] {
  const lines: string[] = [];
  for (let id = btf.startId; id < btf.endId; id++) {
    const kind = kindOf(btf, id);
    lines.push(
      `[${id}] ${kind.toUpperCase()} ${quoted(nameOf(btf, id))} ${(HEADS[kind] ?? type)(btf, id)}`,
      ...(BODIES[kind]?.(btf, id) ?? []),
    );
  }
  return lines;
}
