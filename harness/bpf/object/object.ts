// A compiled BPF object: its programs, maps and CO-RE relocations, as libbpf would find them.
import { type Btf, readBtf } from '../btf/btf.ts';
import { type BtfExt, readBtfExt } from '../btf/ext.ts';
import { type Elf, EM_BPF, machineName, readElf, sectionNamed, SHT_SYMTAB } from '../elf/elf.ts';
import { UserError } from '../../base/errors.ts';
import { accessOf, parseSpec } from '../core-spec/printed.ts';
import { describeSpec, parseLocalSpec } from '../core-spec/spec.ts';
import type { ObjectRelocation } from './places.ts';
import { RELOCATION_KINDS, type RelocationKind } from '../../base/vocabulary.ts';
import { functionsBySection, functionsOf, INSN_BYTES, type ObjectFunction, ownerFinder } from './functions.ts';
import { legacyMaps } from './legacy-maps.ts';
import { dataMaps, definedMaps, type ObjectMap } from './maps.ts';
import { programTypeOf } from './program-type.ts';
import { type StructOpsMember, structOpsMembers, structOpsObjectMaps } from './struct-ops-members.ts';
import { linesByFunction, sourceLine } from './source-line.ts';

const TEXT = '.text';

export interface BpfProgram extends ObjectFunction {
  /** libbpf's name of the program type, or null if the section name does not determine it. */
  type: string | null;
  /**
   * True if a setting gives another type than the section does. libbpf then uses nothing of the section: neither its target nor its flags.
   * @see bpf_program__set_type() in libbpf.c
   */
  hasGivenType: boolean;
  /** Whether it is loaded with the object: by default all but those whose section begins with `?`. */
  autoload: boolean | 'if-supported';
  /** The attach target from a setting, if it differs from that of the section. */
  attachTo: string | null;
  /** The member of a struct_ops map that it implements; absent for programs that no such map refers to. */
  member?: StructOpsMember;
}

/** A group of programs or maps. The loader chooses the first that the kernel accepts. */
export interface Alternatives {
  kind: 'programs' | 'maps';
  names: readonly string[];
}

export interface BpfObject {
  littleEndian: boolean;
  license: string | null;
  programs: BpfProgram[];
  subprograms: ObjectFunction[];
  maps: ObjectMap[];
  /** Empty unless a loader setting names some. */
  alternatives: readonly Alternatives[];
  /** The `__kconfig` variables to which a loader gives values, each as in a kernel configuration: `y`, `"text"`, `100`. */
  kconfig: ReadonlyMap<string, string>;
  relocations: ObjectRelocation[];
  elf: Elf;
  /** Null if the object has none, as for `ext`. */
  btf: Btf | null;
  ext: BtfExt | null;
}

function licenseOf(elf: Elf): string | null {
  const section = sectionNamed(elf, 'license');
  return section ? new TextDecoder().decode(section.bytes).replace(/\0[^]*$/, '') : null;
}

interface RelocationSources {
  ext: BtfExt;
  btf: Btf;
  /** By section. */
  functions: ReadonlyMap<string, readonly ObjectFunction[]>;
  problem: (text: string) => never;
}

function relocationsIn(section: string, { ext, btf, functions, problem }: RelocationSources): ObjectRelocation[] {
  const ownerOf = ownerFinder(functions.get(section) ?? []);
  const linesOf = linesByFunction(ext.lines.get(section) ?? []);
  // A large object has many relocations of few accesses.
  const described = new Map<string, { spec: string; access: string } | null>();
  const describe = (kind: RelocationKind, typeId: number, path: string) => {
    const key = `${kind} ${typeId} ${path}`;
    const known = described.get(key);
    if (known !== undefined) return known;
    const local = parseLocalSpec(btf, kind, typeId, path);
    const spec = local.ok ? describeSpec(local.spec) : null;
    const parsed = spec === null ? null : parseSpec(spec);
    const found = spec !== null && parsed ? { spec, access: accessOf(parsed) } : null;
    described.set(key, found);
    return found;
  };
  return (ext.relocations.get(section) ?? []).flatMap((record, index) => {
    const insn = record.insnOffset / INSN_BYTES;
    const kind = RELOCATION_KINDS[record.kind];
    if (!Number.isInteger(insn)) return problem(`relocation ${index} of section ${section} is not at an instruction`);
    if (!kind) return problem(`relocation ${index} of section ${section} is of the unknown kind ${record.kind}`);
    const owner = ownerOf(insn);
    // A linker leaves the relocations of a weak subprogram that another one replaced; libbpf skips them.
    if (!owner) return [];
    const found = describe(kind, record.typeId, record.access);
    if (!found)
      return problem(`relocation ${index} of section ${section} accesses [${record.typeId}] by "${record.access}", which leads nowhere`);
    const { spec, access } = found;
    const source = sourceLine(linesOf(owner), record.insnOffset, access);
    return [{ index, section, program: owner.name, insn: insn - owner.insnOffset, kind, spec, access, source }];
  });
}

/** The most programs of an object: what a guest reports of more is not read. */
export const MAX_PROGRAMS = 65_536;

/**
 * Reads a compiled BPF object of either byte order.
 * @param name the name of the file in messages
 * @throws UserError in one line: why the file is no BPF object, or which part is damaged
 */
export function readBpfObject(bytes: Uint8Array, name: string): BpfObject {
  const problem = (reason: string): never => {
    throw new UserError(`${name}: ${reason}`);
  };
  const file = readElf(bytes);
  if (!file.ok) return problem(file.reason);
  const { elf } = file;
  if (elf.machine !== EM_BPF) return problem(`an ELF file for ${machineName(elf.machine)}, not a BPF object (clang -target bpf)`);
  const functions = functionsOf(elf);
  // Functions in .text are called by programs, unless .text is the only executable section.
  const isProgram = (candidate: ObjectFunction) => candidate.section !== TEXT || functions.length === 1;
  const object: BpfObject = {
    littleEndian: elf.littleEndian,
    license: licenseOf(elf),
    programs: functions.filter(isProgram).map((program) => ({
      ...program,
      type: programTypeOf(program.section),
      hasGivenType: false,
      autoload: !program.section.startsWith('?'),
      attachTo: null,
    })),
    subprograms: functions.filter((candidate) => !isProgram(candidate)),
    maps: [...legacyMaps(elf), ...dataMaps(elf.sections)],
    alternatives: [],
    kconfig: new Map(),
    relocations: [],
    elf,
    btf: null,
    ext: null,
  };
  if (!elf.sections.some(({ type }) => type === SHT_SYMTAB))
    return problem('it has no symbol table, which names its programs; strip it with llvm-strip -g, which keeps the table');
  if (object.programs.length > MAX_PROGRAMS)
    return problem(`it has ${object.programs.length} programs; corematrix loads objects with at most ${MAX_PROGRAMS}`);
  if (object.programs.length === 0) return problem('it has no program: no executable section besides .text has a function');
  const btfSection = sectionNamed(elf, '.BTF');
  if (!btfSection) return object;
  const read = readBtf(btfSection.bytes);
  if (!read.ok) return problem(read.reason);
  // libbpf uses the class of the ELF file, which is always 64-bit.
  const btf = { ...read.btf, pointerSize: 8 as const };
  object.btf = btf;
  object.maps = [...definedMaps(btf), ...object.maps, ...structOpsObjectMaps(btf)];
  const members = structOpsMembers(elf, btf, object.programs);
  object.programs = object.programs.map((program) => {
    const member = members.get(program.name);
    return member ? { ...program, member } : program;
  });
  const extSection = sectionNamed(elf, '.BTF.ext');
  if (!extSection) return object;
  const ext = readBtfExt(extSection.bytes, btf);
  if (!ext.ok) return problem(ext.reason);
  object.ext = ext.ext;
  const sources = { ext: ext.ext, btf, functions: functionsBySection(functions), problem };
  object.relocations = [...ext.ext.relocations.keys()].flatMap((section) => relocationsIn(section, sources));
  return object;
}
