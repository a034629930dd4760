// Who vouches for bytes from outside: the start of the chain of digests that leads to them. Unverified bytes have no value
// of this type, so that no code can use them by mistake.

export type Trust =
  /** The index of a mirror, with a signature that was verified. */
  | {
      kind: 'signed';
      /** Address of the mirror. */
      mirror: string;
      /** Fingerprint of the key. */
      key: string;
      /** Digest of the key file that the user gave; null for a key that this machine has for Debian. */
      keyFile: string | null;
      /** The `Valid-Until` of an index that had expired but was used, because apt on this machine does not check it; null otherwise. */
      expired: string | null;
    }
  /** A digest in a lock file: of the user, or of this program. */
  | { kind: 'pinned' }
  /** A file of the user. */
  | { kind: 'own' }
  /** The user accepts this mirror although its index cannot be verified. */
  | { kind: 'accepted'; mirror: string; reason: string };

/** What the user allows beyond verified mirrors: on the command line or in the environment, never in a configuration. */
export interface MirrorTrust {
  /** Addresses of mirrors that are used although they cannot be verified. */
  accepted: readonly string[];
  /** Key files that may vouch for mirrors beside Debian's keys. */
  keys: readonly { path: string; sha256: string }[];
}

/** Whether every run may use bytes with this trust, whatever its user accepts. */
export function vouchesForAll(trust: Trust): boolean {
  return trust.kind !== 'accepted' && (trust.kind !== 'signed' || trust.keyFile === null);
}

/** Whether a record of the cache still vouches in this run: a mirror or a key that an earlier run accepted may be refused by this one. */
export function stillVouches(trust: Trust, { accepted, keys }: MirrorTrust): boolean {
  if (trust.kind === 'accepted') return accepted.includes(trust.mirror);
  return trust.kind !== 'signed' || trust.keyFile === null || keys.some(({ sha256 }) => sha256 === trust.keyFile);
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

const isTextOrNull = (value: unknown): value is string | null => value === null || typeof value === 'string';

/** Reads a record of the cache; null for anything else. By hand, because predictions start faster without a schema library. */
export function readTrust(value: unknown): Trust | null {
  const { kind, mirror, key, keyFile, expired, reason } = fields(value);
  if (kind === 'pinned' || kind === 'own') return { kind };
  if (typeof mirror !== 'string') return null;
  if (kind === 'accepted') return typeof reason === 'string' ? { kind, mirror, reason } : null;
  if (kind !== 'signed' || typeof key !== 'string' || !isTextOrNull(keyFile) || !isTextOrNull(expired)) return null;
  return { kind, mirror, key, keyFile, expired };
}
