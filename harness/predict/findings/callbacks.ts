// Findings about programs that pass functions to helpers, on kernels before 5.13, which do not know functions as callbacks.
import type { BpfObject, BpfProgram } from '../../bpf/object/object.ts';
import type { ObjectFunction } from '../../bpf/object/functions.ts';
import type { KernelTypes } from '../../core-relo/candidates.ts';
import { type CodeOf, compiledCode } from '../../core-relo/code.ts';
import { enumeratorsOf } from '../../kernel-btf/enumerators.ts';
import { CALLBACKS_UNKNOWN } from '../../verdict/rules/verifier.ts';
import { CLASS, JMP, PSEUDO_CALL, readInsn } from '../reach/insn.ts';
import { type References, referencesOf } from '../../bpf/object/references.ts';
import type { Finding } from './finding.ts';

/** The first helper that takes a callback. Linux 5.13 has both. */
const FIRST_HELPER = 'BPF_FUNC_for_each_map_elem';

interface Code {
  codeOf: CodeOf;
  references: References;
  /** By section and first instruction. */
  functions: ReadonlyMap<string, ObjectFunction>;
}

const keyOf = (section: string, insn: number) => `${insn} ${section}`;

/** Whether a function takes the address of a function, and the functions that it calls. */
function useOf(owner: ObjectFunction, { codeOf, references, functions }: Code): { hasCallback: boolean; callees: ObjectFunction[] } {
  const code = codeOf(owner);
  const callees: ObjectFunction[] = [];
  for (let at = 0; at < owner.insns; at++) {
    const insn = readInsn(code, at);
    const own = references.get(owner.section)?.get(owner.insnOffset + at);
    const isCall = insn?.class === CLASS.JMP && insn.operation === JMP.CALL && insn.src === PSEUDO_CALL;
    if (own?.type === 'function' && insn?.class === CLASS.LD) return { hasCallback: true, callees };
    if (!isCall || own?.type === 'extern') continue;
    const [section, start] = own?.type === 'function' ? [own.section, own.insn] : [owner.section, owner.insnOffset + at];
    const callee = functions.get(keyOf(section, start + insn.immediate + 1));
    if (callee) callees.push(callee);
  }
  return { hasCallback: false, callees };
}

function hasCallback(program: ObjectFunction, code: Code): boolean {
  const seen = new Set<ObjectFunction>([program]);
  for (const owner of seen) {
    const use = useOf(owner, code);
    if (use.hasCallback) return true;
    for (const callee of use.callees) seen.add(callee);
  }
  return false;
}

/**
 * Finds programs with a callback on a kernel that knows none. libbpf adds the callback to the program even if no path reaches it, and the
 * kernel then counts one function less than func_info lists.
 * @see bpf_object__reloc_code() in libbpf.c and check_btf_func() in kernel/bpf/verifier.c
 */
export function callbackFindings(object: BpfObject, kernel: KernelTypes): (program: BpfProgram) => Finding[] {
  const helpers = enumeratorsOf(kernel, 'bpf_func_id');
  if (!helpers || helpers.has(FIRST_HELPER) || !object.ext) return () => [];
  const functions = new Map([...object.programs, ...object.subprograms].map((each) => [keyOf(each.section, each.insnOffset), each]));
  const code: Code = { codeOf: compiledCode(object), references: referencesOf(object.elf), functions };
  return (program) =>
    hasCallback(program, code)
      ? [{ failure: { stage: 'verify', class: 'insn-unsupported', reason: CALLBACKS_UNKNOWN }, certain: true }]
      : [];
}
