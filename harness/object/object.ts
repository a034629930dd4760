// A compiled BPF object: its programs, maps and CO-RE relocations, as libbpf would find them.
import { type Btf, readBtf } from '../btf/btf.ts';
import { type BtfExt, type LineInfo, readBtfExt } from '../btf/ext.ts';
import { type Elf, EM_BPF, machineName, readElf, readSymbols, sectionNamed, SHF_EXECINSTR, STT_FUNC } from '../elf/elf.ts';
import { UserError } from '../errors.ts';
import { accessOf, parseSpec } from '../libbpf-log/spec.ts';
import type { ObjectRelocation } from '../results/schema.ts';
import { RELOCATION_KINDS } from '../results/words.ts';
import { localSpec } from './local-spec.ts';
import { dataMaps, definedMaps, type ObjectMap } from './maps.ts';
import { programTypeOf } from './program-type.ts';
import { sourceLine } from './source-line.ts';

const INSN_BYTES = 8;
const TEXT = '.text';

/** A function of an executable section: a program, or in .text a subprogram. */
export interface ObjectFunction {
  name: string;
  section: string;
  /** From the start of its section. */
  insnOffset: number;
  insns: number;
}

export interface BpfProgram extends ObjectFunction {
  /** libbpf's name of the program type, null when the section's name does not tell. */
  type: string | null;
}

export interface BpfObject {
  littleEndian: boolean;
  license: string | null;
  programs: BpfProgram[];
  subprograms: ObjectFunction[];
  maps: ObjectMap[];
  relocations: ObjectRelocation[];
}

function functionsOf(elf: Elf): ObjectFunction[] {
  return readSymbols(elf).flatMap((symbol) => {
    const section = elf.sections[symbol.section];
    if (symbol.type !== STT_FUNC || !section || (section.flags & SHF_EXECINSTR) === 0) return [];
    const { name, value, size } = symbol;
    return [{ name, section: section.name, insnOffset: value / INSN_BYTES, insns: size / INSN_BYTES }];
  });
}

function licenseOf(elf: Elf): string | null {
  const section = sectionNamed(elf, 'license');
  return section ? new TextDecoder().decode(section.bytes).replace(/\0[^]*$/, '') : null;
}

function linesWithin(lines: readonly LineInfo[], { insnOffset, insns }: ObjectFunction): LineInfo[] {
  const start = insnOffset * INSN_BYTES;
  const end = start + insns * INSN_BYTES;
  return lines.filter((line) => line.insnOffset >= start && line.insnOffset < end);
}

function relocationsIn(
  section: string,
  ext: BtfExt,
  btf: Btf,
  functions: readonly ObjectFunction[],
  problem: (text: string) => never,
): ObjectRelocation[] {
  const inSection = functions.filter((candidate) => candidate.section === section);
  const lines = new Map(inSection.map((owner) => [owner.name, linesWithin(ext.lines.get(section) ?? [], owner)]));
  return (ext.relocations.get(section) ?? []).map((record, index) => {
    const insn = record.insnOffset / INSN_BYTES;
    const owner = inSection.find((candidate) => insn >= candidate.insnOffset && insn < candidate.insnOffset + candidate.insns);
    const kind = RELOCATION_KINDS[record.kind];
    if (!owner) return problem(`relocation ${index} of section ${section} belongs to no function`);
    if (!kind) return problem(`relocation ${index} of section ${section} is of the unknown kind ${record.kind}`);
    const spec = localSpec(btf, kind, record.typeId, record.access);
    const parsed = spec === null ? null : parseSpec(spec);
    if (spec === null || !parsed)
      return problem(`relocation ${index} of section ${section} accesses [${record.typeId}] by "${record.access}", which leads nowhere`);
    const access = accessOf(parsed);
    const source = sourceLine(lines.get(owner.name) ?? [], record.insnOffset, access);
    return { index, section, program: owner.name, insn: insn - owner.insnOffset, kind, spec, access, source };
  });
}

/**
 * Reads a compiled BPF object of either byte order.
 * @param name how the file is called in messages
 * @throws UserError with one line saying why it is none, or which part of it is damaged
 */
export function readBpfObject(bytes: Uint8Array, name: string): BpfObject {
  const problem = (reason: string): never => {
    throw new UserError(`${name}: ${reason}`);
  };
  const read = readElf(bytes);
  if (!read.ok) return problem(read.reason);
  const { elf } = read;
  if (elf.machine !== EM_BPF) return problem(`an ELF file for ${machineName(elf.machine)}, not a BPF object (clang -target bpf)`);
  const functions = functionsOf(elf);
  const isProgram = (candidate: ObjectFunction) => candidate.section !== TEXT || functions.every((other) => other.section === TEXT);
  const object: BpfObject = {
    littleEndian: elf.littleEndian,
    license: licenseOf(elf),
    programs: functions.filter(isProgram).map((program) => ({ ...program, type: programTypeOf(program.section) })),
    subprograms: functions.filter((candidate) => !isProgram(candidate)),
    maps: dataMaps(elf.sections),
    relocations: [],
  };
  if (object.programs.length === 0) return problem('no program in it: no function in an executable section');
  const btfSection = sectionNamed(elf, '.BTF');
  if (!btfSection) return object;
  const btf = readBtf(btfSection.bytes);
  if (!btf.ok) return problem(btf.reason);
  object.maps.unshift(...definedMaps(btf.btf));
  const extSection = sectionNamed(elf, '.BTF.ext');
  if (!extSection) return object;
  const ext = readBtfExt(extSection.bytes, btf.btf);
  if (!ext.ok) return problem(ext.reason);
  object.relocations = [...ext.ext.relocations.keys()].flatMap((section) => relocationsIn(section, ext.ext, btf.btf, functions, problem));
  return object;
}
