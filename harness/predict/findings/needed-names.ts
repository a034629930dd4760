// Finds the maps, kernel symbols and Kconfig values that each program of an object refers to, for loaders that need only these.
import type { BpfObject, BpfProgram } from '../../bpf/object/object.ts';
import { calledFunctions } from '../reach/called.ts';

/** Returns a function that finds the names that a program refers to, itself or in functions that it calls or passes to helpers. */
export function neededNames(object: BpfObject): (program: BpfProgram) => ReadonlySet<string> {
  const calledBy = calledFunctions(object);
  return (program) => new Set([...calledBy(program).values()].flatMap(({ names }) => names));
}
