// Makes the input for following the paths through a load's instructions.
import type { ObjectFunction } from '../../bpf/object/functions.ts';
import type { BpfObject } from '../../bpf/object/object.ts';
import { compiledCode } from '../../core-relo/code.ts';
import type { PredictedLoad } from '../../core-relo/relocate.ts';
import { hasRejected, type ReachContext, type ReachInput } from './reach.ts';
import { referencesOf } from '../../bpf/object/references.ts';

/** What the paths through an object's loads need, made once for all of them. */
export interface ObjectReach {
  /** Returns the instructions of a load before and after relocation, with their references. */
  inputOf: (load: PredictedLoad) => ReachInput;
  /** True if the code of a load contains an instruction that the verifier rejects. */
  mayHit: (load: PredictedLoad) => boolean;
}

/** The part of the input that a kernel decides. */
export type KernelReach = Pick<ReachContext, 'helpers' | 'refused' | 'isMissingCertain' | 'missingVariables' | 'kconfig'>;

/** Prepares the following of paths through an object, with what the kernel has and lacks. */
export function objectReach(object: BpfObject, kernel: KernelReach): ObjectReach {
  const functions: readonly ObjectFunction[] = [...object.programs, ...object.subprograms];
  const byStart = new Map(functions.map((each) => [`${each.section} ${each.insnOffset}`, each]));
  // If several sections have one name, the first counts.
  const sections = new Map(object.elf.sections.toReversed().map(({ name, bytes }) => [name, bytes]));
  const original = compiledCode(object);
  const offsets = new Map(
    object.relocations.flatMap(({ kind, program, insn }, ref) => (kind === 'byte_off' ? [[`${insn} ${program}`, ref] as const] : [])),
  );
  const context: ReachContext = {
    original,
    functionAt: (section, insn) => byStart.get(`${section} ${insn}`),
    references: referencesOf(object.elf),
    constantData: (section) => sections.get(section) ?? new Uint8Array(),
    littleEndian: object.littleEndian,
    ...kernel,
    offsetAt: (owner, insn) => offsets.get(`${insn} ${owner.name}`),
  };
  const asCompiled =
    kernel.refused.size > 0 || kernel.missingVariables.size > 0 || functions.some((each) => hasRejected(original(each), context));
  return {
    inputOf: ({ codeOf }) => ({ ...context, codeOf }),
    // Relocation adds rejected instructions, and removes none.
    mayHit: ({ changed }) => asCompiled || [...changed.values()].some((code) => hasRejected(code, context)),
  };
}
