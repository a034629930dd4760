// The instructions of an object's functions, as compiled, and the copies that one load changes.
import { INSN_BYTES, type ObjectFunction } from '../bpf/object/functions.ts';
import type { BpfObject } from '../bpf/object/object.ts';

/** The instructions of one function. */
export interface Code {
  view: DataView;
  littleEndian: boolean;
}

/** Returns the instructions of a function of an object. */
export type CodeOf = (owner: ObjectFunction) => Code;

const NO_BYTES = new Uint8Array();

/**
 * The compiled instructions of an object, which nothing may change. A damaged symbol may lie outside its section; only the existing bytes
 * are then its code.
 */
export function compiledCode({ elf, littleEndian }: Pick<BpfObject, 'elf' | 'littleEndian'>): CodeOf {
  // If several sections have one name, the first counts.
  const sections = new Map(elf.sections.toReversed().map(({ name, bytes }) => [name, bytes]));
  return ({ section, insnOffset, insns }) => {
    const bytes = (sections.get(section) ?? NO_BYTES).subarray(insnOffset * INSN_BYTES, (insnOffset + insns) * INSN_BYTES);
    return { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), littleEndian };
  };
}

/** Copies the instructions of a function. */
export function copyOf({ view, littleEndian }: Code): Code {
  // Not slice(), which does not copy a Buffer.
  const bytes = Uint8Array.from(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  return { view: new DataView(bytes.buffer), littleEndian };
}

/** The instructions after a change of some functions. */
export function withChanged(codeOf: CodeOf, changed: ReadonlyMap<ObjectFunction, Code>): CodeOf {
  return (owner) => changed.get(owner) ?? codeOf(owner);
}
