// Finds the poisoned relocation that the verifier reached: maps an instruction of the final program to a relocation of a subprogram.
import type { LoaderLog, RelocationFacts } from '../../logs/loader-log.ts';
import type { VerifierLog } from '../../logs/verifier/parse.ts';

/** An instruction of a program or of a subprogram in it. */
interface Place {
  program: string;
  insn: number;
}

/**
 * Finds the (sub)program and instruction from which an instruction of a final program comes. libbpf appends the called subprograms to
 * the program and prints their offsets.
 */
export function placeOf(log: LoaderLog, program: string, insn: number): Place {
  for (const [name, { insns, offset }] of log.layouts.get(program) ?? []) {
    if (offset !== null && insn >= offset && insn < offset + insns) return { program: name, insn: insn - offset };
  }
  return { program, insn };
}

/** Names of the program and of the subprograms that are loaded with it. */
export function partsOf(log: LoaderLog, program: string): string[] {
  return [program, ...(log.layouts.get(program)?.keys() ?? [])];
}

/** The verifier log cuts a spec to 256 characters. */
function sameSpec(facts: RelocationFacts, named: { spec: string; cut: boolean }): boolean {
  return named.cut ? facts.spec?.startsWith(named.spec) === true : facts.spec === named.spec;
}

/**
 * Finds the poisoned relocation for which the verifier rejected a program: by the instruction, otherwise by the spec that libbpf wrote
 * into the log. Null if the verifier had another reason, or if no relocation matches.
 */
export function reachedPoison(log: LoaderLog, program: string, verifier: VerifierLog): RelocationFacts | null {
  if (verifier.cause.type !== 'core-relocation') return null;
  const poisoned = log.relocations.filter((facts) => facts.poisoned.length > 0);
  if (verifier.insn !== null) {
    const place = placeOf(log, program, verifier.insn);
    const found = poisoned.find((facts) => facts.program === place.program && facts.poisoned.includes(place.insn));
    if (found) return found;
  }
  const named = verifier.cause.relocation;
  if (!named) return null;
  const parts = new Set(partsOf(log, program));
  return poisoned.find((facts) => parts.has(facts.program) && sameSpec(facts, named)) ?? null;
}

/**
 * The verifier's log, with a relocation as the cause if it stopped at an instruction that the loader made invalid. Not every loader writes
 * an instruction whose message is about a relocation: for a load of 64 bits, cilium/ebpf writes one to the frame pointer.
 */
export function withPoisonAsCause(log: LoaderLog, program: string, verifier: VerifierLog): VerifierLog {
  if (verifier.insn === null) return verifier;
  const place = placeOf(log, program, verifier.insn);
  const isPoisoned = log.relocations.some((facts) => facts.program === place.program && facts.poisoned.includes(place.insn));
  return isPoisoned ? { ...verifier, cause: { type: 'core-relocation', relocation: null } } : verifier;
}
