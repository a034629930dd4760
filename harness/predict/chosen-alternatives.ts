// Which programs and maps of an object are loaded on a kernel, where its loader leaves that to what the kernel has.
import type { BpfObject, BpfProgram } from '../bpf/object/object.ts';
import type { KernelTypes } from '../core-relo/candidates.ts';
import type { PredictedProgram } from './predicted-cell.ts';
import { knowsMapType, programFindings } from './findings/support.ts';

export interface Chosen {
  /** With `autoload` decided of its programs. */
  object: BpfObject;
  /** Programs that another is chosen instead of, with what is said of them alone: they are tried only where that one does not load. */
  others: ReadonlyMap<string, PredictedProgram>;
}

/** Programs that need not be loaded are not where the kernel certainly lacks their type or target. */
function withoutUnsupported(object: BpfObject, kernel: KernelTypes): BpfObject {
  const isSupported = (program: BpfProgram) =>
    program.autoload !== 'if-supported' || !programFindings(program, kernel).some(({ certain }) => certain);
  return { ...object, programs: object.programs.map((program) => (isSupported(program) ? program : { ...program, autoload: false })) };
}

/** Of alternative maps the first whose type the kernel knows, or where it knows none the first. */
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

/** The object with what is decided by what a kernel has: pure, and as the guest decides as far as BTF tells. */
export function decideBySupport(object: BpfObject, kernel: KernelTypes): BpfObject {
  return withChosenMaps(withoutUnsupported(object, kernel), kernel);
}

/**
 * Takes of each group of programs the first that loads.
 * @param alone what is predicted of a program that is loaded alone
 */
export function chooseAlternatives(object: BpfObject, alone: (program: BpfProgram) => PredictedProgram): Chosen {
  const others = new Map<string, PredictedProgram>();
  for (const { kind, names } of object.alternatives) {
    if (kind !== 'programs') continue;
    const members = object.programs.filter(({ name, autoload }) => autoload !== false && names.includes(name));
    const inOrder = members.toSorted((a, b) => names.indexOf(a.name) - names.indexOf(b.name)).map((program) => alone(program));
    const chosen = inOrder.find(({ failure }) => failure === null);
    // Where none loads, each fails.
    if (!chosen) continue;
    for (const { failure, possible, ...rest } of inOrder)
      if (rest.name !== chosen.name) others.set(rest.name, { ...rest, failure: null, possible: failure ?? possible });
  }
  const programs = object.programs.map((program) => (others.has(program.name) ? { ...program, autoload: false } : program));
  return { object: { ...object, programs }, others };
}
