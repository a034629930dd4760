// Which poisoned relocation the verifier came to: from an instruction of the final program back to a subprogram's relocation.
import type { LibbpfLog, RelocationFacts } from '../../logs/libbpf/facts.ts';
import type { VerifierLog } from '../../logs/verifier/parse.ts';

/** An instruction of a program or of a subprogram in it. */
interface Place {
  program: string;
  insn: number;
}

/**
 * Where an instruction of a final program comes from. libbpf appends every subprogram a program calls behind the program's own
 * instructions and prints where.
 */
export function placeOf(log: LibbpfLog, program: string, insn: number): Place {
  for (const [name, { insns, offset }] of log.layouts.get(program) ?? []) {
    if (offset !== null && insn >= offset && insn < offset + insns) return { program: name, insn: insn - offset };
  }
  return { program, insn };
}

/** Programs and subprograms a load of this program consists of. */
export function partsOf(log: LibbpfLog, program: string): string[] {
  return [program, ...(log.layouts.get(program)?.keys() ?? [])];
}

/** A spec may be cut to 256 characters where the verifier's log names it. */
function sameSpec(facts: RelocationFacts, named: { spec: string; cut: boolean }): boolean {
  return named.cut ? facts.spec?.startsWith(named.spec) === true : facts.spec === named.spec;
}

/**
 * The poisoned relocation a rejected program was rejected for: by the instruction, else by the spec libbpf wrote into the log. Null when
 * the verifier rejected for another reason or nothing fits.
 */
export function reachedPoison(log: LibbpfLog, program: string, verifier: VerifierLog): RelocationFacts | null {
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
