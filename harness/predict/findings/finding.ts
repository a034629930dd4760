// Findings: reasons in BTF and symbols why a program fails.
import type { FailureClass } from '../../base/failures.ts';
import type { Stage } from '../../base/vocabulary.ts';

/** A predicted failure. */
export interface PredictedFailure {
  stage: Stage;
  class: FailureClass;
  /** One line. */
  reason: string;
}

export interface Finding {
  failure: PredictedFailure;
  /** False if a module may provide what the kernel itself lacks. */
  certain: boolean;
  /** The maps, kernel symbols or Kconfig values that the finding is about; absent if it is about the whole object. */
  subjects?: readonly string[];
  /** True if the kernel has the target of the program and refuses it, which it does before it follows the instructions. */
  refusesTarget?: true;
  /** The struct_ops map that the finding is about, which only its programs need. */
  structOpsMap?: string;
}

/** A finding about a kfunc or kernel variable of the object. */
export interface ExternFinding extends Finding {
  /** As the object declares it. */
  name: string;
}
