// Predicts which programs and maps of an object are loaded, if this depends on the kernel: `if-supported`, and alternatives.
import type { BpfObject, BpfProgram } from '../bpf/object/object.ts';
import type { KernelTypes } from '../core-relo/candidates.ts';
import type { TargetRules } from '../core-relo/loader.ts';
import type { PredictedFailure } from './findings/finding.ts';
import type { PredictedProgram } from './predicted-cell.ts';
import { knowsMapType, programFindings } from './findings/support.ts';
import { certainlyWithoutTarget } from './findings/attach-by-name.ts';
import { attachTypeFindings, deviceTypeFindings } from './findings/attach-type.ts';
import { unmetNeeds } from './findings/load-needs.ts';
import { isLoadedByMap, withStructOpsDecided } from './struct-ops-loading.ts';

type Rules = TargetRules;

export interface Chosen {
  /** The object with `autoload` set for every program. */
  object: BpfObject;
  /** Alternatives that were not chosen, with the prediction for each alone. They are tried only if the chosen alternative does not load. */
  others: ReadonlyMap<string, PredictedProgram>;
}

/**
 * Why an `if-supported` program is left out although the kernel may have its type and its target: the kernel lacks an attach type or a
 * flag. Null otherwise. A guest does not ask for these, so a run tells it what to leave out.
 */
export function lackingNeed(program: BpfProgram, kernel: KernelTypes, loader: Rules): string | null {
  if (program.autoload !== 'if-supported' || isLoadedByMap(program, loader)) return null;
  const lacking = [
    ...unmetNeeds(program, kernel),
    ...attachTypeFindings(program, kernel, loader),
    ...deviceTypeFindings(program, kernel, loader),
  ];
  return lacking[0]?.failure.reason ?? null;
}

/** Switches off `if-supported` programs whose type, target or need the kernel certainly lacks. It counts even if a program is only loaded. */
function withoutUnsupported(object: BpfObject, kernel: KernelTypes, loader: Rules): BpfObject {
  const isSupported = (program: BpfProgram) =>
    program.autoload !== 'if-supported' ||
    (lackingNeed(program, kernel, loader) === null &&
      !programFindings(program, kernel, loader).some(({ certain }) => certain) &&
      certainlyWithoutTarget(program, kernel, loader) === null);
  return { ...object, programs: object.programs.map((program) => (isSupported(program) ? program : { ...program, autoload: false })) };
}

/** Keeps one map of each group of alternatives: the first whose type the kernel knows, otherwise the first. */
function withChosenMaps(object: BpfObject, kernel: KernelTypes): BpfObject {
  const dropped = new Set<string>();
  for (const { kind, names } of object.alternatives) {
    if (kind !== 'maps') continue;
    const known = names.find((name) => object.maps.some((map) => map.name === name && knowsMapType(kernel, map.type)));
    for (const name of names) if (name !== (known ?? names[0])) dropped.add(name);
  }
  const maps = object.maps.map((map) => (dropped.has(map.name) ? { ...map, autocreate: false } : map));
  return dropped.size === 0 ? object : { ...object, maps };
}

/** Switches off the programs and maps that the kernel does not support. Decides like the guest, but only from BTF. Pure. */
export function decideBySupport(object: BpfObject, kernel: KernelTypes, loader: Rules): BpfObject {
  return withStructOpsDecided(withChosenMaps(withoutUnsupported(object, kernel, loader), kernel), kernel, loader);
}

/**
 * Chooses the first program that loads in each group of alternatives. As in the guest, one whose target is certainly missing is only tried
 * if this is true of all.
 * @param alone predicts a program that is loaded alone
 * @param withoutTarget the certain failure of a program whose function has no symbol, or whose tracepoint is missing
 */
export function chooseAlternatives(
  object: BpfObject,
  alone: (program: BpfProgram) => PredictedProgram,
  withoutTarget: (program: BpfProgram) => PredictedFailure | null,
): Chosen {
  const others = new Map<string, PredictedProgram>();
  for (const { kind, names } of object.alternatives) {
    if (kind !== 'programs') continue;
    const members = object.programs.filter(({ name, autoload }) => autoload !== false && names.includes(name));
    const isAnyThere = members.some((program) => withoutTarget(program) === null);
    const inOrder = members
      .toSorted((a, b) => names.indexOf(a.name) - names.indexOf(b.name))
      .map((program) => {
        const predicted = alone(program);
        return { ...predicted, failure: predicted.failure ?? (isAnyThere ? withoutTarget(program) : null) };
      });
    const chosen = inOrder.find(({ failure }) => failure === null);
    // If no alternative loads, each fails.
    if (!chosen) continue;
    for (const { failure, possible, ...rest } of inOrder)
      if (rest.name !== chosen.name) others.set(rest.name, { ...rest, failure: null, possible: failure ?? possible });
  }
  const programs = object.programs.map((program) => (others.has(program.name) ? { ...program, autoload: false } : program));
  return { object: { ...object, programs }, others };
}
