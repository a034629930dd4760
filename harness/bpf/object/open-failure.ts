// Finds why libbpf does not open an object: its symbols, BTF and sections alone decide, on every kernel.
import { type Btf, kindOf, nameOf, vlenOf } from '../btf/btf.ts';
import { allMembers, detailOf, findType, referencedType, resolveType, variableOf } from '../btf/types.ts';
import { type Elf, type ElfSection, type ElfSymbol, readSymbols, SHF_EXECINSTR, STB_LOCAL, STT_FUNC } from '../elf/elf.ts';
import { conflictingSize } from './maps.ts';
import { programTypeOf } from './program-type.ts';
import { sectionKnownSince } from './section-names.ts';
import { isStructOpsSection, pointersIn, STRUCT_OPS_SINCE } from './struct-ops-members.ts';
import { functionsBySection, functionsOf, INSN_BYTES, ownerFinder } from './functions.ts';

const SHT_PROGBITS = 1;
const SHT_REL = 9;
const REL_SIZE = 16;
const SHN_COMMON = 0xfff2;
const STT_NOTYPE = 0;
const STT_SECTION = 3;
/** BTF_VAR_GLOBAL_EXTERN and BTF_FUNC_EXTERN. */
const LINKAGE_EXTERN = 2;
const LINKAGE_ALLOCATED = 1;
const LINKAGES = ['static', 'global', 'extern'] as const;
/** The newest release of libbpf 1.x whose rules are known. */
const NEWEST_MINOR = 7;
const [ENOENT, ESRCH, EINVAL] = [2, 3, 22];

/** Instructions to which relocations may belong: a call, and a load of 64 bits. */
const CALL = 0x85;
const LOAD64 = 0x18;

interface Opened {
  elf: Elf;
  btf: Btf | null;
  symbols: readonly ElfSymbol[];
}

/** The first section that libbpf refuses while it reads them in order. */
function refusedSection({ elf, symbols }: Opened): string | null {
  for (const [index, { name, type, flags, size }] of elf.sections.entries()) {
    if (name === 'maps') return "elf: legacy map definitions in 'maps' section are not supported by libbpf v1.0+";
    if (name === '.text' || type !== SHT_PROGBITS || size === 0 || (flags & SHF_EXECINSTR) === 0) continue;
    const own = symbols.find((each) => each.section === index && each.type === STT_FUNC && each.binding === STB_LOCAL);
    if (own) return `sec '${name}': program '${own.name}' is static and not supported`;
  }
  return null;
}

function lacksBtf({ elf, btf }: Opened): string | null {
  return btf === null && elf.sections.some(({ name }) => name === '.maps' || isStructOpsSection(name))
    ? 'BTF is required, but is missing or corrupted.'
    : null;
}

interface Declared {
  /** The first variable or function of each name. */
  ids: ReadonlyMap<string, number>;
  /** The name of the data section of each variable and function, by its id. */
  sections: ReadonlyMap<number, string>;
}

function declaredIn(btf: Btf): Declared {
  const ids = new Map<string, number>();
  const sections = new Map<number, string>();
  for (let id = 1; id < btf.endId; id++) {
    const [kind, name] = [kindOf(btf, id), nameOf(btf, id)];
    if ((kind === 'var' || kind === 'func') && !ids.has(name)) ids.set(name, id);
    for (let at = 0; at < (kind === 'datasec' ? vlenOf(btf, id) : 0); at++) {
      const { type = 0 } = variableOf(btf, id, at) ?? {};
      if (!sections.has(type)) sections.set(type, name);
    }
  }
  return { ids, sections };
}

/** The first extern that libbpf cannot place. */
function refusedExtern({ btf, symbols }: Opened): string | null {
  const externs = symbols.filter(
    (each) => each.section === 0 && each.binding !== STB_LOCAL && each.type === STT_NOTYPE && each.name !== '',
  );
  if (externs.length === 0) return null;
  const declared = btf && declaredIn(btf);
  for (const { name } of externs) {
    const refused = (error: number) => `failed to find BTF for extern '${name}': -${error}`;
    if (!btf || !declared) return refused(ESRCH);
    const id = declared.ids.get(name);
    if (id === undefined) return refused(ENOENT);
    const linkage = kindOf(btf, id) === 'func' ? vlenOf(btf, id) : detailOf(btf, id);
    if (linkage !== LINKAGE_EXTERN) return refused(EINVAL);
    const section = declared.sections.get(id);
    if (section === undefined) return `failed to find BTF for extern '${name}' [${id}] section: -${ENOENT}`;
    if (section === '.kconfig' && kindOf(btf, id) === 'func') return `extern function ${name} is unsupported under .kconfig section`;
    if (section !== '.kconfig' && section !== '.ksyms') return `unrecognized extern section '${section}'`;
  }
  return null;
}

/** The first map whose variable libbpf refuses. */
function refusedMap({ btf }: Opened): string | null {
  const section = btf && findType(btf, 'datasec', '.maps');
  if (!btf || section === null) return null;
  for (let index = 0; index < vlenOf(btf, section); index++) {
    const id = variableOf(btf, section, index)?.type ?? 0;
    if (kindOf(btf, id) !== 'var') continue;
    const [name, linkage] = [nameOf(btf, id), detailOf(btf, id)];
    if (linkage !== LINKAGE_ALLOCATED) return `map '${name}': unsupported map linkage ${LINKAGES[linkage] ?? 'unknown'}.`;
    const definition = resolveType(btf, referencedType(btf, id));
    if (kindOf(btf, definition) !== 'struct') return `map '${name}': unexpected def kind var.`;
    const conflict = conflictingSize(btf, definition);
    if (conflict !== null) return `map '${name}': ${conflict}`;
  }
  return null;
}

interface Reference {
  /** The function that holds the instruction. */
  program: string;
  opcode: number;
  name: string;
  symbol: ElfSymbol;
}

/** Sections that newer releases of libbpf read as data, and older ones refuse. */
const SPECIAL = /^(?:\.addr_space|\.jumptables)/;
const DATA = /^\.(?:data|rodata|bss)(?:\.|$)/;

/** Why libbpf refuses a reference of an instruction. The section of the symbol exists. */
function refusedReference({ elf }: Opened, { program, opcode, name, symbol }: Reference): string | null {
  if (opcode !== CALL && opcode !== LOAD64) return null;
  if (symbol.section === 0) return null;
  const section = elf.sections[symbol.section]?.name ?? '';
  if (opcode === CALL) return section === '.text' ? null : `prog '${program}': bad call relo against '${name}' in section '${section}'`;
  const isKnown = section === '.text' || section === '.maps' || DATA.test(section) || SPECIAL.test(section);
  return isKnown ? null : `prog '${program}': bad map relo against '${name}' in section '${section}'`;
}

function refusedRelocationIn(opened: Opened, relocations: ElfSection, target: ElfSection): string | null {
  const { elf, symbols } = opened;
  const ownerOf = ownerFinder(functionsBySection(functionsOf(elf)).get(target.name) ?? []);
  const view = new DataView(relocations.bytes.buffer, relocations.bytes.byteOffset, relocations.bytes.byteLength);
  for (let at = 0; at + REL_SIZE <= view.byteLength; at += REL_SIZE) {
    const offset = Number(view.getBigUint64(at, elf.littleEndian));
    const index = Number(view.getBigUint64(at + 8, elf.littleEndian) >> 32n);
    const symbol = symbols[index];
    if (!symbol || offset % INSN_BYTES !== 0 || offset >= target.size) return null;
    if (symbol.section >= elf.sections.length) {
      return `sec '${relocations.name}': corrupted symbol #${index} pointing to invalid section #${symbol.section} for relo #${at / REL_SIZE}`;
    }
    const owner = ownerOf(offset / INSN_BYTES);
    if (!owner) continue;
    const own = elf.sections[symbol.section]?.name ?? '';
    const name = symbol.type === STT_SECTION && symbol.name === '' ? own : symbol.name;
    const refused = refusedReference(opened, { program: owner.name, opcode: target.bytes[offset] ?? 0, name, symbol });
    if (refused !== null) return refused;
  }
  return null;
}

/** The section of a program, if a release of libbpf takes it for one of struct_ops. */
function isOfStructOps(section: string, minor: number): boolean {
  const since = sectionKnownSince(section);
  return programTypeOf(section) === 'struct_ops' && since !== null && since <= minor;
}

/**
 * The first member of a struct_ops map that libbpf does not set to a function.
 * @see bpf_object__collect_st_ops_relos() in libbpf.c
 */
function refusedMember({ elf, btf, symbols }: Opened, section: number, minor: number): string | null {
  const name = elf.sections[section]?.name ?? '';
  const data = btf && findType(btf, 'datasec', name);
  if (!btf || data === null) return null;
  const functions = functionsBySection(functionsOf(elf));
  const variables = Array.from({ length: vlenOf(btf, data) }, (_, at) => nameOf(btf, variableOf(btf, data, at)?.type ?? 0));
  for (const { offset, symbol } of pointersIn(elf, section, symbols)) {
    const isAround = (each: ElfSymbol) => each.section === section && offset >= each.value && offset < each.value + each.size;
    const map = symbols.find((each) => variables.includes(each.name) && isAround(each));
    const variable = map && findType(btf, 'var', map.name);
    if (!map || variable === null || variable === undefined) return null;
    const type = resolveType(btf, referencedType(btf, variable));
    const member = allMembers(btf, type).find((each) => each.bitOffset === (offset - map.value) * 8);
    const pointer = member ? resolveType(btf, member.type) : 0;
    if (!member) return `struct_ops reloc ${map.name}: cannot find member at moff ${offset - map.value}`;
    const isFunction = kindOf(btf, pointer) === 'ptr' && kindOf(btf, resolveType(btf, referencedType(btf, pointer))) === 'func_proto';
    if (!isFunction) return `struct_ops reloc ${map.name}: cannot relocate non func ptr ${member.name}`;
    const own = elf.sections[symbol.section]?.name ?? '';
    const program = functions.get(own)?.find((each) => each.insnOffset === symbol.value / INSN_BYTES);
    if (program && !isOfStructOps(own, minor)) return `struct_ops reloc ${map.name}: prog ${program.name} is not struct_ops BPF program`;
  }
  return null;
}

/** The first reference from code or from a struct_ops map that libbpf refuses. */
function refusedRelocation(opened: Opened, minor: number): string | null {
  for (const relocations of opened.elf.sections) {
    const target = opened.elf.sections[relocations.info];
    if (relocations.type !== SHT_REL || !target) continue;
    const isCode = (target.flags & SHF_EXECINSTR) !== 0;
    const isOfMaps = isStructOpsSection(target.name) && STRUCT_OPS_SINCE[target.name] <= minor;
    if (!isCode && !isOfMaps) continue;
    const refused = isCode ? refusedRelocationIn(opened, relocations, target) : refusedMember(opened, relocations.info, minor);
    if (refused !== null) return refused;
  }
  return null;
}

/**
 * Finds the message with which libbpf 1.x refuses to open an object. Of the definitions of maps, only their sizes are read.
 * @param minor the minor number of the release
 * @returns null if it opens the object, or if this module does not know why not
 * @see bpf_object_open() in libbpf.c: sections, BTF, externs, maps, then references from code and from struct_ops maps
 */
export function openFailure({ elf, btf }: Pick<Opened, 'elf' | 'btf'>, minor: number = NEWEST_MINOR): string | null {
  const opened: Opened = { elf, btf, symbols: readSymbols(elf) };
  const refused =
    refusedSection(opened) ?? lacksBtf(opened) ?? refusedExtern(opened) ?? refusedMap(opened) ?? refusedRelocation(opened, minor);
  return refused && namingSymbol(refused, (index) => opened.symbols[index]?.name ?? null);
}

const IN_NO_SECTION = /^sec '[^']*': corrupted symbol #(\d{1,9}) pointing to invalid section #(\d{1,9}) for relo #\d+$/;

/**
 * Names the variable in libbpf's message about a symbol without a section. Other messages stay.
 * @param symbolName returns the name of a symbol by its number; null if unknown
 */
export function namingSymbol(message: string, symbolName: (index: number) => string | null): string {
  const [, index, section] = IN_NO_SECTION.exec(message) ?? [];
  const name = index === undefined ? null : symbolName(Number(index));
  if (name === null || Number(section) !== SHN_COMMON) return message;
  return `variable '${name}' has no section (SHN_COMMON), because the compiler left it to the linker`;
}
