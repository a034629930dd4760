// Matches a local spec with a candidate of the kernel, and finds the path through the candidate.
import { type Btf, kindOf, nameOf, type TypeAt } from '../bpf/btf/btf.ts';
import { arrayOf, elementType, enumeratorOf, integerOf, isAnyEnum, isComposite, memberOf, resolveType, sizeOf } from '../bpf/btf/types.ts';
import { essentialName } from '../bpf/btf/essential-name.ts';
import { addBits, classOf, type CoreSpec, elementBits, isFlexible, MAX_SPEC } from '../bpf/core-spec/spec.ts';
import { kindsAreCompatible } from './candidates.ts';
import { DEFAULT_LOADER, type Loader } from './loader.ts';
import { ERRNO } from './log.ts';
import { type Comparison, typesAreCompatible, typesMatch } from './match-type.ts';

/** 1: it matches. 0: it does not. Negative: the error that ends the load. */
export type Match = number;

/** Maximum dimensions of an array. More dimensions are a cycle in damaged BTF. */
const MAX_DIMENSIONS = 1024;

function namesAgree(local: string, target: string, { mixesEnums }: Loader): boolean {
  return (mixesEnums && (local === '' || target === '')) || essentialName(local) === essentialName(target);
}

/**
 * Whether the field that is searched is compatible with a field of the kernel.
 * @see bpf_core_fields_are_compat() in libbpf's relo_core.c
 */
function fieldsAreCompatible({ local, type, spec: { btf: target }, loader }: MemberSearch, targetType: number): Match {
  let [localId, targetId] = [type, targetType];
  for (let dimension = 0; dimension < MAX_DIMENSIONS; dimension++) {
    localId = resolveType(local, localId);
    targetId = resolveType(target, targetId);
    const [kind, targetKind] = [kindOf(local, localId), kindOf(target, targetId)];
    if (isComposite(kind) && isComposite(targetKind)) return 1;
    if (!kindsAreCompatible(kind, targetKind)) return 0;
    if (kind === 'ptr' || kind === 'float') return 1;
    if (kind === 'fwd' || isAnyEnum(kind)) return namesAgree(nameOf(local, localId), nameOf(target, targetId), loader) ? 1 : 0;
    // Integers that begin within a byte are bitfields in the oldest form of BTF.
    if (kind === 'int') return integerOf(local, localId).bitOffset === 0 && integerOf(target, targetId).bitOffset === 0 ? 1 : 0;
    if (kind !== 'array') return 0;
    localId = elementType(local, localId);
    targetId = elementType(target, targetId);
  }
  return -ERRNO.EINVAL;
}

/** The search for one member of the local type; `next` is the type of the member that was found. */
interface MemberSearch {
  local: Btf;
  name: string;
  type: number;
  spec: CoreSpec;
  next: number;
  comparison: Comparison;
  loader: Loader;
}

/**
 * Searches a member in a struct or union and in its anonymous members. An incompatible member with the name ends the search if it is in the
 * struct itself. In an anonymous member it ends only the search there; in libbpf its path and offset remain.
 * @see bpf_core_match_member() in libbpf's relo_core.c
 */
function matchMember(search: MemberSearch, type: number): Match {
  const { spec } = search;
  const id = resolveType(spec.btf, type);
  for (let index = 0, member = memberOf(spec.btf, id, 0); member; member = memberOf(spec.btf, id, ++index)) {
    if (--search.comparison.left < 0) return -ERRNO.EINVAL;
    if (search.loader.limitsDepth && spec.raw.length === MAX_SPEC) return -ERRNO.E2BIG;
    spec.bitOffset = addBits(spec.bitOffset, member.bitOffset);
    spec.raw.push(index);
    if (member.name === '') {
      const found = matchMember(search, member.type);
      if (found !== 0) return found;
    } else if (member.name === search.name) {
      spec.accessors.push({ type: id, index, name: member.name });
      search.next = member.type;
      const found = fieldsAreCompatible(search, member.type);
      if (found !== 0) return found;
      spec.accessors.pop();
      if (search.loader.keepsWrongOffset) return 0;
      spec.bitOffset = addBits(spec.bitOffset, -member.bitOffset);
      spec.raw.pop();
      return 0;
    }
    spec.bitOffset = addBits(spec.bitOffset, -member.bitOffset);
    spec.raw.pop();
  }
  return 0;
}

interface IndexSearch {
  index: number;
  isRoot: boolean;
  type: number;
}

/** Follows an index into the current array. The first index applies to the root type. */
function matchIndex(spec: CoreSpec, { index, isRoot, type }: IndexSearch, { arrayDimensions }: Loader): { match: Match; next: number } {
  let id = type;
  if (!isRoot) {
    const array = arrayOf(spec.btf, id);
    if (!array) return { match: 0, next: id };
    if (!isFlexible(spec.btf, spec.accessors.at(-1), array.length) && index >= array.length) return { match: 0, next: id };
    id = resolveType(spec.btf, array.element);
  }
  if (spec.raw.length === MAX_SPEC) return { match: -ERRNO.E2BIG, next: id };
  spec.accessors.push({ type: id, index, name: null });
  spec.raw.push(index);
  const size = sizeOf(spec.btf, id, arrayDimensions);
  if (size === null) return { match: -ERRNO.EINVAL, next: id };
  spec.bitOffset = addBits(spec.bitOffset, elementBits(index, size));
  return { match: 1, next: id };
}

function matchField(local: CoreSpec, spec: CoreSpec, comparison: Comparison, loader: Loader): Match {
  let id = spec.rootId;
  for (const [at, accessor] of local.accessors.entries()) {
    id = resolveType(spec.btf, id);
    if (accessor.name === null) {
      const { match, next } = matchIndex(spec, { index: accessor.index, isRoot: at === 0, type: id }, loader);
      if (match !== 1) return match;
      id = next;
      continue;
    }
    const type = memberOf(local.btf, accessor.type, accessor.index)?.type ?? 0;
    const search: MemberSearch = { local: local.btf, name: accessor.name, type, spec, next: id, comparison, loader };
    const match = matchMember(search, id);
    if (match !== 1) return match;
    id = search.next;
  }
  return 1;
}

function matchEnumerator(local: CoreSpec, spec: CoreSpec): Match {
  const id = resolveType(spec.btf, spec.rootId);
  const wanted = essentialName(local.accessors[0]?.name ?? '');
  for (let index = 0, enumerator = enumeratorOf(spec.btf, id, 0); enumerator; enumerator = enumeratorOf(spec.btf, id, ++index)) {
    if (essentialName(enumerator.name) !== wanted) continue;
    spec.accessors.push({ type: id, index, name: enumerator.name });
    spec.raw.push(index);
    return 1;
  }
  return 0;
}

/**
 * Matches a candidate. `spec` is the path through it, incomplete if it does not match.
 * @see bpf_core_spec_match() in libbpf's relo_core.c
 */
export function matchSpec(
  local: CoreSpec,
  { btf, id }: TypeAt,
  comparison: Comparison,
  loader: Loader = DEFAULT_LOADER,
): { match: Match; spec: CoreSpec } {
  const spec: CoreSpec = { btf, kind: local.kind, rootId: id, accessors: [], raw: [], bitOffset: 0 };
  switch (classOf(local.kind)) {
    case 'field':
      return { match: matchField(local, spec, comparison, loader), spec };
    case 'enumerator':
      return { match: matchEnumerator(local, spec), spec };
    case 'type': {
      const compare = local.kind === 'type_matches' ? typesMatch : typesAreCompatible;
      return { match: compare({ btf: local.btf, id: local.rootId }, { btf, id }, comparison), spec };
    }
  }
}
