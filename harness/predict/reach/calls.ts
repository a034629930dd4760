// Finds what the functions of an object refer to: functions that they call or take the address of, maps, and names in the kernel.
import type { BpfObject } from '../../bpf/object/object.ts';
import { INSN_BYTES, type ObjectFunction } from '../../bpf/object/functions.ts';
import { compiledCode } from '../../core-relo/code.ts';
import { CLASS, JMP, PSEUDO_CALL, readInsn } from './insn.ts';
import { referencesOf } from '../../bpf/object/references.ts';

export interface FunctionUse {
  callees: ObjectFunction[];
  /** Whether the function takes the address of a function, to pass it to a helper. */
  hasCallback: boolean;
  /** Names of the kernel functions that it calls, as the object declares them. */
  kfuncs: string[];
  /** The functions whose address it takes. */
  callbacks: ObjectFunction[];
  /** Names of the kernel functions and variables whose address it takes, as the object declares them. */
  addresses: string[];
  /** Names of the maps, kernel symbols and Kconfig values that the instructions refer to. */
  names: string[];
}

const keyOf = (section: string, insn: number) => `${insn} ${section}`;

/** Returns a function that finds what a function of the object, as compiled, calls. */
export function functionUses(object: BpfObject): (owner: ObjectFunction) => FunctionUse {
  const functions = new Map([...object.programs, ...object.subprograms].map((each) => [keyOf(each.section, each.insnOffset), each]));
  const codeOf = compiledCode(object);
  const references = referencesOf(object.elf);
  return (owner) => {
    const code = codeOf(owner);
    const use: FunctionUse = { callees: [], hasCallback: false, kfuncs: [], callbacks: [], addresses: [], names: [] };
    for (let at = 0; at < owner.insns; at++) {
      const insn = readInsn(code, at);
      const own = references.get(owner.section)?.get(owner.insnOffset + at);
      if (own && own.type !== 'function') use.names.push(own.name);
      if (own?.type === 'extern' && insn?.class === CLASS.LD) use.addresses.push(own.name);
      if (own?.type === 'function' && insn?.class === CLASS.LD) {
        use.hasCallback = true;
        // The instruction has the distance from the symbol in bytes.
        const callback = functions.get(keyOf(own.section, own.insn + insn.immediate / INSN_BYTES));
        if (callback) use.callbacks.push(callback);
      }
      const isCall = insn?.class === CLASS.JMP && insn.operation === JMP.CALL && insn.src === PSEUDO_CALL;
      if (isCall && own?.type === 'extern') use.kfuncs.push(own.name);
      if (!isCall || own?.type === 'extern') continue;
      const [section, start] = own?.type === 'function' ? [own.section, own.insn] : [owner.section, owner.insnOffset + at];
      const callee = functions.get(keyOf(section, start + insn.immediate + 1));
      if (callee) use.callees.push(callee);
    }
    return use;
  };
}
