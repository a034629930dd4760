// What the code of a program shows about its job: the maps that it uses, and whether another program does the same.
import { INSN_BYTES } from '../../../bpf/object/functions.ts';
import type { BpfObject, BpfProgram } from '../../../bpf/object/object.ts';
import { type Reference, referencesOf } from '../../../bpf/object/references.ts';

export interface ProgramCode {
  /** Names of the maps that the program uses itself. */
  maps: ReadonlySet<string>;
  /** The same text for programs that differ only in numbers, such as the positions of arguments; null for a program without code. */
  form: string | null;
}

const MAPS = '.maps';
/** Call of a helper or of a function. */
const CALL = 0x85;

function nameOf(reference: Reference | undefined): string {
  if (!reference) return '';
  if (reference.type === 'extern') return reference.name;
  if (reference.type === 'data') return reference.section === MAPS ? reference.name : reference.section;
  return reference.type === 'function' ? `${reference.section}+${reference.insn}` : reference.name;
}

/** Reads the code of each program of an object, keyed by name. */
export function programCodes({ elf, programs, littleEndian }: BpfObject): ReadonlyMap<string, ProgramCode> {
  const references = referencesOf(elf);
  const sections = new Map(elf.sections.toReversed().map(({ name, bytes }) => [name, bytes]));
  const codeOf = ({ section, insnOffset, insns }: BpfProgram): ProgramCode => {
    const bytes = (sections.get(section) ?? new Uint8Array()).subarray(insnOffset * INSN_BYTES, (insnOffset + insns) * INSN_BYTES);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const own = references.get(section);
    const maps = new Set<string>();
    const form: string[] = [];
    for (let at = 0; at + INSN_BYTES <= bytes.length; at += INSN_BYTES) {
      const reference = own?.get(insnOffset + at / INSN_BYTES);
      const operation = view.getUint8(at);
      const isMap = reference?.type === 'other' || (reference?.type === 'data' && reference.section === MAPS);
      if (isMap && reference.name !== '') maps.add(reference.name);
      form.push(`${operation}${operation === CALL && !reference ? `=${view.getInt32(at + 4, littleEndian)}` : ''}${nameOf(reference)}`);
    }
    return { maps, form: form.length === 0 ? null : form.join(' ') };
  };
  return new Map(programs.map((program) => [program.name, codeOf(program)]));
}
