// Finds out whether a kernel has the target of a relocation. Each relocation is matched alone, without libbpf's memory of earlier choices.
import { kindOf, type TypeAt } from '../bpf/btf/btf.ts';
import { isComposite, memberOf, resolveType, sizeOf } from '../bpf/btf/types.ts';
import { findCandidates, type KernelTypes } from '../core-relo/candidates.ts';
import { matchSpec } from '../core-relo/match.ts';
import { newComparison } from '../core-relo/match-type.ts';
import type { CoreSpec } from '../bpf/core-spec/spec.ts';
import { namedMembers, type Step, stepsOf } from './path.ts';

/** Where the path of a field ends in a type of the kernel. */
export interface Obstacle {
  candidate: TypeAt;
  /** Steps that could be walked. */
  walked: Step[];
  /** BTF id of the type at their end. */
  type: number;
  /** The step that could not be walked. */
  step: Step;
  /** The steps after it. */
  rest: Step[];
  /** BTF id of a type of the wrong kind: of a member with the name of the step, or of a type that is no array or struct. Null if none is. */
  otherKind: number | null;
}

export type Presence =
  | { state: 'present'; spec: CoreSpec }
  /** Several types have the target, at different places. */
  | { state: 'ambiguous'; specs: CoreSpec[] }
  | { state: 'incompatible'; obstacles: Obstacle[] }
  | { state: 'absent'; obstacles: Obstacle[] }
  | { state: 'type-absent' };

/** The type at the end of a partly matched spec. */
function reachedType(spec: CoreSpec): number {
  const last = spec.accessors.at(-1);
  if (!last || (last.name === null && spec.accessors.length === 1)) return spec.rootId;
  return last.name === null ? last.type : (memberOf(spec.btf, last.type, last.index)?.type ?? 0);
}

function obstacleOf(local: CoreSpec, spec: CoreSpec, candidate: TypeAt): Obstacle {
  const steps = stepsOf(local);
  const count = Math.max(0, spec.accessors.length - 1);
  const type = reachedType(spec);
  const step = steps[count] ?? 0;
  const id = resolveType(spec.btf, type);
  const isStruct = isComposite(kindOf(spec.btf, id));
  const named = namedMembers(spec.btf, id).find(({ name }) => name === step);
  const wrongShape = typeof step === 'number' ? kindOf(spec.btf, id) !== 'array' : !isStruct;
  const otherKind = named?.type ?? (wrongShape ? type : null);
  return { candidate, walked: steps.slice(0, count), type, step, rest: steps.slice(count + 1), otherKind };
}

/** Searches the target of a local spec in a kernel's types. */
export function presenceOf(local: CoreSpec, kernel: KernelTypes): Presence {
  const candidates = findCandidates(kernel, { btf: local.btf, id: local.rootId }, []) ?? [];
  if (candidates.length === 0) return { state: 'type-absent' };
  const tried = candidates.map((candidate) => ({ candidate, ...matchSpec(local, candidate, newComparison([])) }));
  const matching = tried.filter(({ match }) => match === 1).map(({ spec }) => spec);
  const [first, ...others] = matching;
  if (first) {
    const sizeOfRoot = (spec: CoreSpec) => (local.kind === 'type_size' ? sizeOf(spec.btf, spec.rootId) : null);
    const differ = others.some((other) => other.bitOffset !== first.bitOffset || sizeOfRoot(other) !== sizeOfRoot(first));
    return differ ? { state: 'ambiguous', specs: matching } : { state: 'present', spec: first };
  }
  const obstacles = tried
    .map(({ spec, candidate }) => obstacleOf(local, spec, candidate))
    .toSorted((a, b) => b.walked.length - a.walked.length);
  const isIncompatible = obstacles.some(({ otherKind }) => otherKind !== null);
  return { state: isIncompatible ? 'incompatible' : 'absent', obstacles };
}

/** True if a kernel has the field of a local spec with a type that does not fit. */
export function hasOtherType(presence: Presence | null): boolean {
  if (presence?.state !== 'incompatible') return false;
  return presence.obstacles.some(({ candidate: { btf }, type, step, rest }) => {
    const members = rest.length === 0 ? namedMembers(btf, resolveType(btf, type)) : [];
    return members.some(({ name }) => name === step);
  });
}
