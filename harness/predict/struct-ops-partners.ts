// Programs of one struct_ops map load together: the loader needs all of them to create the map.
import type { BpfObject } from '../bpf/object/object.ts';
import type { Loader } from '../core-relo/loader.ts';
import { partnerReason } from '../verdict/rules/partners.ts';
import type { PredictedFailure } from './findings/finding.ts';
import { createdStructOps } from './findings/made-struct-ops.ts';
import type { PredictedProgram } from './predicted-cell.ts';
import { isLoadedByMap } from './struct-ops-loading.ts';

type Failing = PredictedProgram & { failure: PredictedFailure };

/** The program of a map that fails first: all before verification, then in the order of the object. */
function firstFailing(partners: readonly PredictedProgram[]): Failing | undefined {
  const failing = partners.flatMap((program) => (program.failure ? [{ ...program, failure: program.failure }] : []));
  return failing.find(({ failure }) => failure.stage !== 'verify') ?? failing[0];
}

/** A failure of one program as that of another program of its map. */
function asPartner<Found extends PredictedFailure | null>(failure: Found, program: string): Found {
  return failure && failure.stage === 'verify' ? { ...failure, reason: partnerReason(failure.reason, program) } : failure;
}

/**
 * Gives each program of a struct_ops map the first failure of the programs of all maps that refer to it.
 * @see bpf_object_adjust_struct_ops_autoload() in libbpf.c
 */
export function withPartners(programs: readonly PredictedProgram[], object: BpfObject, loader: Loader): PredictedProgram[] {
  const created = new Set(createdStructOps(object, loader).map(({ name }) => name));
  const mapsOf = new Map(
    object.programs.flatMap((program) => {
      const maps = isLoadedByMap(program, loader) ? (program.member?.maps ?? []).filter((map) => created.has(map)) : [];
      return maps.length === 0 ? [] : [[program.name, maps] as const];
    }),
  );
  return programs.map((program) => {
    const maps = mapsOf.get(program.name);
    if (maps === undefined) return program;
    const partners = programs.filter(({ name }) => mapsOf.get(name)?.some((map) => maps.includes(map)));
    const failing = firstFailing(partners);
    if (failing?.name === program.name) return program;
    if (failing) return { ...program, failure: asPartner(failing.failure, failing.name), possible: null };
    const perhaps = partners.find(({ possible }) => possible);
    return program.possible || !perhaps ? program : { ...program, possible: asPartner(perhaps.possible, perhaps.name) };
  });
}
