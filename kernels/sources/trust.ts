// Who vouches for a kernel: the start of the chain of digests that leads to its bytes.
import { InfraError } from '../../harness/base/errors.ts';

export type Trust =
  /** A signature that was verified with a key that this machine trusts. */
  | { kind: 'signed' }
  /** An entry of the lock file. */
  | { kind: 'pinned' }
  /** A file of the user. */
  | { kind: 'own' }
  | { kind: 'unverified'; reason: string };

/**
 * Checks that a kernel or a part of one may be used. Every source calls it before a download, and `pullKernel` before a kernel may boot.
 * @param what its name in the error
 * @throws InfraError if nothing vouches for it and `unverified` is `refuse`
 */
export function checkTrust(trust: Trust, what: string, unverified: 'accept' | 'refuse' = 'accept'): void {
  if (trust.kind === 'unverified' && unverified === 'refuse') throw new InfraError(`${what} is not verified: ${trust.reason}`);
}
