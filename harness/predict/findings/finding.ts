// What BTF alone says against a program.
import type { FailureClass } from '../../base/failures.ts';
import type { Stage } from '../../base/vocabulary.ts';

/** A failure that BTF alone tells of. */
export interface PredictedFailure {
  stage: Stage;
  class: FailureClass;
  /** One line. */
  reason: string;
}

export interface Finding {
  failure: PredictedFailure;
  /** False where a module may have what the kernel itself lacks. */
  certain: boolean;
}
