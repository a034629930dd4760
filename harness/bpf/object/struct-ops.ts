// The struct_ops maps of an object: variables of certain sections, each with a struct that the kernel must know.
import { type Btf, nameOf, vlenOf } from '../btf/btf.ts';
import { essentialName } from '../btf/essential-name.ts';
import { findType, memberOf, referencedType, resolveType, sizeOf, variableOf } from '../btf/types.ts';
import { readSymbols, sectionNamed } from '../elf/elf.ts';
import type { BpfObject } from './object.ts';

/** Sections whose maps are created by default. Maps of sections that begin with `?` are not. */
const SECTIONS = ['.struct_ops', '.struct_ops.link'];

/** The prefix of the kernel's struct for a struct_ops type. */
export const STRUCT_OPS_VALUE = 'bpf_struct_ops_';

export interface StructOpsMember {
  name: string;
  /** As the object initializes it; function pointers are zero here, because libbpf sets them. */
  bytes: Uint8Array;
}

export interface StructOpsMap {
  name: string;
  /** The name of the struct, without its flavor. */
  type: string;
  members: StructOpsMember[];
}

interface Section {
  object: BpfObject;
  btf: Btf;
  name: string;
}

function membersOf({ object, btf, name }: Section, map: string, type: number): StructOpsMember[] {
  const place = readSymbols(object.elf).find((symbol) => symbol.name === map && object.elf.sections[symbol.section]?.name === name);
  const data = sectionNamed(object.elf, name)?.bytes;
  if (!place || !data) return [];
  return Array.from({ length: vlenOf(btf, type) }, (_, index) => memberOf(btf, type, index)).flatMap((member) => {
    if (!member) return [];
    const start = place.value + Math.floor(member.bitOffset / 8);
    return [{ name: member.name, bytes: data.subarray(start, start + (sizeOf(btf, member.type) ?? 0)) }];
  });
}

/** The struct_ops maps that libbpf creates by default. */
export function structOpsMaps(object: BpfObject): StructOpsMap[] {
  const { btf } = object;
  if (!btf) return [];
  return SECTIONS.flatMap((name) => {
    const data = findType(btf, 'datasec', name);
    return Array.from({ length: data === null ? 0 : vlenOf(btf, data) }, (_, index) => {
      const variable = variableOf(btf, data ?? 0, index)?.type ?? 0;
      const type = resolveType(btf, referencedType(btf, variable));
      const map = nameOf(btf, variable);
      return { name: map, type: essentialName(nameOf(btf, type)), members: membersOf({ object, btf, name }, map, type) };
    });
  });
}
