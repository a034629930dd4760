// Finds why cilium/ebpf does not open an object: sections, externs, maps and calls that a release does not support, on every kernel.
import { kindOf, nameOf, vlenOf } from '../btf/btf.ts';
import { allMembers, findType, referencedType, resolveType, variableOf } from '../btf/types.ts';
import { type ElfSymbol, readSymbols, sectionNamed, SHF_EXECINSTR, STB_LOCAL, STB_WEAK, STT_FUNC, STT_OBJECT } from '../elf/elf.ts';
import type { BpfObject } from './object.ts';
import { instructionRelocations } from './references.ts';

/** Releases of cilium/ebpf whose rules are known. */
export type CiliumRelease = '0.17' | '0.22';

const SHT_PROGBITS = 1;
const STT_NOTYPE = 0;
const CALL = 0x85;
const LOAD64 = 0x18;

type Refused = Pick<BpfObject, 'elf' | 'btf'>;

/** Release 0.17 does not read struct_ops maps at all; newer ones read only those that a link registers. */
function structOpsSection({ elf }: Refused, release: CiliumRelease): string | null {
  if (release === '0.17') return null;
  const isMaps = elf.sections.some(({ name, type, size }) => name === '.struct_ops' && type === SHT_PROGBITS && size > 0);
  return isMaps ? `section ".struct_ops": got '.struct_ops' section: not supported` : null;
}

/** Offsets in struct btf_ext_header of libbpf's libbpf_internal.h. */
const FUNCTIONS_LENGTH = 12;
const LINES_LENGTH = 20;
const HEADER_BYTES = 24;

/** GCC 12 and 13 write a part of .BTF.ext without records as 0 bytes; the library expects at least the size of a record. */
function emptyExtension({ elf, btf }: Refused): string | null {
  const bytes = btf && sectionNamed(elf, '.BTF.ext')?.bytes;
  if (!bytes || bytes.length < HEADER_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isEmpty = (length: number) => view.getUint32(length, elf.littleEndian) === 0;
  const refusedPart = (part: string) => `load BTF: parsing BTF ${part} info: can't read record size: EOF`;
  if (isEmpty(FUNCTIONS_LENGTH)) return refusedPart('function');
  return isEmpty(LINES_LENGTH) ? refusedPart('line') : null;
}

/** The variables and functions of a section in BTF, in its order. */
function membersOfSection({ btf }: Refused, section: string): number[] {
  const id = btf && findType(btf, 'datasec', section);
  if (!btf || id === null) return [];
  return Array.from({ length: vlenOf(btf, id) }, (_, index) => variableOf(btf, id, index)?.type ?? 0);
}

/** A kernel variable that is not declared plain `void`: even `const void` counts as a type. */
function typedKernelVariable(object: Refused): string | null {
  const { btf } = object;
  const typed = membersOfSection(object, '.ksyms').find((id) => btf && kindOf(btf, id) === 'var' && referencedType(btf, id) !== 0);
  return btf && typed !== undefined ? `data section .ksyms: expected ${nameOf(btf, typed)} to be *Void, not *btf.Var: not supported` : null;
}

/** A map with a member that the release does not know. */
function mapMember(object: Refused, release: CiliumRelease): string | null {
  const { btf } = object;
  if (!btf || release !== '0.17') return null;
  const map = membersOfSection(object, '.maps').find((id) =>
    allMembers(btf, resolveType(btf, referencedType(btf, id))).some(({ name }) => name === 'map_extra'),
  );
  return map === undefined ? null : `map ${nameOf(btf, map)}: BTF map definition: field map_extra: not supported`;
}

/** Static maps of one name in sources that were linked: the library keeps what BTF tells about a map by its name. */
function mapsOfOneName(object: Refused): string | null {
  const { elf, btf } = object;
  const described = new Set(btf ? membersOfSection(object, '.maps').map((id) => nameOf(btf, id)) : []).size;
  const places = readSymbols(elf).filter(({ type, name, section }) => {
    return (type === STT_OBJECT || type === STT_NOTYPE) && name !== '' && elf.sections[section]?.name === '.maps';
  });
  const symbols = new Set(places.map(({ value }) => value)).size;
  return described === 0 || symbols === described
    ? null
    : `load BTF maps: section .maps: contains ${symbols} symbols but ${described} btf.Vars`;
}

/** The first that occurs twice; undefined if none does. */
function repeated(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return names.find((name) => seen.size === seen.add(name).size);
}

/** A name of several functions: static functions of sources that were linked may have one name, but the library knows them by it. */
function functionName({ elf }: Refused, release: CiliumRelease): string | null {
  const functions = new Map<number, string[]>();
  for (const { name, type, section } of readSymbols(elf)) {
    const { type: kind, flags = 0, size = 0 } = elf.sections[section] ?? {};
    const isCode = kind === SHT_PROGBITS && (flags & SHF_EXECINSTR) !== 0 && size > 0;
    if (!isCode || type !== STT_FUNC || name === '') continue;
    const own = functions.get(section);
    if (own) own.push(name);
    else functions.set(section, [name]);
  }
  for (const [section, names] of functions) {
    const name = repeated(names);
    if (name === undefined) continue;
    const where = elf.sections[section]?.name ?? '';
    const problem = release === '0.17' ? `insns contains duplicate Symbol ${name}` : `duplicate symbol ${name} in section ${where}`;
    return `load programs: section ${where}: ${problem}`;
  }
  const name = repeated([...functions.values()].flat());
  return name === undefined ? null : `load programs: duplicate program name ${name}`;
}

/** Why a release refuses the symbol that an instruction refers to. */
function refusedReference(
  { elf, btf }: Refused,
  { opcode, symbol }: { opcode: number; symbol: ElfSymbol },
  { release, kernelNames }: { release: CiliumRelease; kernelNames: ReadonlySet<string> },
): string | null {
  const { name, binding, type, section } = symbol;
  const target = elf.sections[section];
  if (section === 0) {
    const isKconfig = opcode === LOAD64 && btf !== null && findType(btf, 'datasec', '.kconfig') !== null && !kernelNames.has(name);
    return isKconfig && binding === STB_WEAK ? `asm relocation: ${name}: unsupported binding: STB_WEAK` : null;
  }
  if (target === undefined) return null;
  if (target.name === '.maps' || target.name.startsWith('maps')) {
    return binding === STB_LOCAL ? `possible erroneous static qualifier on map definition: found reference to "${name}"` : null;
  }
  const isWeakCall = opcode === CALL && (target.flags & SHF_EXECINSTR) !== 0 && type === STT_FUNC && binding === STB_WEAK;
  return isWeakCall && release === '0.17' ? `call: ${name}: unsupported binding: STB_WEAK` : null;
}

function reference(object: Refused, release: CiliumRelease): string | null {
  const { elf, btf } = object;
  const kernelNames = new Set(btf ? membersOfSection(object, '.ksyms').map((id) => nameOf(btf, id)) : []);
  const symbols = readSymbols(elf);
  for (const { section, offset, symbol: index } of instructionRelocations(elf)) {
    const symbol = symbols[index];
    const opcode = section.bytes[offset];
    if (!symbol || opcode === undefined) continue;
    const refused = refusedReference(object, { opcode, symbol }, { release, kernelNames });
    if (refused !== null) return refused;
  }
  return null;
}

/**
 * The end of cilium/ebpf's message about an object that it does not open; null if it opens it, or if this module does not know why not.
 * @see LoadCollectionSpecFromReader() in cilium/ebpf's elf_reader.go: sections, BTF, maps, then functions and references from code
 */
export function ciliumRefusal(object: Refused, release: CiliumRelease): string | null {
  return (
    structOpsSection(object, release) ??
    emptyExtension(object) ??
    typedKernelVariable(object) ??
    mapMember(object, release) ??
    mapsOfOneName(object) ??
    functionName(object, release) ??
    reference(object, release)
  );
}
