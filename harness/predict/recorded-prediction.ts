// The prediction that results keep beside each observation, and whether the two agree.
import type { CellProgram, CellRelocation, CellResult } from '../results/schema.ts';
import { deciderOf, type FailureClass } from '../base/failures.ts';
import type { PredictedStatus } from '../base/vocabulary.ts';
import type { KernelTypes } from '../core-relo/candidates.ts';
import { isAboutRefusedTarget, isAboutSymbols } from '../verdict/rules/attach.ts';
import { isAboutSetting } from '../verdict/rules/object.ts';
import { enumeratorsOf } from '../kernel-btf/enumerators.ts';
import type { PredictedCell, PredictedProgram } from './predicted-cell.ts';

interface PredictedProgramStatus {
  name: string;
  status: PredictedStatus;
  class: FailureClass | null;
  /**
   * Other failures that BTF shows. A load ends at the first that it meets, which is not always the one that is certain. `any` for a damaged
   * object, which its loader may read otherwise.
   */
  others: readonly FailureClass[] | 'any';
}

/** The part of a prediction that results keep. */
export interface RecordedPrediction {
  programs: readonly PredictedProgramStatus[];
  /** One entry for each relocation of the object; empty if the kernel has no BTF. */
  relocations: readonly Pick<CellRelocation, 'ref' | 'outcome' | 'target'>[];
}

function predicted({ name, isDamaged, failure, possible, findings }: PredictedProgram): PredictedProgramStatus {
  const others = isDamaged ? 'any' : [...new Set(findings.map((finding) => finding.failure.class))];
  if (failure) return { name, status: 'fail', class: failure.class, others };
  return possible ? { name, status: 'may-fail', class: possible.class, others } : { name, status: 'unknown', class: null, others };
}

/** The part of a prediction that results keep. */
export function recordedPrediction({ programs, relocations }: PredictedCell): RecordedPrediction {
  return { programs: programs.map(predicted), relocations: relocations.map(({ ref, outcome, target }) => ({ ref, outcome, target })) };
}

/** The prediction for a cell: the first program with a certain failure; null if there is none. */
export function predictedFields({ programs }: RecordedPrediction): CellResult['predicted'] {
  const failing = programs.find(({ status }) => status === 'fail');
  return failing ? { status: 'fail', class: failing.class } : null;
}

/** True if a prediction must name this failure. Any other failure may occur before the predicted one. */
function isPredictable({ class: failure, stage, reason }: CellProgram): boolean {
  if (failure === null || deciderOf(failure, stage) === 'guest') return false;
  return !isAboutSetting(reason) && !isAboutSymbols(reason) && !isAboutRefusedTarget(failure, reason);
}

function agrees(prediction: PredictedProgramStatus, program: CellProgram): boolean | null {
  const { status, class: failure } = program;
  if (status === 'pass') return prediction.status !== 'fail';
  if (status !== 'fail') return null;
  const { others } = prediction;
  return prediction.class === failure || others === 'any' || others.some((other) => other === failure) || !isPredictable(program);
}

function withProgramPrediction(program: CellProgram, own: PredictedProgramStatus | undefined): CellProgram {
  return own ? { ...program, predicted: { status: own.status, class: own.class, agrees: agrees(own, program) } } : program;
}

function withOutcome(relocation: CellRelocation, { relocations }: RecordedPrediction): CellRelocation {
  const own = relocations[relocation.ref];
  if (!own || (own.outcome === relocation.outcome && own.target === relocation.target)) return relocation;
  return { ...relocation, predicted: { outcome: own.outcome, target: own.target } };
}

/**
 * Adds the prediction to a cell, its programs and its relocations.
 * @param cell must not have expectations applied yet
 */
export function withPrediction(cell: CellResult, prediction: RecordedPrediction): CellResult {
  // If several programs have one name, the first counts.
  const programs = new Map(prediction.programs.map((program) => [program.name, program] as const).toReversed());
  return {
    ...cell,
    predicted: predictedFields(prediction),
    programs: cell.programs.map((program) => withProgramPrediction(program, programs.get(program.name))),
    relocations: cell.relocations.map((relocation) => withOutcome(relocation, prediction)),
  };
}

/**
 * Names of the enumerators for map types, program types, helpers and attach types that a kernel has (`BPF_MAP_TYPE_RINGBUF`); null if its
 * BTF lacks the enums of map or program types.
 */
export function knownEnumerators(kernel: KernelTypes): ReadonlySet<string> | null {
  const [maps, programs] = [enumeratorsOf(kernel, 'bpf_map_type'), enumeratorsOf(kernel, 'bpf_prog_type')];
  const helpers = enumeratorsOf(kernel, 'bpf_func_id');
  const attach = enumeratorsOf(kernel, 'bpf_attach_type');
  return maps && programs && new Set([maps, programs, helpers, attach].flatMap((each) => [...(each?.keys() ?? [])]));
}
