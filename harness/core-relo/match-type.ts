// Compares whole types: whether they are compatible (type_exists, type_size, target_type_id) or match in all details (type_matches).
import { type Btf, kindFlag, kindOf, nameOf, type TypeAt } from '../bpf/btf/btf.ts';
import {
  allEnumerators,
  allMembers,
  arrayOf,
  elementType,
  integerOf,
  isAnyEnum,
  isComposite,
  type Member,
  parameterTypes,
  referencedType,
  resolveType,
  sizeField,
} from '../bpf/btf/types.ts';
import { essentialName } from '../bpf/btf/essential-name.ts';
import { kindsAreCompatible } from './candidates.ts';
import { ERRNO, type PredictedLog, say } from './log.ts';

/** State of one comparison. */
export interface Comparison {
  /** Remaining steps. They are limited because damaged BTF can need endless comparisons. */
  left: number;
  log: PredictedLog;
}

const MAX_STEPS = 1_000_000;
/** libbpf's limits: the depth, and the number of pointers and arrays at each depth. */
const MAX_LEVEL = 32;
const MAX_CHAIN = 32;
const SIGNED = 1;

export function newComparison(log: PredictedLog): Comparison {
  return { left: MAX_STEPS, log };
}

const resolved = ({ btf, id }: TypeAt): TypeAt => ({ btf, id: resolveType(btf, id) });
const kind = ({ btf, id }: TypeAt) => kindOf(btf, id);
const behind = ({ btf, id }: TypeAt): TypeAt => ({ btf, id: referencedType(btf, id) });
const integer = ({ btf, id }: TypeAt) => integerOf(btf, id);
const size = ({ btf, id }: TypeAt) => sizeField(btf, id);
const flag = ({ btf, id }: TypeAt) => kindFlag(btf, id);
/** Undefined for types that are no arrays. */
const length = ({ btf, id }: TypeAt) => arrayOf(btf, id)?.length;
const element = ({ btf, id }: TypeAt): TypeAt => ({ btf, id: elementType(btf, id) });
const parameters = ({ btf, id }: TypeAt) => parameterTypes(btf, id);

/** Such relocations do not concern functions, variables and floats. */
function unexpected(local: TypeAt, target: TypeAt, { log }: Comparison): number {
  say(log, 'warn', `unexpected kind ${kind(local)} relocated, local [${local.id}], target [${target.id}]`);
  return 0;
}

/** Compares the parameters of two prototypes: 1 if all are compatible, 0 if not, or a negative error. */
function parametersAreCompatible(local: TypeAt, target: TypeAt, comparison: Comparison, level: number): number {
  const [own, theirs] = [parameters(local), parameters(target)];
  if (own.length !== theirs.length) return 0;
  for (const [index, id] of own.entries()) {
    if (level <= 0) return -ERRNO.EINVAL;
    const match = typesAreCompatible({ btf: local.btf, id }, { btf: target.btf, id: theirs[index] ?? 0 }, comparison, level - 1);
    if (match <= 0) return match;
  }
  return 1;
}

/**
 * Compares kinds through pointers, arrays and prototypes, without names and sizes. Returns 1 if compatible, 0 if not, or a negative error.
 * @see __bpf_core_types_are_compat() in libbpf's relo_core.c
 */
export function typesAreCompatible(local: TypeAt, target: TypeAt, comparison: Comparison, level = MAX_LEVEL): number {
  let [a, b] = [local, target];
  for (let chain = 0; chain < MAX_CHAIN; chain++) {
    if (--comparison.left < 0) return -ERRNO.EINVAL;
    [a, b] = [resolved(a), resolved(b)];
    const what = kind(a);
    if (!kindsAreCompatible(what, kind(b))) return 0;
    if (what === 'int') return integer(a).bitOffset === 0 && integer(b).bitOffset === 0 ? 1 : 0;
    if (what === 'void' || what === 'fwd' || isComposite(what) || isAnyEnum(what)) return 1;
    if (what === 'array') {
      [a, b] = [element(a), element(b)];
    } else if (what === 'ptr') {
      [a, b] = [behind(a), behind(b)];
    } else if (what === 'func_proto') {
      const match = parametersAreCompatible(a, b, comparison, level);
      if (match <= 0) return match;
      [a, b] = [behind(a), behind(b)];
    } else {
      return unexpected(a, b, comparison);
    }
  }
  return -ERRNO.EINVAL;
}

function namesMatch(local: string, target: string): boolean {
  return essentialName(local) === essentialName(target);
}

/** @see bpf_core_enums_match() in libbpf's relo_core.c */
function enumsMatch(local: TypeAt, target: TypeAt): number {
  const names = ({ btf, id }: TypeAt) => allEnumerators(btf, id).map(({ name }) => essentialName(name));
  if (size(local) !== size(target)) return 0;
  const [own, theirs] = [names(local), names(target)];
  if (own.length > theirs.length) return 0;
  const known = new Set(theirs);
  return own.every((name) => known.has(name)) ? 1 : 0;
}

/** The position of a comparison in the types. */
interface Depth {
  comparison: Comparison;
  /** Remaining levels. */
  level: number;
  behindPointer: boolean;
}

const deeper = (depth: Depth): Depth => ({ ...depth, level: depth.level - 1 });

/** Searches members of the target for one with the same name and a matching type. */
function memberMatches(
  wanted: Member,
  members: readonly Member[],
  { local, target }: Record<'local' | 'target', Btf>,
  depth: Depth,
): number {
  for (const { name, type } of members) {
    if (--depth.comparison.left < 0) return -ERRNO.EINVAL;
    if (!namesMatch(wanted.name, name)) continue;
    const match = matchAt({ btf: local, id: wanted.type }, { btf: target, id: type }, deeper(depth));
    if (match !== 0) return match;
  }
  return 0;
}

/** @see bpf_core_composites_match() in libbpf's relo_core.c */
function compositesMatch(local: TypeAt, target: TypeAt, depth: Depth): number {
  const [own, theirs] = [allMembers(local.btf, local.id), allMembers(target.btf, target.id)];
  if (own.length > theirs.length) return 0;
  for (const wanted of own) {
    const match = memberMatches(wanted, theirs, { local: local.btf, target: target.btf }, depth);
    if (match <= 0) return match;
  }
  return 1;
}

/** Compares a forward declaration with another one or, behind a pointer, with the declared type. */
function announcedMatches(local: TypeAt, target: TypeAt, behindPointer: boolean): number {
  const [isUnion, targetKind] = [flag(local), kind(target)];
  if (targetKind === 'fwd') return isUnion === flag(target) ? 1 : 0;
  return behindPointer && targetKind === (isUnion ? 'union' : 'struct') ? 1 : 0;
}

function compositeBehindPointer(local: TypeAt, target: TypeAt): number {
  if (kind(local) === kind(target)) return 1;
  return kind(target) === 'fwd' && (kind(local) === 'union') === flag(target) ? 1 : 0;
}

function parametersMatch(local: TypeAt, target: TypeAt, depth: Depth): number {
  const [own, theirs] = [parameters(local), parameters(target)];
  if (kind(local) !== kind(target) || own.length !== theirs.length) return 0;
  for (const [index, id] of own.entries()) {
    const match = matchAt({ btf: local.btf, id }, { btf: target.btf, id: theirs[index] ?? 0 }, deeper(depth));
    if (match <= 0) return match;
  }
  return 1;
}

function integersMatch(local: TypeAt, target: TypeAt): number {
  const sign = (type: TypeAt) => integer(type).encoding & SIGNED;
  return kind(local) === kind(target) && size(local) === size(target) && sign(local) === sign(target) ? 1 : 0;
}

function matchAt(local: TypeAt, target: TypeAt, depth: Depth): number {
  const { comparison } = depth;
  if (depth.level <= 0) return -ERRNO.EINVAL;
  let [a, b, behindPointer] = [local, target, depth.behindPointer];
  for (let chain = 0; chain < MAX_CHAIN; chain++) {
    if (--comparison.left < 0) return -ERRNO.EINVAL;
    [a, b] = [resolved(a), resolved(b)];
    if (!namesMatch(nameOf(a.btf, a.id), nameOf(b.btf, b.id))) return 0;
    const what = kind(a);
    if (what === 'void') return kind(b) === 'void' ? 1 : 0;
    if (what === 'fwd') return announcedMatches(a, b, behindPointer);
    if (isAnyEnum(what)) return isAnyEnum(kind(b)) ? enumsMatch(a, b) : 0;
    if (what === 'int') return integersMatch(a, b);
    if (isComposite(what)) {
      if (behindPointer) return compositeBehindPointer(a, b);
      return what === kind(b) ? compositesMatch(a, b, depth) : 0;
    }
    if (what === 'ptr') {
      if (kind(b) !== 'ptr') return 0;
      behindPointer = true;
      [a, b] = [behind(a), behind(b)];
    } else if (what === 'array') {
      if (length(a) !== length(b)) return 0;
      [a, b] = [element(a), element(b)];
    } else if (what === 'func_proto') {
      const match = parametersMatch(a, b, { ...depth, behindPointer });
      if (match <= 0) return match;
      [a, b] = [behind(a), behind(b)];
    } else {
      return unexpected(a, b, comparison);
    }
  }
  return -ERRNO.EINVAL;
}

/**
 * Checks that the target has every member, enumerator and parameter of the local type with a matching type. Returns 1 if so, 0 if not, or a
 * negative error.
 * @see __bpf_core_types_match() in libbpf's relo_core.c
 */
export function typesMatch(local: TypeAt, target: TypeAt, comparison: Comparison): number {
  return matchAt(local, target, { comparison, level: MAX_LEVEL, behindPointer: false });
}
