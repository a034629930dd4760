// Changes of the verifier that decide on which kernels a rejected program loads, as data. A test checks them on real kernels.

export interface VerifierChange {
  /** The upstream release with the change; distributions may have it earlier. */
  release: string;
  /** Series of the last kernel that rejects such a program and of the first that accepts it, as seen in guests. */
  witness: readonly [last: string, first: string];
  text: string;
}

/**
 * An element of an array always exists, so a lookup with a key that the verifier knows cannot fail.
 * @see can_elide_value_nullness() in kernel/bpf/verifier.c
 */
export const LOOKUP_NOT_NULL = {
  release: '6.14',
  witness: ['6.12', '6.16'],
  text: 'bpf_map_lookup_elem() on an array or per-CPU array map does not return null for a constant key that the verifier can read and that is below max_entries',
} as const satisfies VerifierChange;

/** One sentence about a change for an explanation. */
export function describeChange({ release, witness: [last, first], text }: VerifierChange): string {
  return `Since Linux ${release}, ${text} (${last} rejects such a program, ${first} accepts it).`;
}
