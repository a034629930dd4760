// The struct_ops maps of an object: variables of certain sections, each with a struct that the kernel must know.
import { type Btf, nameOf, vlenOf } from '../btf/btf.ts';
import { essentialName } from '../btf/essential-name.ts';
import { memberOf, sizeOf } from '../btf/types.ts';
import { readSymbols, sectionNamed } from '../elf/elf.ts';
import type { BpfObject } from './object.ts';
import { pointersIn, type StructOpsSection, structOpsVariables } from './struct-ops-members.ts';

/** The prefix of the kernel's struct for a struct_ops type. */
export const STRUCT_OPS_VALUE = 'bpf_struct_ops_';

export interface StructOpsMember {
  name: string;
  /** As the object initializes it; function pointers are zero here, because libbpf sets them. */
  bytes: Uint8Array;
  /** Whether the object sets it to a program. */
  hasProgram: boolean;
}

export interface StructOpsMap {
  name: string;
  section: StructOpsSection;
  /** The name of the struct, without its flavor. */
  type: string;
  /** The name of the struct, with its flavor. */
  typeInObject: string;
  members: StructOpsMember[];
}

interface Section {
  object: BpfObject;
  btf: Btf;
  name: string;
}

function membersOf({ object, btf, name }: Section, map: string, type: number): StructOpsMember[] {
  const symbols = readSymbols(object.elf);
  const place = symbols.find((symbol) => symbol.name === map && object.elf.sections[symbol.section]?.name === name);
  const data = sectionNamed(object.elf, name)?.bytes;
  if (!place || !data) return [];
  const pointers = new Set(pointersIn(object.elf, place.section, symbols).map(({ offset }) => offset));
  return Array.from({ length: vlenOf(btf, type) }, (_, index) => memberOf(btf, type, index)).flatMap((member) => {
    if (!member) return [];
    const start = place.value + Math.floor(member.bitOffset / 8);
    return [{ name: member.name, hasProgram: pointers.has(start), bytes: data.subarray(start, start + (sizeOf(btf, member.type) ?? 0)) }];
  });
}

/** All struct_ops maps of an object, also those that its loader does not create. */
export function structOpsMaps(object: BpfObject): StructOpsMap[] {
  const { btf } = object;
  if (!btf) return [];
  return structOpsVariables(btf).map(({ section, name, type }) => {
    const typeInObject = nameOf(btf, type);
    return {
      name,
      section,
      type: essentialName(typeInObject),
      typeInObject,
      members: membersOf({ object, btf, name: section }, name, type),
    };
  });
}
