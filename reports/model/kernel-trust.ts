// Who vouches for the kernels of a run, in words.
import { kernelNames } from '../../harness/results/kernel-names.ts';
import type { KernelResult, Results } from '../../harness/results/schema.ts';

type KernelTrust = NonNullable<KernelResult['trust']>;

/** What was verified, and by which key, as one line; null for results of older versions and kernels that were not pulled. */
export function trustText(trust: KernelTrust | undefined): string | null {
  if (trust === undefined) return null;
  if (trust.kind === 'signed') {
    if (trust.expired === undefined) return `verified: index, signed with the key ${trust.key}`;
    return `signed with the key ${trust.key}, but old: the index expired on ${trust.expired}, so the mirror may lack newer kernels`;
  }
  if (trust.kind === 'pinned') return 'verified: digest in the lock file';
  if (trust.kind === 'own') return 'not verified: a file of the user';
  return `NOT VERIFIED: ${trust.mirror}, accepted by the user (${trust.reason})`;
}

/** The kernels for which the same one vouches. */
export interface TrustGroup {
  text: string;
  kind: KernelTrust['kind'];
  kernels: string[];
}

/** Kernels by who vouches for them, in the order of the matrix. */
export function trustGroups(results: Results): TrustGroup[] {
  const names = kernelNames(results.kernels);
  const groups = new Map<string, TrustGroup>();
  for (const { id, trust } of results.kernels) {
    const text = trustText(trust);
    if (trust === undefined || text === null) continue;
    const group = groups.get(text) ?? { text, kind: trust.kind, kernels: [] };
    groups.set(text, { ...group, kernels: [...group.kernels, names.get(id) ?? id] });
  }
  return [...groups.values()];
}
