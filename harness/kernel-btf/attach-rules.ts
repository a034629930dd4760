// The line of an index of symbols that keeps what the image of a kernel lists about functions to which programs may attach.
import { z } from 'zod';
import type { IdSets } from '../../kernels/image/id-sets.ts';
import type { InjectedPlaces } from '../../kernels/image/injected-places.ts';
import type { AttachRules } from '../core-relo/candidates.ts';

/** Sets by which a kernel refuses to attach a program. @see bpf_check_attach_target() in kernel/bpf/verifier.c, kernel/bpf/bpf_lsm.c */
const SETS = [
  'btf_id_deny',
  'noreturn_deny',
  'btf_non_sleepable_error_inject',
  'btf_sleepable_lsm_hooks',
  'sleepable_lsm_hooks',
  'bpf_lsm_disabled_hooks',
] as const;

/** What an image lists about functions to attach to, as a line of JSON. */
export function rulesLine({ injected, sets }: { injected: InjectedPlaces; sets: IdSets | null }): string {
  const named = sets && Object.fromEntries(SETS.flatMap((name) => (sets.plain.has(name) ? [[name, sets.plain.get(name)]] : [])));
  const rules = { errorInjection: typeof injected === 'object' ? 'listed' : injected, sets: named, flagged: sets?.flagged ?? null };
  return JSON.stringify(rules);
}

const RULES = z.strictObject({
  errorInjection: z.enum(['none', 'listed', 'unknown']),
  sets: z.record(z.string(), z.array(z.number())).nullable(),
  flagged: z.array(z.number()).nullable(),
});

/**
 * Reads the line.
 * @throws Error for another form, which the checksum of the file excludes
 */
export function rulesIn(line: string): AttachRules {
  const { errorInjection, sets, flagged } = RULES.parse(JSON.parse(line));
  const idsOf = ([name, ids]: [string, number[]]) => [name, new Set(ids)] as const;
  return { errorInjection, sets: sets && new Map(Object.entries(sets).map(idsOf)), flagged: flagged && new Set(flagged) };
}
