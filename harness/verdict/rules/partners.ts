// The words for a struct_ops program that does not load only because another program of its map fails.

const OF_PARTNER = / \(in program \S+ of the same struct_ops map\)$/;

/** The reason of a struct_ops program that loads only together with a program that fails. */
export function partnerReason(reason: string, program: string): string {
  return `${reason} (in program ${program} of the same struct_ops map)`;
}

/** A reason without the words about another program, so that one cause has one fingerprint. */
export function withoutPartner(reason: string): string {
  return reason.replace(OF_PARTNER, '');
}
