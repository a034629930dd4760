// Describes what one kernel has instead of the target of one relocation.
import { type Btf, kindOf, nameOf, type TypeAt, vlenOf } from '../bpf/btf/btf.ts';
import { enumeratorOf, resolveType, sizeOf } from '../bpf/btf/types.ts';
import type { BtfKind } from '../bpf/btf/kinds.ts';
import { typesWithName } from '../bpf/btf/names.ts';
import { essentialName } from '../bpf/btf/essential-name.ts';
import type { KernelTypes } from '../core-relo/candidates.ts';
import type { CoreSpec } from '../bpf/core-spec/spec.ts';
import type { FailureClass } from '../base/failures.ts';
import { absenceReasons, type Neighbours } from './absence.ts';
import { accessOfSpec, accessText } from './access.ts';
import { knownChange } from './known-change.ts';
import { knownForms } from './known-form.ts';
import { type Alternative, type Declared, nearestMembers, sameNameOtherKind, shapeOf, type Wanted } from './nearest.ts';
import { namedMembers, pathText, rootText, stepsOf, walk } from './path.ts';
import { type Obstacle, type Presence, presenceOf } from './presence.ts';
import { mostSimilar } from '../base/similar.ts';
import { isScalar, memberText, typeText } from './type-text.ts';
import { valueOf } from './value.ts';

export interface Situation {
  class: FailureClass;
  /** The situation in one line: `struct task_struct has no member state`. */
  summary: string;
  alternatives: Alternative[];
  /** The candidate type from which the alternatives start; null if there is none. */
  root: TypeAt | null;
  /** Possible explanations, the most likely first. */
  hints: string[];
}

const MAX_LISTED = 5;

/** Declaration of the member at an obstacle, in a spec that has it. */
function declaredAt(spec: CoreSpec, obstacle: Obstacle): Declared | null {
  const found = walk(spec.btf, spec.rootId, [...obstacle.walked, obstacle.step]);
  if (found.walked <= obstacle.walked.length) return null;
  const text = found.last && typeof obstacle.step === 'string' ? memberText(spec.btf, found.last.member) : typeText(spec.btf, found.type);
  return { text, shape: shapeOf(spec.btf, found.type) };
}

function leadsToScalar(local: CoreSpec): boolean {
  return isScalar(local.btf, walk(local.btf, local.rootId, stepsOf(local)).type);
}

function leadsToBit(spec: CoreSpec): boolean {
  const value = valueOf(spec);
  return value?.kind === 'number' && value.bits === 1;
}

/** Names that a known change has for the access. */
function expectedNames(local: CoreSpec): string[] {
  const known = knownChange(accessText(accessOfSpec(local)));
  return [known?.before, known?.after].flatMap((fact) => fact?.split(' is ')[0]?.split('.') ?? []);
}

function wantedOf(local: CoreSpec, obstacle: Obstacle, elsewhere: CoreSpec | null): Wanted {
  const { candidate, walked, step, rest } = obstacle;
  const declared = declaredAt(elsewhere ?? local, obstacle);
  const witness = elsewhere && { btf: elsewhere.btf, type: walk(elsewhere.btf, elsewhere.rootId, walked).type };
  return {
    btf: candidate.btf,
    root: candidate.id,
    walked,
    name: String(step),
    rest,
    declared,
    scalar: leadsToScalar(local),
    bit: leadsToBit(elsewhere ?? local),
    witness,
    expected: expectedNames(local),
  };
}

/** The C name of the struct or union that lacks the member; if it has no name, the path to it. */
function containerText({ candidate, walked, type }: Obstacle): string {
  const id = resolveType(candidate.btf, type);
  if (nameOf(candidate.btf, id) !== '') return typeText(candidate.btf, id);
  return walked.length > 0 ? `${nameOf(candidate.btf, candidate.id)}.${pathText(walked)}` : rootText(candidate.btf, candidate.id);
}

/** Certain forms first. Marks the others as only possible if a known change has another meaning. */
function alternativesFor(local: CoreSpec, wanted: Wanted): Alternative[] {
  const alternatives = nearestMembers(wanted);
  const forms = knownForms(wanted);
  if (forms.length > 0) return forms;
  if (knownChange(accessText(accessOfSpec(local)))?.otherMeaning !== true) return alternatives;
  return alternatives.map((alternative) => ({ ...alternative, certainty: 'possible' }));
}

function memberless(local: CoreSpec, obstacles: readonly Obstacle[], elsewhere: CoreSpec | null): Situation {
  const [first] = obstacles;
  if (!first) return { class: 'core-field-missing', summary: 'no such field', alternatives: [], root: null, hints: [] };
  const found = obstacles.map((obstacle) => ({
    obstacle,
    alternatives: alternativesFor(local, wantedOf(local, obstacle, elsewhere)),
  }));
  const best = found.toSorted((a, b) => (b.alternatives[0]?.score ?? 0) - (a.alternatives[0]?.score ?? 0))[0] ?? {
    obstacle: first,
    alternatives: [],
  };
  const what = typeof first.step === 'number' ? `element [${first.step}]` : `member ${first.step}`;
  const summary = `${containerText(best.obstacle)} has no ${what}`;
  return { class: 'core-field-missing', summary, alternatives: best.alternatives, root: best.obstacle.candidate, hints: [] };
}

function otherKind(local: CoreSpec, obstacles: readonly Obstacle[], elsewhere: CoreSpec | null): Situation {
  const obstacle = obstacles.find((each) => each.otherKind !== null);
  if (!obstacle || obstacle.otherKind === null) return memberless(local, obstacles, elsewhere);
  const { candidate, walked, step, type } = obstacle;
  const here = namedMembers(candidate.btf, type).find(({ name }) => name === step);
  const root = candidate;
  const path = (steps: typeof walked) => `${nameOf(candidate.btf, root.id)}${steps.length > 0 ? '.' : ''}${pathText(steps)}`;
  if (here) {
    const wanted = wantedOf(local, obstacle, elsewhere);
    const compiled = declaredAt(local, obstacle)?.text ?? 'another type';
    const summary = `${path([...walked, step])} is ${memberText(candidate.btf, here)} here but was compiled as ${compiled}`;
    return { class: 'core-field-incompatible', summary, alternatives: sameNameOtherKind(wanted, here.type), root, hints: [] };
  }
  // The member before the step has changed, so the step cannot follow it.
  const before = walked.findLastIndex((each) => typeof each === 'string');
  const name = walked[before];
  const compiled = typeText(local.btf, walk(local.btf, local.rootId, walked).type);
  const summary = `${path(walked)} is ${typeText(candidate.btf, type)} here but was compiled as ${compiled}`;
  const failing = {
    ...obstacle,
    walked: walked.slice(0, before),
    step: name ?? '',
    rest: [...walked.slice(before + 1), step, ...obstacle.rest],
  };
  const member = namedMembers(candidate.btf, walk(candidate.btf, root.id, failing.walked).type).find((each) => each.name === name);
  const alternatives = member ? sameNameOtherKind(wantedOf(local, failing, elsewhere), member.type) : [];
  return { class: 'core-field-incompatible', summary, alternatives, root, hints: [] };
}

/** Names of all types of a kind, without flavors. */
function* namesOfKind(btf: Btf, kind: string): Generator<string> {
  for (let id = 1; id < btf.endId; id++) if (kindOf(btf, id) === kind) yield nameOf(btf, id);
}

/** The hint for a name that has two underscores where a flavor has three; null if the kernel lacks the type before them, too. */
function misspeltFlavor(type: string, kind: BtfKind, { vmlinux }: KernelTypes): string | null {
  const [, base = '', rest = ''] = /^(\w*[^\W_])__([^\W_]\w*)$/.exec(type) ?? [];
  const isThere = base !== '' && typesWithName(vmlinux, base).some((id) => kindOf(vmlinux.btf, id) === kind);
  return isThere ? `most likely: a misspelt flavor of ${kind} ${base}; three underscores begin a flavor: ${base}___${rest}` : null;
}

function typeless(local: CoreSpec, kernel: KernelTypes, neighbours: Neighbours): Situation {
  const { kind, type, what } = accessOfSpec(local);
  const { btf } = kernel.vmlinux;
  const others = typesWithName(kernel.vmlinux, type)
    .map((id) => kindOf(btf, id))
    .filter((other) => other !== 'func' && other !== 'var');
  const hints = others
    .filter((other) => other !== 'fwd')
    .map((other) => `the kernel has ${other} ${type} instead, which does not match ${kind} ${type}`);
  const misspelt = misspeltFlavor(type, kind, kernel);
  hints.push(...(misspelt === null ? absenceReasons(type, others, neighbours) : [misspelt]));
  const alike = mostSimilar(type, namesOfKind(btf, kind), MAX_LISTED, 0.8);
  if (alike.length > 0) hints.push(`similar names: ${alike.map((name) => `${kind} ${name}`).join(', ')}`);
  return {
    class: what === 'enumerator' ? 'core-enum-missing' : 'core-type-missing',
    summary: `the kernel has no ${kind} ${type}`,
    alternatives: [],
    root: null,
    hints,
  };
}

function enumeratorless(local: CoreSpec, obstacles: readonly Obstacle[]): Situation {
  const { enumerator, type } = accessOfSpec(local);
  const names = obstacles.flatMap(({ candidate: { btf, id } }) =>
    Array.from({ length: vlenOf(btf, id) }, (_, at) => enumeratorOf(btf, id, at)?.name ?? ''),
  );
  const alike = mostSimilar(enumerator ?? '', names, MAX_LISTED, 0.6);
  const hints = alike.length > 0 ? [`similar names: ${alike.join(', ')}`] : [];
  return { class: 'core-enum-missing', summary: `enum ${type} has no ${enumerator}`, alternatives: [], root: null, hints };
}

/** Members that only one of several candidates has. A flavor with such a member selects this candidate. */
export function distinguishing(specs: readonly CoreSpec[], at: number): string[] {
  const names = specs.map(({ btf, rootId }) => new Set(namedMembers(btf, rootId).map(({ name }) => name)));
  return [...(names[at] ?? [])].filter((name) => names.every((others, other) => other === at || !others.has(name)));
}

function ambiguous(specs: readonly CoreSpec[]): Situation {
  const bySize = specs.every(({ kind }) => kind === 'type_size');
  const hints = specs.map((spec, at) => {
    const only = distinguishing(specs, at).slice(0, MAX_LISTED);
    const alone = only.length > 0 ? `; only this type has ${only.join(', ')}` : '';
    const what = bySize ? `has ${sizeOf(spec.btf, spec.rootId) ?? 0} bytes` : `has the field at byte ${spec.bitOffset / 8}`;
    return `one type ${what}${alone}`;
  });
  const summary = bySize
    ? `the kernel has ${specs.length} types of this name, of different sizes`
    : `the kernel has ${specs.length} types of this name, with the field at different offsets`;
  return { class: 'core-ambiguous', summary, alternatives: [], root: null, hints: hints.toSorted() };
}

/** The target exists, but libbpf poisoned the access: its width does not fit, or libbpf had chosen another type of this name before. */
function foundButPoisoned(local: CoreSpec, { btf, rootId }: CoreSpec): Situation {
  const steps = stepsOf(local);
  const text = (from: Btf, root: number) => {
    const { last, type } = walk(from, root, steps);
    return last ? memberText(from, last.member) : typeText(from, type);
  };
  const [here, compiled] = [text(btf, rootId), text(local.btf, local.rootId)];
  if (here === compiled) {
    const name = essentialName(nameOf(local.btf, local.rootId));
    const summary = `several types are called ${name}, and an earlier access of the program selected one without this field`;
    return { class: 'core-field-missing', summary, alternatives: [], root: null, hints: ['give this access its own flavor'] };
  }
  const summary = `${nameOf(btf, rootId)}.${pathText(steps)} is ${here} here but was compiled as ${compiled}, and the instruction cannot read it`;
  return {
    class: 'core-field-incompatible',
    summary,
    alternatives: [],
    root: { btf, id: rootId },
    hints: ['read it with BPF_CORE_READ_BITFIELD_PROBED, which takes size and sign from the kernel'],
  };
}

/** Facts about a relocation on one kernel and on its neighbours. */
export interface Surroundings {
  kernel: KernelTypes;
  /** Presence on this kernel, from presenceOf(). */
  presence: Presence;
  /** The spec on the nearest kernel that has the target. Members that are new since then are more likely alternatives. */
  elsewhere: CoreSpec | null;
  /** The nearest kernels that have the type of the target. */
  neighbours: Neighbours;
}

/** Describes what a kernel has instead of the target of a failing relocation. */
export function situationOf(local: CoreSpec, { kernel, presence, elsewhere, neighbours }: Surroundings): Situation {
  switch (presence.state) {
    case 'type-absent':
      return typeless(local, kernel, neighbours);
    case 'ambiguous':
      return ambiguous(presence.specs);
    case 'present':
      return foundButPoisoned(local, presence.spec);
    case 'incompatible':
    case 'absent':
      if (accessOfSpec(local).what === 'enumerator') return enumeratorless(local, presence.obstacles);
      return presence.state === 'absent'
        ? memberless(local, presence.obstacles, elsewhere)
        : otherKind(local, presence.obstacles, elsewhere);
  }
}

/** The spec of an access on a kernel that has it; null on others. */
export function specThere(local: CoreSpec, kernel: KernelTypes): CoreSpec | null {
  const presence = presenceOf(local, kernel);
  return presence.state === 'present' ? presence.spec : null;
}
