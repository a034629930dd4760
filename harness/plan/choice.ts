// Which cells of a plan a run is for, and what becomes of the others.

/** A cell is run here, belongs to another shard, or is left out for a reason, which makes it `skip`. */
export type CellChoice = 'run' | 'elsewhere' | { skip: string };

/** Decides once kernels are planned; all ids are those that stand in results. */
export type Choose = (kernels: readonly string[], objects: readonly string[]) => (kernel: string, object: string) => CellChoice;

/** Every cell of the plan. */
export const everyCell: Choose = () => () => 'run';
