// Finds the struct_ops maps of an object and the programs that implement their members.
import { type Btf, nameOf, vlenOf } from '../btf/btf.ts';
import { essentialName } from '../btf/essential-name.ts';
import { findType, memberOf, referencedType, resolveType, variableOf } from '../btf/types.ts';
import { type Elf, type ElfSymbol, readSymbols } from '../elf/elf.ts';
import { INSN_BYTES, type ObjectFunction } from './functions.ts';

/** The member of a struct_ops map that a program implements. */
export interface StructOpsMember {
  map: string;
  /** Name of the struct, without flavor. */
  type: string;
  member: string;
}

const SECTION = /^\??\.struct_ops(?:\.link)?$/;
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
  const sections = elf.sections.flatMap(({ name }, index) => (SECTION.test(name) ? [{ name, index }] : []));
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
        if (program && member !== null && !found.has(program.name))
          found.set(program.name, { map, type: essentialName(nameOf(btf, type)), member });
      }
    }
  }
  return found;
}
