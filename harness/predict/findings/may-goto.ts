// Findings about programs with the instruction `may_goto` of bounded loops, on kernels before 6.9, which do not know it.
import { INSN_BYTES } from '../../bpf/object/functions.ts';
import type { BpfObject, BpfProgram } from '../../bpf/object/object.ts';
import { compiledCode } from '../../core-relo/code.ts';
import type { KernelTypes } from '../../core-relo/candidates.ts';
import { calledFunctions } from '../reach/called.ts';
import type { Finding } from './finding.ts';
import { hasMember } from './load-needs.ts';

/** BPF_JMP | BPF_JCOND. */
const MAY_GOTO = 0xe5;
/** The first byte of an instruction that takes two places. */
const LOAD64 = 0x18;
const UNKNOWN = `verifier: unknown opcode ${MAY_GOTO.toString(16)}`;

/**
 * Finds programs that contain `may_goto`. The verifier of an older kernel looks at all instructions of a program before it follows any.
 * @see resolve_pseudo_ldimm64() in kernel/bpf/verifier.c, and struct bpf_verifier_state, which has a member for it since Linux 6.9
 */
export function mayGotoFindings(object: BpfObject, kernel: KernelTypes): (program: BpfProgram) => Finding[] {
  if (hasMember(kernel, 'bpf_verifier_state', 'may_goto_depth') !== false) return () => [];
  const codeOf = compiledCode(object);
  const calledBy = calledFunctions(object);
  return (program) => {
    const contains = [...calledBy(program).keys()].some((owner) => {
      const { view } = codeOf(owner);
      for (let at = 0; at + INSN_BYTES <= view.byteLength; at += view.getUint8(at) === LOAD64 ? 2 * INSN_BYTES : INSN_BYTES)
        if (view.getUint8(at) === MAY_GOTO) return true;
      return false;
    });
    return contains ? [{ failure: { stage: 'verify', class: 'insn-unsupported', reason: UNKNOWN }, certain: true }] : [];
  };
}
