// Decides whether an index may be used: apt's rules, without exceptions that the index itself or a project could claim.
import { mirrorAddress, TRUST_VARIABLE } from '../../trust/mirror-trust.ts';
import type { MirrorTrust, Trust } from '../../trust/trust.ts';
import type { Mirror } from './mirror.ts';
import type { Release } from './release.ts';
import type { Signature } from './signature.ts';

/** An index with everything that the decision depends on. */
export interface IndexClaim {
  mirror: Mirror;
  /** The name of the suite that was asked for. */
  name: string;
  release: Pick<Release, 'origin' | 'suite' | 'codename' | 'date' | 'validUntil'>;
  signature: Signature;
  /** The newest `Date` of a verified index of this suite on this mirror; null if none was seen before. */
  newestSeen: number | null;
}

/**
 * `foreign`: a verified index of another distribution. `refused` has the reason, and what to type to use the index anyway; null if nothing
 * helps.
 */
export type IndexJudgement =
  | { kind: 'trusted'; trust: Trust }
  | { kind: 'foreign' }
  | { kind: 'refused'; reason: string; advice: string | null };

const NAME_A_MIRROR = 'see whether the network asks for a login, or name a Debian mirror: --mirror URL';

const day = (time: number) => new Date(time).toISOString().slice(0, 10);
const seconds = (time: number) => new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');

/** What an index claims wrongly, however it is signed; null if all is well. Its age is not considered here. */
function contentFault({ name, release, newestSeen }: IndexClaim): string | null {
  const { suite, codename, date, validUntil } = release;
  if (suite !== name && codename !== name) return `it is the index of another suite: ${codename || suite || 'it names none'}`;
  if (date === null || Number.isNaN(date)) return 'it has no readable date';
  if (Number.isNaN(validUntil)) return 'it has no readable Valid-Until';
  if (newestSeen !== null && date < newestSeen) {
    return `it is of ${seconds(date)}, older than the one of ${seconds(newestSeen)} that this mirror had before`;
  }
  return null;
}

/** Why a signature does not count; null for a good one. A record of the cache may be signed with a key that only another run was given. */
function signatureFault(signature: Exclude<Signature, { kind: 'bad' }>, keys: MirrorTrust['keys']): string | null {
  if (signature.kind === 'unchecked') return signature.reason;
  const isGiven = signature.keyFile === null || keys.some(({ sha256 }) => sha256 === signature.keyFile);
  return isGiven ? null : `it is signed with the key ${signature.key}, which --mirror-key does not name`;
}

/** What to type to use the indexes of a mirror although they cannot be verified. */
export function trustAdvice(base: string): string {
  return `to use this mirror anyway: --trust-mirror ${base}, or ${TRUST_VARIABLE}=${base}`;
}

/**
 * Decides about an index.
 * @param now the time, in milliseconds
 * @see apt-secure(8); sources.list(5), Signed-By and Check-Valid-Until
 */
export function judgeIndex(claim: IndexClaim, { accepted, keys }: MirrorTrust, now: number): IndexJudgement {
  const { mirror, signature, release } = claim;
  if (signature.kind === 'bad') {
    return { kind: 'refused', reason: `${signature.reason}; the mirror, or the connection to it, cannot be trusted`, advice: null };
  }
  const fault = signatureFault(signature, keys) ?? contentFault(claim);
  const expiry = release.validUntil !== null && release.validUntil < now ? day(release.validUntil) : null;
  const expired = fault === null && expiry !== null && mirror.keepsExpired !== true ? `it expired on ${expiry}` : null;
  const reason = fault ?? expired;
  const isDebian = release.origin.startsWith('Debian');
  if (signature.kind === 'good' && reason === null) {
    if (!isDebian) return { kind: 'foreign' };
    const { key, keyFile } = signature;
    return { kind: 'trusted', trust: { kind: 'signed', mirror: mirror.base, key, keyFile, expired: expiry } };
  }
  const why = reason ?? 'it is not signed';
  // Anyone may have written such a text, also a login page: it does not show that the mirror has no such suite.
  if (!isDebian) return { kind: 'refused', reason: `its Origin is not Debian, and ${why}`, advice: NAME_A_MIRROR };
  if (accepted.includes(mirrorAddress(mirror.base))) {
    return { kind: 'trusted', trust: { kind: 'accepted', mirror: mirror.base, reason: why } };
  }
  return { kind: 'refused', reason: why, advice: trustAdvice(mirror.base) };
}
