// The choice of cells: which ones a run executes, and which ones it leaves out.
import type { KernelResult, ObjectResult } from '../../results/schema.ts';

/** The run executes the cell, leaves it to another shard, or skips it for a reason; its status is then `skip`. */
export type CellChoice = 'run' | 'elsewhere' | { skip: string };

export type ChosenKernel = Pick<KernelResult, 'id' | 'distribution' | 'arch' | 'series'>;
export type ChosenObject = Pick<ObjectResult, 'id' | 'sha256'>;

/** Decides after the kernels are planned. All ids are those of results. */
export type Choose = (kernels: readonly ChosenKernel[], objects: readonly ChosenObject[]) => (kernel: string, object: string) => CellChoice;

/** A cell is run if all choices run it. Otherwise the first choice that does not decides. */
export function chooseAll(choices: readonly Choose[]): Choose {
  return (kernels, objects) => {
    const all = choices.map((choose) => choose(kernels, objects));
    return (kernel, object) => all.map((choiceOf) => choiceOf(kernel, object)).find((choice) => choice !== 'run') ?? 'run';
  };
}

/** Every cell of the plan. */
export const everyCell: Choose = () => () => 'run';
