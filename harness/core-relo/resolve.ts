// Resolves one relocation on one kernel: matches the candidates, computes both values, and decides how to patch the instruction.
import { type Btf, kindOf, nameOf, type TypeAt, vlenOf } from '../bpf/btf/btf.ts';
import { arrayOf, memberOf, resolveType } from '../bpf/btf/types.ts';
import type { CoreRelo } from '../bpf/btf/ext.ts';
import { type CoreSpec, formatSpec, formatType, type ParsedSpec, parseLocalSpec } from '../bpf/core-spec/spec.ts';
import { RELOCATION_KINDS } from '../base/vocabulary.ts';
import { findCandidates, type KernelModule, type KernelTypes } from './candidates.ts';
import { DEFAULT_LOADER, type Loader } from './loader.ts';
import { ERRNO, type PredictedLog, say } from './log.ts';
import { matchSpec } from './match.ts';
import { newComparison } from './match-type.ts';
import { isQuestion, missingValue, type ValueError, valueOf } from './value.ts';

/** How to patch an instruction. */
export interface Resolution {
  poison: boolean;
  original: bigint;
  target: bigint;
  /** True if the compiled instruction must contain `original`. */
  validate: boolean;
  /** Width of a load or store in bytes, as compiled and on this kernel; equal if nothing changes. */
  originalSize: number;
  targetSize: number;
  /** What happens to a load or store that would give a wrong value with another width. */
  unfitAccess: 'poison' | 'error' | null;
}

/** A resolution, or the positive error number of the load. */
export type Resolved = Resolution | number;

/** Common state of the relocations of one load. */
export interface LoadContext {
  local: Btf;
  kernel: KernelTypes;
  log: PredictedLog;
  /** Keyed by local type. After each relocation, a list keeps only the candidates that matched. */
  candidates: Map<number, TypeAt[]>;
  /** Default: libbpf 1.7. */
  loader?: Loader;
  /** Returns all relocations in the function of a relocation. */
  siblings?: (relo: NumberedRelo) => readonly NumberedRelo[];
  /** Returns the modules with the targets of the programs that a relocation belongs to. Default: none. */
  targetModules?: (relo: NumberedRelo) => readonly KernelModule[];
}

/** A relocation, and its name in libbpf's messages. */
export interface NumberedRelo {
  record: CoreRelo;
  index: number;
  /** The program or subprogram. */
  program: string;
}

/** A relocation while it is resolved. */
interface Decision {
  relo: NumberedRelo;
  spec: CoreSpec;
  log: PredictedLog;
  loader: Loader;
}

const POISON: Resolution = { poison: true, original: 0n, target: 0n, validate: false, originalSize: 0, targetSize: 0, unfitAccess: null };

/** Prints libbpf's warning about an error on one side, and returns its number. */
function failWith({ errno, warning }: ValueError, { record, program }: NumberedRelo, log: PredictedLog): number {
  // libbpf prints the number of the kind here, and the index of the instruction in the section.
  if (warning !== null) say(log, 'warn', `prog '${program}': relo ${record.kind} at insn #${record.insnOffset / 8} ${warning}`);
  return errno;
}

const UNFIT = { 'or-poison': 'poison', 'or-error': 'error', never: null } as const satisfies Record<
  Loader['adjustsSize'],
  Resolution['unfitAccess']
>;

/** @see bpf_core_calc_relo() in libbpf's relo_core.c */
function compute({ relo, spec: local, log, loader }: Decision, target: CoreSpec | null): Resolved {
  const { kind } = local;
  const original = valueOf(kind, local, loader);
  if (original.type === 'error') return failWith(original, relo, log);
  const found = target ? valueOf(kind, target, loader) : missingValue(kind, loader);
  if (found === null) return POISON;
  if (found.type === 'error') return target && loader.targetError === 'poison' ? POISON : failWith(found, relo, log);
  const mayDiffer = original.resizable !== null && original.resizable === found.resizable;
  const isUnfit = original.fieldSize !== found.fieldSize && !mayDiffer;
  return {
    poison: false,
    original: original.value,
    target: found.value,
    validate: original.validate && loader.checksCompiled,
    originalSize: original.fieldSize,
    targetSize: loader.adjustsSize === 'never' ? original.fieldSize : found.fieldSize,
    unfitAccess: isUnfit ? UNFIT[loader.adjustsSize] : null,
  };
}

const word = (poison: boolean) => (poison ? 'failure' : 'success');

function leadToSame(a: Resolution, b: Resolution): boolean {
  return a.poison === b.poison && a.target === b.target;
}

/** libbpf's message for two candidates with different results; null if their results are equal. */
function ambiguityOf(spec: CoreSpec, resolution: Resolution, first: { spec: CoreSpec; resolution: Resolution }): string | null {
  if (spec.bitOffset !== first.spec.bitOffset) return `field offset ambiguity: ${spec.bitOffset} != ${first.spec.bitOffset}`;
  const [a, b] = [resolution, first.resolution];
  if (leadToSame(a, b)) return null;
  return `relocation decision ambiguity: ${word(a.poison)} ${a.target} != ${word(b.poison)} ${b.target}`;
}

/**
 * Tries all candidates. Candidates that do not match are removed from the list, unless none matches.
 * @see bpf_core_calc_relo_insn() in libbpf's relo_core.c
 */
function choose(decision: Decision, candidates: TypeAt[]): Resolved {
  const { relo, log, loader } = decision;
  const prefix = `prog '${relo.program}': relo #${relo.index}: `;
  let first: { spec: CoreSpec; resolution: Resolution } | null = null;
  const matching: TypeAt[] = [];
  for (const [number, candidate] of candidates.entries()) {
    const { match, spec } = matchSpec(decision.spec, candidate, newComparison(log), loader);
    if (match < 0) {
      say(log, 'warn', `${prefix}error matching candidate #${number} ${formatSpec(spec)}: ${match}`);
      return -match;
    }
    say(log, 'debug', `${prefix}${match === 0 ? 'non-matching' : 'matching'} candidate #${number} ${formatSpec(spec)}`);
    if (match === 0) continue;
    const resolution = compute(decision, spec);
    if (typeof resolution === 'number') return resolution;
    const ambiguity = first && ambiguityOf(spec, resolution, first);
    if (ambiguity !== null) {
      say(log, 'warn', prefix + ambiguity);
      return ERRNO.EINVAL;
    }
    first ??= { spec, resolution };
    matching.push(candidate);
  }
  if (first) {
    if (loader.candidates === 'prune') candidates.splice(0, candidates.length, ...matching);
    return first.resolution;
  }
  say(log, 'debug', `${prefix}no matching targets found`);
  return compute(decision, null);
}

/** The resolution with one candidate. A candidate that does not match counts as missing. */
function evaluate(decision: Decision, candidate: TypeAt): Resolved {
  const { match, spec } = matchSpec(decision.spec, candidate, newComparison(decision.log), decision.loader);
  return match < 0 ? -match : compute(decision, match === 0 ? null : spec);
}

/** True for a relocation without a target: a poisoned one, or a check that becomes 0. */
function isLacking(spec: CoreSpec, { poison, target }: Resolution): boolean {
  return poison || (isQuestion(spec.kind) && target === 0n);
}

/** Whether an index lies in an array without a length and is not the number of the last member. */
function isBesideLastMember({ btf, accessors }: CoreSpec): boolean {
  return accessors.some(({ name, index }, at) => {
    const through = accessors[at - 1];
    if (name !== null || through === undefined || through.name === null) return false;
    const member = memberOf(btf, through.type, through.index);
    const array = member && arrayOf(btf, resolveType(btf, member.type));
    return array?.length === 0 && index !== vlenOf(btf, through.type) - 1;
  });
}

/** The local side of a relocation. A loader may not support its kind or its index. */
function parseRecord({ typeId, kind: number, access }: CoreRelo, local: Btf, { typeMatches, flexibleIndex }: Loader): ParsedSpec {
  const refused = { ok: false, errno: ERRNO.EINVAL, warning: null } as const;
  const kind = RELOCATION_KINDS[number];
  if (kind === undefined || (!typeMatches && kind === 'type_matches')) return refused;
  const parsed = parseLocalSpec(local, kind, typeId, access);
  return parsed.ok && flexibleIndex === 'last-member' && isBesideLastMember(parsed.spec) ? refused : parsed;
}

/**
 * Chooses the candidate that leaves the fewest relocations of the type in the function without a target. Returns a list with it, or
 * all candidates if each leaves all without a target: then none of them matches. An error if the two best candidates have different results.
 * @see coreCalculateFixups() in cilium/ebpf's btf/core.go
 */
function fewestPoisons(relo: NumberedRelo, candidates: readonly TypeAt[], context: LoadContext): TypeAt[] | number {
  const { local, siblings, log, loader = DEFAULT_LOADER } = context;
  const related = (siblings?.(relo) ?? [relo]).filter(({ record }) => record.typeId === relo.record.typeId);
  const specs = related.flatMap((each) => {
    const parsed = parseRecord(each.record, local, loader);
    return parsed.ok && parsed.spec.kind !== 'local_type_id' ? [{ relo: each, spec: parsed.spec }] : [];
  });
  let best: { candidate: TypeAt; resolutions: Resolution[] } | null = null;
  let fewest = specs.length;
  for (const candidate of candidates) {
    const resolutions: Resolution[] = [];
    for (const each of specs) {
      const resolved = evaluate({ ...each, log: [], loader }, candidate);
      if (typeof resolved === 'number') return resolved;
      resolutions.push(resolved);
    }
    const lacking = specs.filter(({ spec }, index) => isLacking(spec, resolutions[index] ?? POISON)).length;
    if (lacking < fewest) {
      best = { candidate, resolutions };
      fewest = lacking;
    } else if (lacking === fewest && best) {
      const pairs = best.resolutions.map((one, index) => ({ one, other: resolutions[index] ?? POISON }));
      const different = pairs.find(({ one, other }) => !leadToSame(one, other));
      if (!different) continue;
      const { one, other } = different;
      const values = `${word(other.poison)} ${other.target} != ${word(one.poison)} ${one.target}`;
      say(log, 'warn', `prog '${relo.program}': relo #${relo.index}: relocation decision ambiguity: ${values}`);
      return ERRNO.EINVAL;
    }
  }
  return best ? [best.candidate] : [...candidates];
}

/** The candidates for a relocation's type, searched at the first relocation of the type; an error number if the search fails. */
function candidatesFor(relo: NumberedRelo, context: LoadContext): TypeAt[] | number {
  const { local, kernel, log, candidates, targetModules, loader = DEFAULT_LOADER } = context;
  const { typeId } = relo.record;
  const modules = loader.modules === 'of-target' ? (targetModules?.(relo) ?? []) : kernel.modules;
  // Candidates in the module of a target differ from program to program.
  const isShared = loader.modules !== 'of-target' || modules.length === 0;
  const known = isShared ? candidates.get(typeId) : undefined;
  if (known) return known;
  const found = findCandidates({ ...kernel, modules }, { btf: local, id: typeId }, log, loader);
  if (!found) {
    const type = `[${typeId}] ${kindOf(local, typeId)} ${nameOf(local, typeId)}`;
    say(log, 'warn', `prog '${relo.program}': relo #${relo.index}: target candidate search failed for ${type}: -${ERRNO.EINVAL}`);
    return ERRNO.EINVAL;
  }
  if (isShared) candidates.set(typeId, found);
  return found;
}

/**
 * The id of a local type in the BTF that the kernel gets. A loader may give it only the types that relocations name.
 * @see CORERelocate() in cilium/ebpf's btf/core.go, and Builder.Add() in its btf/marshal.go
 */
function localTypeId(relo: NumberedRelo, { siblings, loader = DEFAULT_LOADER }: LoadContext): number {
  if (loader.localTypeIds === 'kept') return relo.record.typeId;
  const named = (siblings?.(relo) ?? [relo]).filter(({ record: { kind } }) => RELOCATION_KINDS[kind] === 'local_type_id');
  return [...new Set(named.map(({ record }) => record.typeId))].indexOf(relo.record.typeId) + 1;
}

/**
 * Resolves a relocation like libbpf, and logs the lines that libbpf prints.
 * @see bpf_core_resolve_relo() in libbpf.c
 */
export function resolveRelo(relo: NumberedRelo, context: LoadContext): Resolved {
  const { record, index, program } = relo;
  const { local, log, loader = DEFAULT_LOADER } = context;
  if (record.typeId >= local.endId) return ERRNO.EINVAL;
  const hasCandidates = RELOCATION_KINDS[record.kind] !== 'local_type_id';
  const candidates = hasCandidates ? candidatesFor(relo, context) : null;
  if (typeof candidates === 'number') return candidates;
  const parsed = parseRecord(record, local, loader);
  if (!parsed.ok) {
    if (parsed.warning !== null) say(log, 'warn', `prog '${program}': ${parsed.warning}`);
    const type = `[${record.typeId}] ${formatType(local, record.typeId)}`;
    say(log, 'warn', `prog '${program}': relo #${index}: parsing ${type} + ${record.access} failed: -${parsed.errno}`);
    return ERRNO.EINVAL;
  }
  say(log, 'debug', `prog '${program}': relo #${index}: ${formatSpec(parsed.spec)}`);
  if (candidates === null) {
    return { ...POISON, poison: false, original: BigInt(record.typeId), target: BigInt(localTypeId(relo, context)) };
  }
  const eligible = loader.candidates === 'fewest-poisons' ? fewestPoisons(relo, candidates, context) : candidates;
  return typeof eligible === 'number' ? eligible : choose({ relo, spec: parsed.spec, log, loader }, eligible);
}
