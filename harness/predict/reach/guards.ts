// Finds the guards of a program: checks that, with another result, would let the verifier reach code that the kernel cannot run.
import type { RelocationFacts } from '../../logs/loader-log.ts';
import { INSN_BYTES, type ObjectFunction } from '../../bpf/object/functions.ts';
import type { BpfObject, BpfProgram } from '../../bpf/object/object.ts';
import { refOf } from '../../bpf/object/places.ts';
import type { RelocationKind } from '../../base/vocabulary.ts';
import { readAttempt } from '../../verdict/evidence/attempt.ts';
import type { KernelTypes } from '../../core-relo/candidates.ts';
import { type Code, copyOf, withChanged } from '../../core-relo/code.ts';
import { DEFAULT_LOADER } from '../../core-relo/loader.ts';
import { type ReachInput, reachOf } from './reach.ts';
import { type ObjectReach, objectReach } from './input.ts';
import { type LoadPredictor, loadPredictor } from '../../core-relo/relocate.ts';
import { knownHelpers } from '../../kernel-btf/enumerators.ts';

/** A check and its value on this kernel. */
export interface GuardingCheck {
  /** Position in the object's relocations. */
  ref: number;
  value: string;
}

/** Kinds of relocations that a program uses as checks. */
const CHECKS: ReadonlySet<RelocationKind> = new Set([
  'field_exists',
  'type_exists',
  'enumval_exists',
  'type_matches',
  'type_size',
  'target_type_id',
]);
/** Programs with more checks are not tried with pairs of checks. */
const MAX_FOR_PAIRS = 16;
const MAX_CHECKS = 256;

interface Check extends GuardingCheck {
  owner: ObjectFunction;
  insn: number;
}

interface Loaded {
  program: BpfProgram;
  input: ReachInput;
  checks: Check[];
  /** Positions of the poisoned relocations in the object, keyed by (sub)program and instruction. */
  poisons: ReadonlyMap<string, number>;
}

const placeKey = (owner: string, insn: number) => `${insn} ${owner}`;

/** What the loads of an object's programs have in common. */
interface Prepared {
  object: BpfObject;
  load: LoadPredictor;
  reach: ObjectReach;
  /** Keyed by name; the last of a name counts. */
  owners: ReadonlyMap<string, ObjectFunction>;
}

function prepare(object: BpfObject, kernel: KernelTypes): Prepared {
  const functions: readonly ObjectFunction[] = [...object.programs, ...object.subprograms];
  return {
    object,
    load: loadPredictor(object, kernel, DEFAULT_LOADER),
    reach: objectReach(object, {
      helpers: knownHelpers(kernel),
      refused: new Map(),
      isMissingCertain: false,
      missingVariables: new Set(),
      kconfig: () => null,
    }),
    owners: new Map(functions.map((owner) => [owner.name, owner])),
  };
}

function loadedAlone({ object, load: loadOf, reach, owners }: Prepared, program: BpfProgram): Loaded | null {
  const load = loadOf(program.name, 'omit');
  if (load.errno !== 0) return null;
  const { log } = readAttempt({ program: program.name, reached: 'done', errno: 0, openMs: 0, loadMs: 0, log: load.log }, object);
  const position = (facts: RelocationFacts) => refOf(object.relocations, facts) ?? -1;
  const checks = log.relocations.flatMap((facts): Check[] => {
    const [owner, ref] = [owners.get(facts.program), position(facts)];
    const kind = object.relocations[ref]?.kind;
    if (!owner || !kind || !CHECKS.has(kind) || facts.patch === null || facts.patch.form === 'LDX') return [];
    return [{ ref, value: facts.patch.to, owner, insn: facts.patch.insn }];
  });
  const poisons = new Map(
    log.relocations.flatMap((facts) => facts.poisoned.map((insn) => [placeKey(facts.program, insn), position(facts)])),
  );
  return { program, input: reach.inputOf(load), checks: checks.slice(0, MAX_CHECKS), poisons };
}

/** Returns the code with inverted checks: 0 becomes 1, everything else 0. */
function withInverted(codeOf: ReachInput['codeOf'], checks: readonly Check[]): ReachInput['codeOf'] {
  const changed = new Map<ObjectFunction, Code>();
  for (const { owner, insn, value } of checks) {
    const code = changed.get(owner) ?? copyOf(codeOf(owner));
    const isInCode = (insn + 1) * INSN_BYTES <= code.view.byteLength;
    if (isInCode) code.view.setInt32(insn * INSN_BYTES + 4, value === '0' ? 1 : 0, code.littleEndian);
    changed.set(owner, code);
  }
  return withChanged(codeOf, changed);
}

/** Positions of the poisoned relocations that the verifier reaches if these checks are inverted. */
function reached({ program, input, poisons }: Loaded, checks: readonly Check[]): ReadonlySet<number> {
  const { hits } = reachOf(program, { ...input, codeOf: withInverted(input.codeOf, checks) });
  return new Set(hits.flatMap(({ owner, insn }) => poisons.get(placeKey(owner.name, insn)) ?? []));
}

/** Yields each check alone, then each pair, then all checks with the value 0. */
function* combinations(checks: readonly Check[]): Generator<readonly Check[]> {
  for (const check of checks) yield [check];
  if (checks.length <= MAX_FOR_PAIRS)
    for (const [at, one] of checks.entries()) for (const other of checks.slice(at + 1)) yield [one, other];
  yield checks.filter(({ value }) => value === '0');
}

function guardsIn(loaded: Loaded, wanted: ReadonlySet<number>, accessOf: (ref: number) => string): Map<number, GuardingCheck[]> {
  const found = new Map<number, readonly Check[]>();
  const own = (ref: number, checks: readonly Check[]) => checks.length === 1 && accessOf(checks[0]?.ref ?? -1) === accessOf(ref);
  for (const checks of combinations(loaded.checks)) {
    if (checks.length > 1 && found.size === wanted.size) break;
    for (const ref of reached(loaded, checks)) {
      if (!wanted.has(ref)) continue;
      // A check of the same access counts before any other.
      if (!found.has(ref) || (!own(ref, found.get(ref) ?? []) && own(ref, checks))) found.set(ref, checks);
    }
  }
  return new Map([...found].map(([ref, checks]) => [ref, checks.map(({ ref: check, value }) => ({ ref: check, value }))]));
}

/**
 * Finds the checks that guard poisoned relocations, keyed by the position of the relocation in the object. Relocations that no tried
 * combination of checks reaches are left out.
 * @param wanted positions of poisoned relocations that the verifier does not reach
 */
export function guardsOf(object: BpfObject, kernel: KernelTypes, wanted: ReadonlySet<number>): Map<number, GuardingCheck[]> {
  const accessOf = (ref: number) => object.relocations[ref]?.access ?? '';
  const all = new Map<number, GuardingCheck[]>();
  const owning = new Set([...wanted].map((ref) => object.relocations[ref]?.program));
  const inSubprogram = object.subprograms.some(({ name }) => owning.has(name));
  const prepared = prepare(object, kernel);
  for (const program of object.programs) {
    const loaded = inSubprogram || owning.has(program.name) ? loadedAlone(prepared, program) : null;
    if (!loaded || loaded.checks.length === 0) continue;
    for (const [ref, guards] of guardsIn(loaded, wanted, accessOf)) if (!all.has(ref)) all.set(ref, guards);
  }
  return all;
}
