// Predictions for a whole matrix, with the field names of results.json.
import type { RunObject } from '../plan/inputs/inputs.ts';
import type { CellRelocation, ObjectResult } from '../results/schema.ts';
import type { FailureClass } from '../base/failures.ts';
import type { Stage } from '../base/vocabulary.ts';
import { messageOf, UserError } from '../base/errors.ts';
import type { KernelTypes } from '../core-relo/candidates.ts';
import { factsOf, type KernelFacts, type OfflineKernel, readKernelTypes } from '../kernel-btf/kernels.ts';
import { loaderRules } from '../core-relo/loader.ts';
import type { ModuleNotice } from '../kernel-btf/modules.ts';
import { withPackage } from '../kernel-btf/package-names.ts';
import { argumentChanges, type ArgumentChange, changeText } from './argument-changes.ts';
import { withFixedOffsets } from './fixed-offsets.ts';
import { namesOutsideVmlinux } from './findings/support.ts';
import { predictionOf } from './predict-object.ts';
import type { PredictedCell } from './predicted-cell.ts';
import type { PredictedFailure } from './findings/finding.ts';

/** Increased when the meaning of a field changes. */
const SCHEMA_VERSION = 1;

/** A predicted failure. There is no predicted pass, because BTF and symbols cannot show that a program passes. */
export interface Verdict {
  status: 'fail';
  stage: Stage;
  class: FailureClass;
  reason: string;
}

export interface ProgramPrediction {
  name: string;
  predicted: Verdict | null;
  /** The failure if the verifier reaches an instruction that it may or may not reach. */
  possible: Verdict | null;
}

export interface CellPrediction {
  kernel: string;
  object: string;
  /** The failure of the first program that fails. */
  predicted: Verdict | null;
  programs: ProgramPrediction[];
  /** Empty if the kernel has no BTF. */
  relocations: CellRelocation[];
}

export interface Prediction {
  schemaVersion: typeof SCHEMA_VERSION;
  kernels: KernelFacts[];
  objects: ObjectResult[];
  cells: CellPrediction[];
}

export interface PredictedMatrix {
  prediction: Prediction;
  /** One line for every kernel or module whose BTF cannot be used. All others have predictions. */
  problems: string[];
  /** One line for every peculiarity that changes no prediction. */
  notes: string[];
}

function verdict(failure: PredictedFailure | null): Verdict | null {
  return failure && { status: 'fail', ...failure };
}

/** The records of a cell with the semantic changes by arguments of hooks. */
function withArgumentChanges(relocations: readonly CellRelocation[], changes: ReadonlyMap<number, ArgumentChange>): CellRelocation[] {
  return relocations.map((record) => {
    const change = changes.get(record.ref);
    return { ...record, suspicious: record.suspicious ?? (change ? changeText(change) : null) };
  });
}

/** Converts the prediction of one cell. */
function toCell(kernel: string, object: string, cell: PredictedCell): CellPrediction {
  const programs = cell.programs.map(({ name, failure, possible }) => {
    return { name, predicted: verdict(failure), possible: verdict(possible) };
  });
  const predicted = programs.find((program) => program.predicted !== null)?.predicted ?? null;
  return { kernel, object, predicted, programs, relocations: cell.relocations };
}

/** Called with every predicted cell. */
export type OnCell = (kernel: OfflineKernel, object: RunObject, cell: PredictedCell) => void;

/** Predicts every object on every kernel. Goes kernel by kernel, so that only one BTF is in memory. */
export async function predictMatrix(
  objects: readonly RunObject[],
  kernels: readonly OfflineKernel[],
  onCell: OnCell = () => {},
): Promise<PredictedMatrix> {
  const [problems, notes]: [string[], string[]] = [[], []];
  const onModule = ({ text, harmless }: ModuleNotice) => (harmless ? notes : problems).push(text);
  const prediction: Prediction = { schemaVersion: SCHEMA_VERSION, kernels: [], objects: objects.map(withFixedOffsets), cells: [] };
  const names = objects.flatMap(({ bpf }) => namesOutsideVmlinux(bpf));
  for (const kernel of kernels) {
    let types: KernelTypes | null;
    try {
      types = await readKernelTypes(kernel, onModule);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(messageOf(error));
      continue;
    }
    prediction.kernels.push(factsOf(kernel));
    types = types && (await withPackage(types, kernel.image, { names, make: false }));
    for (const object of objects) {
      const cell = (await predictionOf(object, { release: kernel.release, types, image: kernel.image }))();
      onCell(kernel, object, cell);
      const rules = loaderRules(object.prepared.loader ?? undefined);
      const changes = types ? argumentChanges(object.bpf, types, rules) : new Map<number, ArgumentChange>();
      const relocations = withArgumentChanges(cell.relocations, changes);
      prediction.cells.push(toCell(kernel.id, object.result.id, { ...cell, relocations }));
    }
  }
  return { prediction, problems, notes };
}
