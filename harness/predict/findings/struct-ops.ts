// Findings about struct_ops maps. The kernel needs their struct, and every member that a map fills with data.
import { type Btf, nameOf, vlenOf } from '../../bpf/btf/btf.ts';
import { findType, memberOf, referencedType, resolveType, sizeOf, variableOf } from '../../bpf/btf/types.ts';
import { readSymbols, sectionNamed } from '../../bpf/elf/elf.ts';
import { essentialName } from '../../bpf/btf/essential-name.ts';
import type { BpfObject } from '../../bpf/object/object.ts';
import type { KernelTypes } from '../../core-relo/candidates.ts';
import { findIn, whatIsKnown } from '../../kernel-btf/kernel-names.ts';
import type { Finding } from './finding.ts';

/** Sections whose maps are created by default. Maps of sections that begin with `?` are not. */
const SECTIONS = ['.struct_ops', '.struct_ops.link'];
const VALUE_PREFIX = 'bpf_struct_ops_';

function missing(reason: string, certain: boolean): Finding {
  return { failure: { stage: 'relocate', class: 'attach-target-missing', reason }, certain };
}

/** A section of struct_ops maps. */
interface StructOpsSection {
  object: BpfObject;
  btf: Btf;
  section: string;
}

/** Names of the members with non-zero data. Function pointers are zero here: libbpf sets them later, and skips members that the kernel lacks. */
function filledMembers({ object, btf, section }: StructOpsSection, name: string, type: number): string[] {
  const place = readSymbols(object.elf).find((symbol) => symbol.name === name && object.elf.sections[symbol.section]?.name === section);
  const bytes = sectionNamed(object.elf, section)?.bytes;
  if (!place || !bytes) return [];
  return Array.from({ length: vlenOf(btf, type) }, (_, index) => memberOf(btf, type, index)).flatMap((member) => {
    if (!member) return [];
    const start = place.value + Math.floor(member.bitOffset / 8);
    const isFilled = bytes.subarray(start, start + (sizeOf(btf, member.type) ?? 0)).some((byte) => byte !== 0);
    return isFilled ? [member.name] : [];
  });
}

function mapFindings(from: StructOpsSection, variable: number, kernel: KernelTypes): Finding[] {
  const { btf } = from;
  const type = resolveType(btf, referencedType(btf, variable));
  const [map, name] = [nameOf(btf, variable), essentialName(nameOf(btf, type))];
  const value = findIn(kernel, 'struct', VALUE_PREFIX + name);
  if (!value) {
    const known = kernel.modules.length > 0;
    const where = known ? whatIsKnown(kernel) : "this kernel's BTF, only a module could have it";
    return [missing(`struct_ops type ${name} is not in ${where}`, known)];
  }
  const own = findType(value.btf, 'struct', name) ?? 0;
  const has = new Set(Array.from({ length: vlenOf(value.btf, own) }, (_, at) => memberOf(value.btf, own, at)?.name));
  const lacking = filledMembers(from, map, type).filter((member) => !has.has(member));
  return lacking.map((member) => missing(`struct_ops member ${member} (map ${map}) is not in this kernel's BTF`, true));
}

/**
 * Finds structs that are no struct_ops type of the kernel, and members that the kernel's struct lacks.
 * @see find_struct_ops_kern_types() and bpf_map__init_kern_struct_ops() in libbpf.c
 */
export function structOpsFindings(object: BpfObject, kernel: KernelTypes): Finding[] {
  const { btf } = object;
  if (!btf) return [];
  const findings: Finding[] = [];
  for (const section of SECTIONS) {
    const data = findType(btf, 'datasec', section);
    const count = data === null ? 0 : vlenOf(btf, data);
    for (let index = 0; index < count; index++) {
      const variable = variableOf(btf, data ?? 0, index)?.type ?? 0;
      findings.push(...mapFindings({ object, btf, section }, variable, kernel));
    }
  }
  return findings;
}
