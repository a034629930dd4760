// Compares whole types: whether they are compatible (type_exists, type_size, target_type_id) or match in all details (type_matches).
import { kindFlag, kindOf, nameOf, type TypeAt, vlenOf } from '../bpf/btf/btf.ts';
import {
  arrayOf,
  enumeratorOf,
  integerOf,
  isAnyEnum,
  memberOf,
  parameterOf,
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
const element = ({ btf, id }: TypeAt): TypeAt => ({ btf, id: arrayOf(btf, id)?.element ?? 0 });
const parameter = ({ btf, id }: TypeAt, index: number): TypeAt => ({ btf, id: parameterOf(btf, id, index)?.type ?? 0 });
const count = ({ btf, id }: TypeAt) => vlenOf(btf, id);
const integer = ({ btf, id }: TypeAt) => integerOf(btf, id);
const size = ({ btf, id }: TypeAt) => sizeField(btf, id);
const flag = ({ btf, id }: TypeAt) => kindFlag(btf, id);

/** Such relocations do not concern functions, variables and floats. */
function unexpected(local: TypeAt, target: TypeAt, { log }: Comparison): number {
  say(log, 'warn', `unexpected kind ${kind(local)} relocated, local [${local.id}], target [${target.id}]`);
  return 0;
}

/**
 * Compares kinds through pointers, arrays and prototypes, without names and sizes. Returns 1 if compatible, 0 if not, or a negative error.
 * @see __bpf_core_types_are_compat() in libbpf's relo_core.c
 */
export function typesAreCompatible(local: TypeAt, target: TypeAt, comparison: Comparison, level = MAX_LEVEL): number {
  if (!kindsAreCompatible(kind(local), kind(target))) return 0;
  let [a, b] = [local, target];
  for (let chain = 0; chain < MAX_CHAIN; chain++) {
    if (--comparison.left < 0) return -ERRNO.EINVAL;
    a = resolved(a);
    b = resolved(b);
    if (!kindsAreCompatible(kind(a), kind(b))) return 0;
    const what = kind(a);
    if (what === 'int') return integer(a).bitOffset === 0 && integer(b).bitOffset === 0 ? 1 : 0;
    if (what === 'ptr') {
      [a, b] = [behind(a), behind(b)];
    } else if (what === 'array') {
      [a, b] = [element(a), element(b)];
    } else if (what === 'func_proto') {
      if (count(a) !== count(b)) return 0;
      for (let index = 0; index < count(a); index++) {
        if (level <= 0) return -ERRNO.EINVAL;
        const match = typesAreCompatible(resolved(parameter(a, index)), resolved(parameter(b, index)), comparison, level - 1);
        if (match <= 0) return match;
      }
      [a, b] = [resolved(behind(a)), resolved(behind(b))];
    } else {
      const isLeaf = what === 'void' || what === 'struct' || what === 'union' || what === 'fwd' || isAnyEnum(what);
      return isLeaf ? 1 : unexpected(a, b, comparison);
    }
  }
  return -ERRNO.EINVAL;
}

function namesMatch(local: string, target: string): boolean {
  return target === '' ? local === '' : essentialName(local) === essentialName(target);
}

/** @see bpf_core_enums_match() in libbpf's relo_core.c */
function enumsMatch(local: TypeAt, target: TypeAt): number {
  if (size(local) !== size(target) || count(local) > count(target)) return 0;
  const names = ({ btf, id }: TypeAt) => Array.from({ length: vlenOf(btf, id) }, (_, index) => enumeratorOf(btf, id, index)?.name ?? '');
  const known = new Set(names(target).map(essentialName));
  return names(local).every((name) => known.has(essentialName(name))) ? 1 : 0;
}

/** The position of a comparison in the types. */
interface Depth {
  comparison: Comparison;
  /** Remaining levels. */
  level: number;
  behindPointer: boolean;
}

const deeper = (depth: Depth): Depth => ({ ...depth, level: depth.level - 1 });

/** Searches the target's members for one with the same name and a matching type. */
function memberMatches(name: string, local: TypeAt, target: TypeAt, depth: Depth): number {
  for (let index = 0; index < count(target); index++) {
    const member = memberOf(target.btf, target.id, index);
    if (--depth.comparison.left < 0) return -ERRNO.EINVAL;
    if (!member || !namesMatch(name, member.name)) continue;
    const match = matchAt(local, { btf: target.btf, id: member.type }, deeper(depth));
    if (match !== 0) return match;
  }
  return 0;
}

/** @see bpf_core_composites_match() in libbpf's relo_core.c */
function compositesMatch(local: TypeAt, target: TypeAt, depth: Depth): number {
  if (count(local) > count(target)) return 0;
  for (let index = 0; index < count(local); index++) {
    const wanted = memberOf(local.btf, local.id, index);
    const match = wanted ? memberMatches(wanted.name, { btf: local.btf, id: wanted.type }, target, depth) : 0;
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
  if (kind(local) !== kind(target) || count(local) !== count(target)) return 0;
  for (let index = 0; index < count(local); index++) {
    const match = matchAt(parameter(local, index), parameter(target, index), deeper(depth));
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
    a = resolved(a);
    b = resolved(b);
    if (!namesMatch(nameOf(a.btf, a.id), nameOf(b.btf, b.id))) return 0;
    const what = kind(a);
    if (what === 'void') return kind(b) === 'void' ? 1 : 0;
    if (what === 'fwd') return announcedMatches(a, b, behindPointer);
    if (isAnyEnum(what)) return isAnyEnum(kind(b)) ? enumsMatch(a, b) : 0;
    if (what === 'int') return integersMatch(a, b);
    if (what === 'struct' || what === 'union') {
      if (behindPointer) return compositeBehindPointer(a, b);
      return what === kind(b) ? compositesMatch(a, b, depth) : 0;
    }
    if (what === 'ptr') {
      if (kind(b) !== 'ptr') return 0;
      behindPointer = true;
      [a, b] = [behind(a), behind(b)];
    } else if (what === 'array') {
      if (arrayOf(a.btf, a.id)?.length !== arrayOf(b.btf, b.id)?.length) return 0;
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
