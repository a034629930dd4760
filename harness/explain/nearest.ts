// What a kernel has instead of a member: of the same name elsewhere, of another name in the same place, or several for one.
import { type Btf, kindOf, nameOf } from '../bpf/btf/btf.ts';
import { isAnyEnum, isComposite, type Member, referencedType, resolveType } from '../bpf/btf/types.ts';
import type { Relation } from '../base/vocabulary.ts';
import { completePath } from './complete.ts';
import { namedMembers, type Step, walk } from './path.ts';
import { similarity } from '../base/similar.ts';
import { isScalar, memberText } from './type-text.ts';

/** A way through the kernel's types that may stand for the one that is missing. */
export interface Alternative {
  relation: Relation;
  /** From the root on; each further way starts behind a pointer the one before it leads to. */
  paths: Step[][];
  /** The type of what was looked for under its new name. */
  type: string;
  /** Up to 100. */
  score: number;
  certainty: 'likely' | 'possible';
}

/** The same struct in the nearest kernel that has the member. */
export interface Witness {
  btf: Btf;
  /** The struct the member is in. */
  type: number;
}

export interface Declared {
  text: string;
  shape: Shape;
}

/** Kinds that one member may have after another: what was a pointer is no number now. */
export type Shape = 'number' | 'pointer' | 'array' | 'struct' | 'other';

export interface Wanted {
  btf: Btf;
  /** Candidate the way starts from. */
  root: number;
  walked: readonly Step[];
  /** The member that is not there, or is of another kind. */
  name: string;
  rest: readonly Step[];
  /** How the member is declared where it is there. */
  declared: Declared | null;
  /** Whether the way led to an integer, enum or pointer. */
  scalar: boolean;
  witness: Witness | null;
  /** Names that a known change gives what was looked for. */
  expected: readonly string[];
}

const LIKELY = 60;
const POSSIBLE = 38;
const MAX_FOUND = 4;
/** What is so much less likely than the best is left out. */
const MARGIN = 25;
const MAX_NESTING = 3;
/** A known change says so. */
const KNOWN = 40;
/** Names less alike have nothing in common. */
const UNLIKE = 0.34;
/** Both neighbours are the same. */
const BETWEEN = 24;

function rated(relation: Relation, paths: Step[][], type: string, score: number): Alternative[] {
  if (score < POSSIBLE) return [];
  return [{ relation, paths, type, score: Math.min(100, Math.round(score)), certainty: score >= LIKELY ? 'likely' : 'possible' }];
}

/** What a type is like, behind names and modifiers. */
export function shapeOf(btf: Btf, type: number): Shape {
  const kind = kindOf(btf, resolveType(btf, type));
  if (kind === 'int' || isAnyEnum(kind)) return 'number';
  if (kind === 'ptr') return 'pointer';
  if (kind === 'array') return 'array';
  return isComposite(kind) ? 'struct' : 'other';
}

/** How much a type speaks for a member; null when it speaks against it. Numbers are all alike and say little. */
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

/** Members beside it that the other kernel has beside the wanted one. */
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
    // What stood beside it all along is something else.
    if (oldNames.has(member.name)) return [];
    const alike = similarity(name, member.name);
    const known = wanted.expected.includes(member.name);
    const alone = members.length === 1;
    const fits = typeScore(wanted, member);
    // By another shape it is something else, unless there is more to say for it.
    if (fits === null && !known && !alone && alike < 1) return [];
    const near = neighbourScore(members, at, old, oldAt);
    if (alike < UNLIKE && !known && !alone && near < BETWEEN) return [];
    const score = alike * 50 + (fits ?? 0) + (witness ? 15 : 0) + (alone ? 40 : 0) + near + (known ? KNOWN : 0);
    const end = completePath({ btf, id: member.type }, rest, scalar);
    return end ? rated('renamed', [[...walked, member.name, ...end]], memberText(btf, member), score) : [];
  });
}

/** `i_ctime.tv_sec` that is `i_ctime_sec` now. */
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
    return rated('split', [[...walked, member.name]], memberText(btf, member), usable ? 90 : 50);
  });
}

/** `i_ctime_sec` that was `i_ctime.tv_sec` before. */
function joined(wanted: Wanted, container: number): Alternative[] {
  const { btf, name, walked, scalar } = wanted;
  const bare = name.replace(/^_+/, '');
  return namedMembers(btf, container).flatMap((outer) => {
    const start = `${outer.name.replace(/^_+/, '')}_`;
    const part = bare.startsWith(start) && shapeOf(btf, outer.type) === 'struct' ? bare.slice(start.length) : '';
    const inner =
      part === '' ? undefined : namedMembers(btf, outer.type).find((each) => each.name === part || each.name.endsWith(`_${part}`));
    if (!inner || scalar !== isScalar(btf, inner.type)) return [];
    return rated('joined', [[...walked, outer.name, inner.name]], memberText(btf, inner), 90);
  });
}

/** The same name in a struct that is a member of the one it was in. */
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
    const found = inner && end ? rated('moved-in', [[...walked, ...path, name, ...end]], memberText(btf, inner), score) : [];
    return [...found, ...movedIn(wanted, outer.type, path, depth + 1)];
  });
}

/** The same name in one of the structs around it. */
function movedOut(wanted: Wanted): Alternative[] {
  const { btf, root, walked, name, rest, scalar } = wanted;
  return walked.flatMap((_, length) => {
    const before = walked.slice(0, length);
    const member = namedMembers(btf, walk(btf, root, before).type).find((each) => each.name === name);
    const end = member && completePath({ btf, id: member.type }, rest, scalar);
    return member && end
      ? rated('moved-out', [[...before, name, ...end]], memberText(btf, member), 40 + (typeScore(wanted, member) ?? -20))
      : [];
  });
}

/** `rq_disk` that is `q->disk` now: of the same type, which must be one that tells. */
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
            'behind-pointer',
            [
              [...walked, pointer.name],
              [member.name, ...end],
            ],
            memberText(btf, member),
            score,
          )
        : [];
    });
  });
}

/** Alternatives for a member that a struct does not have, the best first. */
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

/** The member itself, of another kind: the rest of the way as its new type has it. */
export function sameNameOtherKind(wanted: Wanted, type: number): Alternative[] {
  const { btf, walked, name, rest, scalar } = wanted;
  const end = completePath({ btf, id: type }, rest, scalar);
  const member = namedMembers(btf, walk(btf, wanted.root, walked).type).find((each) => each.name === name);
  const text = member ? memberText(btf, member) : '';
  return end ? rated('other-kind', [[...walked, name, ...end]], text, 80) : [];
}
