// Searches what a kernel has instead of a member: the same name elsewhere, another name in the same place, or several members.
import { type Btf, kindOf, nameOf } from '../bpf/btf/btf.ts';
import { isAnyEnum, isComposite, type Member, referencedType, resolveType } from '../bpf/btf/types.ts';
import type { Relation } from '../base/vocabulary.ts';
import { completePath } from './complete.ts';
import { endText } from './end-text.ts';
import { namedMembers, type Step, walk } from './path.ts';
import { similarity } from '../base/similar.ts';
import { isScalar, memberText } from './type-text.ts';
import type { Conversion } from './value.ts';

/** A path through the kernel's types that may replace the missing one. */
export interface Alternative {
  relation: Relation;
  /** From the root type on. A further path starts behind the pointer at the end of the path before. */
  paths: Step[][];
  /** The type of what the path ends at. */
  type: string;
  /** 0 to 100. */
  score: number;
  certainty: 'likely' | 'possible';
  /** Set if a known change or the name of a flag states how to read the value. */
  form?: { as: Conversion | null };
}

/** The same struct in the nearest kernel that has the member. */
export interface Witness {
  btf: Btf;
  /** BTF id of the struct that contains the member. */
  type: number;
}

export interface Declared {
  text: string;
  shape: Shape;
}

/** Coarse kinds of types. A member rarely changes from one to another. */
export type Shape = 'number' | 'pointer' | 'array' | 'struct' | 'other';

export interface Wanted {
  btf: Btf;
  /** BTF id of the candidate type from which the path starts. */
  root: number;
  walked: readonly Step[];
  /** The member that is missing or has another kind of type. */
  name: string;
  rest: readonly Step[];
  /** Declaration of the member on a kernel that has it. */
  declared: Declared | null;
  /** True if the path led to an integer, enum or pointer. */
  scalar: boolean;
  /** True if the path led to a single bit. */
  bit: boolean;
  witness: Witness | null;
  /** Names for the member in a known change. */
  expected: readonly string[];
}

const LIKELY = 60;
const POSSIBLE = 38;
const MAX_FOUND = 4;
/** Alternatives whose score is lower than the best by more than this are left out. */
const MARGIN = 25;
const MAX_NESTING = 3;
/** Score for a name in a known change. */
const KNOWN = 40;
/** Names with a lower similarity count as unrelated. */
const UNLIKE = 0.34;
/** Score if both neighbours are the same. */
const BETWEEN = 24;

function rated({ btf, root }: Wanted, relation: Relation, paths: Step[][], score: number): Alternative[] {
  if (score < POSSIBLE) return [];
  const type = endText(btf, root, paths);
  return [{ relation, paths, type, score: Math.min(100, Math.round(score)), certainty: score >= LIKELY ? 'likely' : 'possible' }];
}

/** The shape of a type without typedefs and modifiers. */
export function shapeOf(btf: Btf, type: number): Shape {
  const kind = kindOf(btf, resolveType(btf, type));
  if (kind === 'int' || isAnyEnum(kind)) return 'number';
  if (kind === 'ptr') return 'pointer';
  if (kind === 'array') return 'array';
  return isComposite(kind) ? 'struct' : 'other';
}

/** Score for the type of a member; null if its shape differs. Numbers score low because many members are numbers. */
function typeScore({ btf, declared }: Wanted, member: Member): number | null {
  if (!declared) return 0;
  const shape = shapeOf(btf, member.type);
  const text = memberText(btf, member);
  if (shape !== declared.shape) return null;
  if (shape === 'number') return declared.text === text ? 10 : 5;
  if (declared.text === text) return 25;
  if (shape === 'pointer') return null;
  return similarity(declared.text, text) * 15;
}

/** Score for neighbours that the wanted member has on the other kernel, too. */
function neighbourScore(members: readonly Member[], at: number, old: readonly Member[], oldAt: number): number {
  if (oldAt < 0) return 0;
  const same = (offset: number) => {
    const [here, there] = [members[at + offset]?.name, old[oldAt + offset]?.name];
    return here !== undefined && here === there;
  };
  return (same(-1) ? 12 : 0) + (same(1) ? 12 : 0);
}

function renamed(wanted: Wanted, container: number): Alternative[] {
  const { btf, name, rest, scalar, witness, walked } = wanted;
  const members = namedMembers(btf, container);
  const old = witness ? namedMembers(witness.btf, witness.type) : [];
  const oldNames = new Set(old.map((member) => member.name));
  const oldAt = old.findIndex((member) => member.name === name);
  return members.flatMap((member, at) => {
    // A member that exists beside the wanted one on the other kernel is a different member.
    if (oldNames.has(member.name)) return [];
    const alike = similarity(name, member.name);
    const known = wanted.expected.includes(member.name);
    const alone = members.length === 1;
    const fits = typeScore(wanted, member);
    // A member with another shape is a different member, unless something else indicates it.
    if (fits === null && !known && !alone && alike < 1) return [];
    const near = neighbourScore(members, at, old, oldAt);
    if (alike < UNLIKE && !known && !alone && near < BETWEEN) return [];
    const score = alike * 50 + (fits ?? 0) + (witness ? 15 : 0) + (alone ? 40 : 0) + near + (known ? KNOWN : 0);
    const end = completePath({ btf, id: member.type }, rest, scalar);
    return end ? rated(wanted, 'renamed', [[...walked, member.name, ...end]], score) : [];
  });
}

/** A member that was split: `i_ctime.tv_sec` became `i_ctime_sec`. */
function split(wanted: Wanted, container: number): Alternative[] {
  const { btf, name, rest, walked, scalar, witness } = wanted;
  const old = new Set(witness ? namedMembers(witness.btf, witness.type).map((member) => member.name) : []);
  const tail = rest.findLast((step) => typeof step === 'string');
  return namedMembers(btf, container).flatMap((member) => {
    const start = `${name.replace(/^_+/, '')}_`;
    const bare = member.name.replace(/^_+/, '');
    if (!bare.startsWith(start) || old.has(member.name)) return [];
    const part = bare.slice(start.length);
    const fits = typeof tail === 'string' && (tail === part || tail.endsWith(`_${part}`));
    if (tail !== undefined && !fits) return [];
    const usable = fits && scalar === isScalar(btf, member.type);
    return rated(wanted, 'split', [[...walked, member.name]], usable ? 90 : 50);
  });
}

/** A member that older kernels have inside a struct: `i_ctime_sec` was `i_ctime.tv_sec`. */
function joined(wanted: Wanted, container: number): Alternative[] {
  const { btf, name, walked, scalar } = wanted;
  const bare = name.replace(/^_+/, '');
  return namedMembers(btf, container).flatMap((outer) => {
    const start = `${outer.name.replace(/^_+/, '')}_`;
    const part = bare.startsWith(start) && shapeOf(btf, outer.type) === 'struct' ? bare.slice(start.length) : '';
    const inner =
      part === '' ? undefined : namedMembers(btf, outer.type).find((each) => each.name === part || each.name.endsWith(`_${part}`));
    if (!inner || scalar !== isScalar(btf, inner.type)) return [];
    return rated(wanted, 'joined', [[...walked, outer.name, inner.name]], 90);
  });
}

/** The same name in a struct that is a member of the original struct. */
function movedIn(wanted: Wanted, container: number, before: readonly Step[] = [], depth = 0): Alternative[] {
  const { btf, name, rest, scalar, walked, witness } = wanted;
  if (depth === MAX_NESTING) return [];
  return namedMembers(btf, container).flatMap((outer) => {
    if (!isComposite(kindOf(btf, resolveType(btf, outer.type)))) return [];
    const path = [...before, outer.name];
    const old = witness !== null && walk(witness.btf, witness.type, [...path, name]).walked === path.length + 1;
    const inner = old ? undefined : namedMembers(btf, outer.type).find((member) => member.name === name);
    const end = inner && completePath({ btf, id: inner.type }, rest, scalar);
    const expected = wanted.expected.includes(outer.name) ? KNOWN : 0;
    const score = inner ? 30 + (typeScore(wanted, inner) ?? -30) + (witness ? 15 : 0) + expected - depth * 5 : 0;
    const found = inner && end ? rated(wanted, 'moved-in', [[...walked, ...path, name, ...end]], score) : [];
    return [...found, ...movedIn(wanted, outer.type, path, depth + 1)];
  });
}

/** The same name in an enclosing struct. */
function movedOut(wanted: Wanted): Alternative[] {
  const { btf, root, walked, name, rest, scalar } = wanted;
  return walked.flatMap((_, length) => {
    const before = walked.slice(0, length);
    const member = namedMembers(btf, walk(btf, root, before).type).find((each) => each.name === name);
    const end = member && completePath({ btf, id: member.type }, rest, scalar);
    return member && end ? rated(wanted, 'moved-out', [[...before, name, ...end]], 40 + (typeScore(wanted, member) ?? -20)) : [];
  });
}

/** A member that is now behind a pointer: `rq_disk` became `q->disk`. The type must be the same struct, union or pointer to one. */
function behindPointer(wanted: Wanted, container: number): Alternative[] {
  const { btf, name, rest, walked, scalar, declared, witness } = wanted;
  if (!declared || !/^(?:const |volatile )*(?:struct|union) \w/.test(declared.text)) return [];
  return namedMembers(btf, container).flatMap((pointer) => {
    const id = resolveType(btf, pointer.type);
    if (kindOf(btf, id) !== 'ptr') return [];
    const pointed = resolveType(btf, referencedType(btf, id));
    if (nameOf(btf, pointed) === '') return [];
    return namedMembers(btf, pointed).flatMap((member) => {
      if (member.name !== name && !name.endsWith(`_${member.name}`)) return [];
      if (memberText(btf, member) !== declared.text) return [];
      const end = completePath({ btf, id: member.type }, rest, scalar);
      const score = 45 + (witness ? 10 : 0) + (member.name === name ? 10 : 0) + (wanted.expected.includes(member.name) ? KNOWN : 0);
      return end
        ? rated(
            wanted,
            'behind-pointer',
            [
              [...walked, pointer.name],
              [member.name, ...end],
            ],
            score,
          )
        : [];
    });
  });
}

/** Alternatives for a member that a struct lacks, the best first. */
export function nearestMembers(wanted: Wanted): Alternative[] {
  const container = walk(wanted.btf, wanted.root, wanted.walked).type;
  const found = [
    ...split(wanted, container),
    ...joined(wanted, container),
    ...renamed(wanted, container),
    ...movedIn(wanted, container),
    ...movedOut(wanted),
    ...behindPointer(wanted, container),
  ];
  const best = new Map<string, Alternative>();
  for (const one of found.toSorted((a, b) => b.score - a.score)) {
    const key = JSON.stringify(one.paths);
    if (!best.has(key)) best.set(key, one);
  }
  const [first] = best.values();
  return [...best.values()].filter(({ score }) => score >= (first?.score ?? 0) - MARGIN).slice(0, MAX_FOUND);
}

/** A struct that became a pointer: only possible, because the pointer may be null where the struct always had a value. */
function becamePointer(wanted: Wanted, pointer: number): Alternative[] {
  const { btf, walked, name, rest, scalar } = wanted;
  const end = completePath({ btf, id: referencedType(btf, pointer) }, rest, scalar);
  return end && end.length > 0 ? rated(wanted, 'behind-pointer', [[...walked, name], end], LIKELY - 1) : [];
}

/** The member itself if it has another kind of type now, with the rest of the path in the new type. */
export function sameNameOtherKind(wanted: Wanted, type: number): Alternative[] {
  const { btf, walked, name, rest, scalar } = wanted;
  const id = resolveType(btf, type);
  if (kindOf(btf, id) === 'ptr' && rest.length > 0) return becamePointer(wanted, id);
  const end = completePath({ btf, id: type }, rest, scalar);
  if (!end) return [];
  const path = [...walked, name, ...end];
  return rated(wanted, 'other-kind', [path], 80);
}
