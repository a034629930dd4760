// The chosen alternatives by kernel.
import type { Results } from '../../harness/results/schema.ts';
import { grouped } from '../../harness/base/text.ts';

export interface Chosen {
  object: string;
  /** A program or a map. */
  name: string;
  /** Positions in `results.kernels`. */
  kernels: number[];
}

/** Every program and map that some kernel chose, in the order of the objects, then of the kernels. */
export function chosenAlternatives({ objects, kernels, cells }: Results): Chosen[] {
  return objects.flatMap(({ id }) => {
    const own = cells.filter((cell) => cell.object === id && cell.chosen !== undefined);
    const places = own.flatMap(({ kernel, chosen = [] }) => {
      const at = kernels.findIndex((each) => each.id === kernel);
      return chosen.map((name) => ({ name, at }));
    });
    const inOrder = places.toSorted((a, b) => a.at - b.at);
    return [...grouped(inOrder, ({ name }) => name)].map(([name, all]) => ({ object: id, name, kernels: all.map(({ at }) => at) }));
  });
}
