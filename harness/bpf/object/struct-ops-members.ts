// Finds the struct_ops maps of an object and the programs that implement their members.
import { type Btf, nameOf, vlenOf } from '../btf/btf.ts';
import { essentialName } from '../btf/essential-name.ts';
import { findType, memberOf, referencedType, resolveType, sizeOf, variableOf } from '../btf/types.ts';
import { type Elf, type ElfSymbol, readSymbols } from '../elf/elf.ts';
import { INSN_BYTES, type ObjectFunction } from './functions.ts';
import type { ObjectMap } from './maps.ts';

/** The member of a struct_ops map that a program implements. */
export interface StructOpsMember {
  map: string;
  /** Name of the struct, without flavor. */
  type: string;
  member: string;
  /** All struct_ops maps that refer to the program, each once. The first is `map`. */
  maps: readonly string[];
}

/** Sections with struct_ops maps. Those of a section that begins with `?` are not created by default. */
const STRUCT_OPS_SECTIONS = ['.struct_ops', '.struct_ops.link', '?.struct_ops', '?.struct_ops.link'] as const;

export type StructOpsSection = (typeof STRUCT_OPS_SECTIONS)[number];

/** The minor number of the first release of libbpf 1.x that makes maps of each section. Older releases skip the section. */
export const STRUCT_OPS_SINCE = {
  '.struct_ops': 0,
  '.struct_ops.link': 2,
  '?.struct_ops': 4,
  '?.struct_ops.link': 4,
} as const satisfies Record<StructOpsSection, number>;

/** Whether the name of a section is that of one with struct_ops maps. */
export function isStructOpsSection(name: string): name is StructOpsSection {
  return STRUCT_OPS_SECTIONS.some((each) => each === name);
}

const SHT_REL = 9;
const REL_SIZE = 16;

/** An address of a function in a data section. */
export interface FunctionPointer {
  offset: number;
  symbol: ElfSymbol;
}

/** The addresses of functions that a data section has, by the number of the section, in the order of their relocations. */
export function pointersIn(elf: Elf, section: number, symbols: readonly ElfSymbol[]): FunctionPointer[] {
  return elf.sections.flatMap(({ type, info, bytes }) => {
    if (type !== SHT_REL || info !== section) return [];
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Array.from({ length: Math.floor(bytes.length / REL_SIZE) }, (_, index) => {
      const at = index * REL_SIZE;
      const symbol = symbols[Number(view.getBigUint64(at + 8, elf.littleEndian) >> 32n)];
      return symbol ? [{ offset: Number(view.getBigUint64(at, elf.littleEndian)), symbol }] : [];
    }).flat();
  });
}

/** The struct types of the maps in a section, by the name of the map. */
function mapTypes(btf: Btf, section: string): Map<string, number> {
  const data = findType(btf, 'datasec', section);
  const count = data === null ? 0 : vlenOf(btf, data);
  return new Map(
    Array.from({ length: count }, (_, index) => variableOf(btf, data ?? 0, index)?.type ?? 0).map((id) => [
      nameOf(btf, id),
      resolveType(btf, referencedType(btf, id)),
    ]),
  );
}

/** A struct_ops map as the object declares it. */
export interface StructOpsVariable {
  section: StructOpsSection;
  name: string;
  /** The id of its struct. */
  type: number;
}

/** The variables that are struct_ops maps, by section. */
export function structOpsVariables(btf: Btf): StructOpsVariable[] {
  return STRUCT_OPS_SECTIONS.flatMap((section) => [...mapTypes(btf, section)].map(([name, type]) => ({ section, name, type })));
}

/** `BPF_F_LINK`. @see include/uapi/linux/bpf.h */
const WITH_LINK = 1 << 13;

/** The struct_ops maps of an object, as libbpf 1.4 and newer create them. @see init_struct_ops_maps() in libbpf.c */
export function structOpsObjectMaps(btf: Btf): ObjectMap[] {
  return structOpsVariables(btf).map(({ section, name, type }) => {
    return {
      name,
      type: 'struct_ops',
      maxEntries: 1,
      keySize: 4,
      valueSize: sizeOf(btf, type),
      hasValueType: false,
      flags: section.endsWith('.link') ? WITH_LINK : 0,
      hasInner: false,
      autocreate: !section.startsWith('?'),
    };
  });
}

function memberAt(btf: Btf, type: number, offset: number): string | null {
  for (let index = 0; index < vlenOf(btf, type); index++) {
    const member = memberOf(btf, type, index);
    if (member?.bitOffset === offset * 8) return member.name;
  }
  return null;
}

/**
 * The members that programs implement, keyed by program. A program that no map refers to is not in it.
 * @see bpf_object__collect_st_ops_relos() in libbpf.c
 */
export function structOpsMembers(elf: Elf, btf: Btf, programs: readonly ObjectFunction[]): Map<string, StructOpsMember> {
  const found = new Map<string, StructOpsMember>();
  const sections = elf.sections.flatMap(({ name }, index) => (isStructOpsSection(name) ? [{ name, index }] : []));
  const symbols = sections.length > 0 ? readSymbols(elf) : [];
  for (const { name, index } of sections) {
    const pointers = pointersIn(elf, index, symbols);
    for (const [map, type] of mapTypes(btf, name)) {
      const place = symbols.find((symbol) => symbol.name === map && symbol.section === index);
      if (!place) continue;
      for (const { offset, symbol } of pointers) {
        const isInside = offset >= place.value && offset < place.value + place.size;
        const section = elf.sections[symbol.section]?.name;
        const program = programs.find((each) => each.section === section && each.insnOffset === symbol.value / INSN_BYTES);
        const member = isInside ? memberAt(btf, type, offset - place.value) : null;
        if (!program || member === null) continue;
        const first = found.get(program.name) ?? { map, type: essentialName(nameOf(btf, type)), member, maps: [] };
        found.set(program.name, { ...first, maps: [...new Set([...first.maps, map])] });
      }
    }
  }
  return found;
}
