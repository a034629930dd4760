// Which cells of a plan a run is for, and what becomes of the others.
import type { KernelResult, ObjectResult } from '../../results/schema.ts';

/** A cell is run here, belongs to another shard, or is left out for a reason, which makes it `skip`. */
export type CellChoice = 'run' | 'elsewhere' | { skip: string };

export type ChosenKernel = Pick<KernelResult, 'id' | 'distribution' | 'arch' | 'series'>;
export type ChosenObject = Pick<ObjectResult, 'id' | 'sha256'>;

/** Decides once kernels are planned; all ids are those that stand in results. */
export type Choose = (kernels: readonly ChosenKernel[], objects: readonly ChosenObject[]) => (kernel: string, object: string) => CellChoice;

/** A cell is run when all agree; else the first that does not decides. */
export function chooseAll(choices: readonly Choose[]): Choose {
  return (kernels, objects) => {
    const all = choices.map((choose) => choose(kernels, objects));
    return (kernel, object) => all.map((choiceOf) => choiceOf(kernel, object)).find((choice) => choice !== 'run') ?? 'run';
  };
}

/** Every cell of the plan. */
export const everyCell: Choose = () => () => 'run';
