// Predicts which programs and maps of an object are loaded, if this depends on the kernel: `if-supported`, and alternatives.
import type { BpfObject, BpfProgram } from '../bpf/object/object.ts';
import type { KernelTypes } from '../core-relo/candidates.ts';
import type { Loader } from '../core-relo/loader.ts';
import type { PredictedFailure } from './findings/finding.ts';
import type { PredictedProgram } from './predicted-cell.ts';
import { knowsMapType, programFindings } from './findings/support.ts';
import { certainlyWithoutSymbol } from './findings/symbols.ts';

type Rules = Pick<Loader, 'cilium'>;

export interface Chosen {
  /** The object with `autoload` set for every program. */
  object: BpfObject;
  /** Alternatives that were not chosen, with the prediction for each alone. They are tried only if the chosen alternative does not load. */
  others: ReadonlyMap<string, PredictedProgram>;
}

/** Switches off `if-supported` programs whose type or target the kernel certainly lacks. A target counts even if a program is only loaded. */
function withoutUnsupported(object: BpfObject, kernel: KernelTypes, loader: Rules): BpfObject {
  const isSupported = (program: BpfProgram) =>
    program.autoload !== 'if-supported' ||
    (!programFindings(program, kernel, loader).some(({ certain }) => certain) && certainlyWithoutSymbol(program, kernel, loader) === null);
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
  return withChosenMaps(withoutUnsupported(object, kernel, loader), kernel);
}

/**
 * Chooses the first program that loads in each group of alternatives. As in the guest, one whose function certainly has no symbol is only
 * tried if this is true of all.
 * @param alone predicts a program that is loaded alone
 * @param withoutSymbol the certain failure of a program whose function has no symbol
 */
export function chooseAlternatives(
  object: BpfObject,
  alone: (program: BpfProgram) => PredictedProgram,
  withoutSymbol: (program: BpfProgram) => PredictedFailure | null,
): Chosen {
  const others = new Map<string, PredictedProgram>();
  for (const { kind, names } of object.alternatives) {
    if (kind !== 'programs') continue;
    const members = object.programs.filter(({ name, autoload }) => autoload !== false && names.includes(name));
    const isAnyThere = members.some((program) => withoutSymbol(program) === null);
    const inOrder = members
      .toSorted((a, b) => names.indexOf(a.name) - names.indexOf(b.name))
      .map((program) => {
        const predicted = alone(program);
        return { ...predicted, failure: predicted.failure ?? (isAnyThere ? withoutSymbol(program) : null) };
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
