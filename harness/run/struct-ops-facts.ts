// What the host knows of the struct_ops maps of an object on a kernel, for the request to a guest and for its verdict.
import { structOpsMaps } from '../bpf/object/struct-ops.ts';
import type { KernelTypes } from '../core-relo/candidates.ts';
import { loaderRules } from '../core-relo/loader.ts';
import type { RunObject } from '../plan/inputs/inputs.ts';
import { setByNoMap } from '../predict/findings/made-struct-ops.ts';
import { lackingLink } from '../predict/findings/struct-ops.ts';
import { isLoadedByMap, leftOutWithMaps, unsupportedStructOps } from '../predict/struct-ops-loading.ts';
import type { JudgeInput } from '../verdict/judge.ts';

export interface StructOpsFacts {
  /** Names of `if-supported` maps that the host leaves out. */
  maps: ReadonlySet<string>;
  /** Why programs are not loaded, by their names. */
  leftOut: ReadonlyMap<string, string>;
  judged: Pick<Required<JudgeInput>, 'loadedWithMaps' | 'setByNoMap' | 'mapNeed'>;
}

/** @param types null if they are unknown */
export function structOpsFacts({ bpf, prepared }: Pick<RunObject, 'bpf' | 'prepared'>, types: KernelTypes | null): StructOpsFacts {
  const rules = loaderRules(prepared.loader ?? undefined);
  const leftOut = leftOutWithMaps(bpf, types, rules);
  const loaded = bpf.programs.filter((program) => isLoadedByMap(program, rules) && !leftOut.has(program.name));
  return {
    maps: new Set(types ? unsupportedStructOps(bpf, types, rules).keys() : []),
    leftOut,
    judged: {
      loadedWithMaps: new Set(loaded.map(({ name }) => name)),
      setByNoMap: (name) => {
        const program = bpf.programs.find((each) => each.name === name);
        return program ? setByNoMap(program, bpf, rules) : null;
      },
      mapNeed: (name) => {
        const map = structOpsMaps(bpf).find((each) => each.name === name);
        return map && types ? lackingLink(map, types) : null;
      },
    },
  };
}
