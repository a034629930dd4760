// Finds the maps, kernel symbols and Kconfig values that each program of an object refers to, for loaders that need only these.
import type { BpfObject, BpfProgram } from '../../bpf/object/object.ts';
import type { ObjectFunction } from '../../bpf/object/functions.ts';
import { functionUses } from '../reach/calls.ts';

/** Returns a function that finds the names that a program refers to, itself or in functions that it calls or passes to helpers. */
export function neededNames(object: BpfObject): (program: BpfProgram) => ReadonlySet<string> {
  const useOf = functionUses(object);
  return (program) => {
    const names = new Set<string>();
    const seen = new Set<ObjectFunction>();
    const left: ObjectFunction[] = [program];
    for (let owner = left.pop(); owner; owner = left.pop()) {
      if (seen.has(owner)) continue;
      seen.add(owner);
      const use = useOf(owner);
      for (const name of use.names) names.add(name);
      left.push(...use.callees, ...use.callbacks);
    }
    return names;
  };
}
