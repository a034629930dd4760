// The functions of an object by their symbols, and the function of each instruction.
import { type Elf, readSymbols, SHF_EXECINSTR, STT_FUNC } from '../elf/elf.ts';

export const INSN_BYTES = 8;

/** A function of an executable section: a program, or in .text a subprogram. */
export interface ObjectFunction {
  name: string;
  section: string;
  /** From the start of its section. */
  insnOffset: number;
  insns: number;
}

/**
 * All functions, in the order of sections and of instructions in them.
 * @see bpf_object__add_programs() in libbpf.c
 */
export function functionsOf(elf: Elf): ObjectFunction[] {
  const found = readSymbols(elf).flatMap((symbol) => {
    const section = elf.sections[symbol.section];
    if (symbol.type !== STT_FUNC || !section || (section.flags & SHF_EXECINSTR) === 0) return [];
    const { name, value } = symbol;
    // A damaged symbol may claim more than its section has, and no machine could go through that.
    const size = Math.min(symbol.size, Math.max(0, section.bytes.length - value));
    return [{ order: symbol.section, name, section: section.name, insnOffset: value / INSN_BYTES, insns: size / INSN_BYTES }];
  });
  const sorted = found.toSorted((a, b) => a.order - b.order || a.insnOffset - b.insnOffset);
  return sorted.map(({ name, section, insnOffset, insns }) => ({ name, section, insnOffset, insns }));
}

/** The position of the last element whose key is at most `wanted` among ascending keys, or -1. */
export function lastAtMost<T>(sorted: readonly T[], wanted: number, key: (element: T) => number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const element = sorted[middle];
    if (element !== undefined && key(element) <= wanted) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The functions of each section, in their order. */
export function functionsBySection(functions: readonly ObjectFunction[]): ReadonlyMap<string, readonly ObjectFunction[]> {
  const sections = new Map<string, ObjectFunction[]>();
  for (const each of functions) {
    const own = sections.get(each.section);
    if (own) own.push(each);
    else sections.set(each.section, [each]);
  }
  return sections;
}

/**
 * Finds the function of an instruction among the functions of one section; undefined for an instruction outside of all functions.
 * @see find_prog_by_sec_insn() in libbpf.c
 */
export function ownerFinder(functions: readonly ObjectFunction[]): (insn: number) => ObjectFunction | undefined {
  return (insn) => {
    const owner = functions[lastAtMost(functions, insn, (each) => each.insnOffset)];
    return owner && insn < owner.insnOffset + owner.insns ? owner : undefined;
  };
}
