// Programs of one struct_ops map load together: the loader needs all of them to create the map.
import type { BpfObject } from '../bpf/object/object.ts';
import { structOpsMaps } from '../bpf/object/struct-ops.ts';
import type { Loader } from '../core-relo/loader.ts';
import type { PredictedProgram } from './predicted-cell.ts';

/** The first minor release of libbpf 1.x that loads every program of a struct_ops map that it creates. */
const LOADS_TOGETHER = 4;

/**
 * Gives each program of a struct_ops map the first failure of the programs of this map, if it has none of its own.
 * @see bpf_object_adjust_struct_ops_autoload() in libbpf.c
 */
export function withPartners(programs: readonly PredictedProgram[], object: BpfObject, { libbpfMinor }: Loader): PredictedProgram[] {
  const created = new Set(libbpfMinor !== null && libbpfMinor >= LOADS_TOGETHER ? structOpsMaps(object).map(({ name }) => name) : []);
  const mapOf = new Map(object.programs.flatMap(({ name, member }) => (member && created.has(member.map) ? [[name, member.map]] : [])));
  return programs.map((program) => {
    const map = mapOf.get(program.name);
    if (map === undefined || program.failure) return program;
    const partners = programs.filter(({ name }) => mapOf.get(name) === map);
    const failure = partners.find((each) => each.failure)?.failure ?? null;
    return {
      ...program,
      failure,
      possible: failure ? null : (program.possible ?? partners.find((each) => each.possible)?.possible ?? null),
    };
  });
}
