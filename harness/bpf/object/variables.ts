// The global variables of an object, as its BTF describes its data sections.
import { type Btf, kindOf, nameOf, vlenOf } from '../btf/btf.ts';
import { detailOf, referencedType, sizeOf, variableOf } from '../btf/types.ts';
import { type Elf, readSymbols } from '../elf/elf.ts';
import type { BpfObject } from './object.ts';

export interface ObjectVariable {
  name: string;
  /** `.rodata`, `.data.counters`, `.bss`; `.kconfig` for a value of the kernel's configuration. */
  section: string;
  /** Id of its type in the object's BTF. */
  type: number;
  /** Bytes from the start of its section. */
  offset: number;
  /** Size in bytes; null if its type has none. */
  size: number | null;
}

const DATA = /^\.(?:data|rodata|bss)(?:\.|$)/;
const KCONFIG = '.kconfig';
const VAR_STATIC = 0;
/** Reading a damaged section must end. */
const MAX_VARIABLES = 65_536;

/** Offsets of variables by section and name, from the symbol table. */
function symbolOffsets(elf: Elf): Map<string, number> {
  return new Map(readSymbols(elf).map(({ name, section, value }) => [`${elf.sections[section]?.name ?? ''} ${name}`, value]));
}

/**
 * The variables of a data section. clang leaves the offsets of non-static variables to the loader.
 * @see btf_fixup_datasec() in libbpf.c
 */
function variablesIn(btf: Btf, id: number, offsets: ReadonlyMap<string, number>): ObjectVariable[] {
  const section = nameOf(btf, id);
  return Array.from({ length: Math.min(vlenOf(btf, id), MAX_VARIABLES) }, (_, index) => variableOf(btf, id, index)).flatMap((entry) => {
    if (!entry || kindOf(btf, entry.type) !== 'var') return [];
    const name = nameOf(btf, entry.type);
    const isStatic = detailOf(btf, entry.type) === VAR_STATIC;
    const offset = isStatic ? entry.offset : (offsets.get(`${section} ${name}`) ?? entry.offset);
    const type = referencedType(btf, entry.type);
    return [{ name, section, type, offset, size: sizeOf(btf, type) }];
  });
}

function inSections({ btf, elf }: Pick<BpfObject, 'btf' | 'elf'>, wanted: (section: string) => boolean): ObjectVariable[] {
  if (!btf) return [];
  const offsets = symbolOffsets(elf);
  const found: ObjectVariable[] = [];
  for (let id = btf.startId; id < btf.endId; id++)
    if (kindOf(btf, id) === 'datasec' && wanted(nameOf(btf, id))) found.push(...variablesIn(btf, id, offsets));
  return found;
}

/** The variables whose values a loader may set, in the order of BTF. */
export function variablesOf(object: Pick<BpfObject, 'btf' | 'elf'>): ObjectVariable[] {
  return inSections(object, (section) => DATA.test(section));
}

/** The values that the object reads from the kernel's configuration (`CONFIG_*`), or from libbpf itself (`LINUX_*`). */
export function kconfigOf(object: Pick<BpfObject, 'btf' | 'elf'>): ObjectVariable[] {
  return inSections(object, (section) => section === KCONFIG);
}
