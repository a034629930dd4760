// Finds why cilium/ebpf does not open an object: sections, externs, maps and calls that a release does not support, on every kernel.
import { kindOf, nameOf, vlenOf } from '../btf/btf.ts';
import { allMembers, arrayOf, findType, referencedType, resolveType, sizeOf, variableOf } from '../btf/types.ts';
import { type ElfSymbol, readSymbols, sectionNamed, SHF_EXECINSTR, STB_LOCAL, STB_WEAK, STT_FUNC, STT_OBJECT } from '../elf/elf.ts';
import { damagesOf } from './damage.ts';
import type { DamageKind } from './damage-kind.ts';
import type { BpfObject } from './object.ts';
import { instructionRelocations } from './references.ts';

/** Releases of cilium/ebpf whose rules are known. */
export type CiliumRelease = '0.17' | '0.22';

const SHT_PROGBITS = 1;
const STT_NOTYPE = 0;
const CALL = 0x85;
const LOAD64 = 0x18;

type Refused = Pick<BpfObject, 'elf' | 'btf' | 'ext'>;

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

/** The members of a map definition that give a size, by what they are about. */
const SIZES = { key: 'key', key_size: 'key', value: 'value', value_size: 'value' } as const;
const OTHER_MEMBERS: ReadonlySet<string> = new Set(['type', 'map_flags', 'max_entries', 'pinning', 'values', 'map_extra']);
const isSize = (name: string): name is keyof typeof SIZES => Object.hasOwn(SIZES, name);

/** A map with a member that the library does not read, or with two sizes of keys or values. @see mapSpecFromBTF() in its elf_reader.go */
function mapDefinition(object: Refused): string | null {
  const { btf } = object;
  if (!btf) return null;
  for (const id of membersOfSection(object, '.maps')) {
    const refused = (problem: string) => `load BTF maps: map ${nameOf(btf, id)}: ${problem}`;
    const given = new Set<string>();
    for (const { name, type } of allMembers(btf, resolveType(btf, referencedType(btf, id)))) {
      if (!isSize(name)) {
        if (!OTHER_MEMBERS.has(name)) return refused(`unrecognized field ${name} in BTF map definition`);
        continue;
      }
      const about = SIZES[name];
      if (given.has(about)) return refused(`both ${about} and ${about}_size given`);
      const pointed = referencedType(btf, type);
      const size = name.endsWith('_size') ? arrayOf(btf, pointed)?.length : sizeOf(btf, pointed);
      // A size of 0, which aya's types of ring buffers have, does not count.
      if (size !== 0) given.add(about);
    }
  }
  return null;
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

/** Maps that only BTF describes, in an object without BTF. */
function mapsWithoutBtf({ elf, btf }: Refused): string | null {
  return btf === null && sectionNamed(elf, '.maps') !== undefined ? 'load BTF maps: missing BTF' : null;
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

interface DeclaredNames {
  /** Of externs in `.ksyms`. */
  kernelNames: ReadonlySet<string>;
  /** Of externs in `.kconfig`. */
  settingNames: ReadonlySet<string>;
}

/** Why a release refuses the symbol that an instruction refers to. */
function refusedReference(
  { elf, btf }: Refused,
  { opcode, symbol }: { opcode: number; symbol: ElfSymbol },
  { release, kernelNames, settingNames }: { release: CiliumRelease } & DeclaredNames,
): string | null {
  const { name, binding, type, section } = symbol;
  const target = elf.sections[section];
  if (section === 0) {
    const isKconfig = opcode === LOAD64 && btf !== null && findType(btf, 'datasec', '.kconfig') !== null && !kernelNames.has(name);
    if (isKconfig && binding === STB_WEAK) return `asm relocation: ${name}: unsupported binding: STB_WEAK`;
    return isKconfig && !settingNames.has(name) ? `kconfig ${name} not found in .kconfig` : null;
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
  const namesIn = (section: string) => new Set(btf ? membersOfSection(object, section).map((id) => nameOf(btf, id)) : []);
  const names = { kernelNames: namesIn('.ksyms'), settingNames: namesIn('.kconfig') };
  const symbols = readSymbols(elf);
  for (const { section, offset, symbol: index } of instructionRelocations(elf)) {
    const symbol = symbols[index];
    const opcode = section.bytes[offset];
    if (!symbol || opcode === undefined) continue;
    const refused = refusedReference(object, { opcode, symbol }, { release, ...names });
    if (refused !== null) return refused;
  }
  return null;
}

/** Damage that both releases notice wherever it is. Other damage they notice only in what they read. */
const NOTICED: readonly DamageKind[] = [
  'btf-kind',
  'btf-string-table',
  'type-name',
  'ext-offset',
  'map-bytes',
  'map-without-symbols',
  'section-size',
  'relocation-symbol',
  'code-without-symbols',
  'wide-load',
];

/** Damage that one release notices wherever it is: release 0.17 reads all types and instructions, newer ones each function within its bounds. */
const NOTICED_BY: Readonly<Record<CiliumRelease, ReadonlySet<DamageKind>>> = {
  '0.17': new Set([...NOTICED, 'ext-string', 'code-gap']),
  '0.22': new Set([...NOTICED, 'function-bounds', 'helper-number']),
};

/**
 * The end of cilium/ebpf's message about an object that it does not open; null if it opens it, or if this module does not know why not.
 * The message names the damage in our own words, not in those of the library.
 * @see LoadCollectionSpecFromReader() in cilium/ebpf's elf_reader.go: sections, BTF, maps, then functions and references from code
 */
export function ciliumRefusal(object: Refused, release: CiliumRelease): string | null {
  const damages = damagesOf(object);
  const noticed = damages.find(({ kind }) => NOTICED_BY[release].has(kind));
  return (
    noticed?.words ??
    structOpsSection(object, release) ??
    emptyExtension(object) ??
    typedKernelVariable(object) ??
    mapMember(object, release) ??
    mapsWithoutBtf(object) ??
    mapsOfOneName(object) ??
    mapDefinition(object) ??
    functionName(object, release) ??
    // A damaged object may have references outside of what the library reads.
    (damages.length > 0 ? null : reference(object, release))
  );
}
