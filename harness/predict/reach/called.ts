// Finds the functions that are loaded with each program of an object.
import type { BpfObject } from '../../bpf/object/object.ts';
import type { ObjectFunction } from '../../bpf/object/functions.ts';
import { functionUses, type FunctionUse } from './calls.ts';

/** Returns a function that finds a function of the object and all that it calls or passes to helpers, each with what it refers to. */
export function calledFunctions(object: BpfObject): (from: ObjectFunction) => ReadonlyMap<ObjectFunction, FunctionUse> {
  const useOf = functionUses(object);
  return (from) => {
    const called = new Map<ObjectFunction, FunctionUse>();
    const left = [from];
    for (let owner = left.pop(); owner; owner = left.pop()) {
      if (called.has(owner)) continue;
      const use = useOf(owner);
      called.set(owner, use);
      left.push(...use.callees, ...use.callbacks);
    }
    return called;
  };
}
