// Who vouches for a kernel: where the chain of digests that leads to its bytes ends.
import { InfraError } from '../../harness/base/errors.ts';

export type Trust =
  /** A signature that was verified with a key this machine trusts. */
  | { kind: 'signed' }
  /** An entry of the lock file. */
  | { kind: 'pinned' }
  /** A file of the user's own. */
  | { kind: 'own' }
  | { kind: 'unverified'; reason: string };

/**
 * Lets a kernel or a part of one through. Every source calls it before it downloads, and `pullKernel` before a kernel may boot.
 * @param what names it in the error
 * @throws InfraError when nothing vouches for it and `unverified` is `refuse`
 */
export function checkTrust(trust: Trust, what: string, unverified: 'accept' | 'refuse' = 'accept'): void {
  if (trust.kind === 'unverified' && unverified === 'refuse') throw new InfraError(`${what} is not verified: ${trust.reason}`);
}
