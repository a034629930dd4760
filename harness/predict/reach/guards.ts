// Finds the guards of a program: checks that, with another result, would let the verifier reach code that the kernel cannot run.
import type { RelocationFacts } from '../../logs/libbpf/facts.ts';
import { INSN_BYTES, type ObjectFunction } from '../../bpf/object/functions.ts';
import type { BpfObject, BpfProgram } from '../../bpf/object/object.ts';
import type { RelocationKind } from '../../base/vocabulary.ts';
import { readAttempt } from '../../verdict/evidence/attempt.ts';
import type { KernelTypes } from '../../core-relo/candidates.ts';
import type { Code } from '../../core-relo/patch.ts';
import { type ReachInput, reachOf } from './reach.ts';
import { reachInputOf } from './input.ts';
import { predictLoad } from '../../core-relo/relocate.ts';
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

function loadedAlone(object: BpfObject, kernel: KernelTypes, program: BpfProgram): Loaded | null {
  const load = predictLoad(object, kernel, program.name);
  if (load.errno !== 0) return null;
  const { log } = readAttempt({ program: program.name, reached: 'done', errno: 0, openMs: 0, loadMs: 0, log: load.log });
  const owners = new Map([...load.code.keys()].map((owner) => [owner.name, owner]));
  const refOf = ({ program: owner, index }: RelocationFacts) =>
    object.relocations.findIndex((each) => each.program === owner && each.index === index);
  const checks = log.relocations.flatMap((facts): Check[] => {
    const [owner, ref] = [owners.get(facts.program), refOf(facts)];
    const kind = object.relocations[ref]?.kind;
    if (!owner || !kind || !CHECKS.has(kind) || facts.patch === null || facts.patch.form === 'LDX') return [];
    return [{ ref, value: facts.patch.to, owner, insn: facts.patch.insn }];
  });
  const input = reachInputOf(object, load, knownHelpers(kernel));
  const poisons = new Map(log.relocations.flatMap((facts) => facts.poisoned.map((insn) => [placeKey(facts.program, insn), refOf(facts)])));
  return { program, input, checks: checks.slice(0, MAX_CHECKS), poisons };
}

/** Returns the code with inverted checks: 0 becomes 1, everything else 0. */
function withInverted(code: ReachInput['code'], checks: readonly Check[]): ReachInput['code'] {
  const changed = new Map(code);
  for (const { owner, insn, value } of checks) {
    const known: Code | undefined = changed.get(owner);
    if (!known) continue;
    const { view, littleEndian } = known;
    const bytes = Uint8Array.from(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
    const copy = new DataView(bytes.buffer);
    if ((insn + 1) * INSN_BYTES <= copy.byteLength) copy.setInt32(insn * INSN_BYTES + 4, value === '0' ? 1 : 0, littleEndian);
    changed.set(owner, { view: copy, littleEndian });
  }
  return changed;
}

/** Positions of the poisoned relocations that the verifier reaches if these checks are inverted. */
function reached({ program, input, poisons }: Loaded, checks: readonly Check[]): ReadonlySet<number> {
  const { hits } = reachOf(program, { ...input, code: withInverted(input.code, checks) });
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
    if ([...wanted].every((ref) => found.has(ref)) && checks.length > 1) break;
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
  const inSubprogram = object.subprograms.some(({ name }) => [...wanted].some((ref) => object.relocations[ref]?.program === name));
  for (const program of object.programs) {
    const owns = [...wanted].some((ref) => object.relocations[ref]?.program === program.name);
    const loaded = owns || inSubprogram ? loadedAlone(object, kernel, program) : null;
    if (!loaded || loaded.checks.length === 0) continue;
    for (const [ref, guards] of guardsIn(loaded, wanted, accessOf)) if (!all.has(ref)) all.set(ref, guards);
  }
  return all;
}
