// The keys that may sign Debian indexes, as keyrings that gpgv reads.
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readCached } from '../../../harness/base/cached-file.ts';
import { UserError } from '../../../harness/base/errors.ts';
import { writeFileAtomic } from '../../../harness/base/files.ts';
import { readRegular } from '../../../harness/base/user-file.ts';
import { KEY_FILE } from '../../trust/mirror-trust.ts';
import type { MirrorTrust } from '../../trust/trust.ts';

/** The keys of the package debian-archive-keyring. The file ending changed in Debian 13. */
const WHOLE = ['/usr/share/keyrings/debian-archive-keyring.pgp', '/usr/share/keyrings/debian-archive-keyring.gpg'];
/** Where the same keys are one by one. Other archives have their keys here, too, which must not vouch for Debian. */
const FOLDERS = ['/usr/share/keyrings', '/etc/apt/trusted.gpg.d'];
const ONE = /^debian-archive-(?!removed|keyring)[\w-]+\.(?:asc|gpg|pgp)$/;

const ARMOUR = { begin: '-----BEGIN PGP PUBLIC KEY BLOCK-----', end: '-----END PGP PUBLIC KEY BLOCK-----' } as const;

/**
 * The keys of a file in binary form, the only form that gpgv reads. Returns other content unchanged. The checksum line, which starts with
 * `=`, is left out: the keys have signatures of their own.
 * @see RFC 9580, section 6.2 (Forming ASCII Armor)
 */
function withoutArmour(content: Buffer): Buffer {
  const blocks = content.toString('latin1').split(ARMOUR.begin).slice(1);
  if (blocks.length === 0) return content;
  const keys = blocks.map((block) => {
    const lines = (block.split(ARMOUR.end)[0] ?? '').split('\n').map((line) => line.trim());
    // Headers such as `Version: 2` end with the first empty line after them.
    const data = lines.slice(1).filter((line) => line !== '' && !line.includes(':') && !line.startsWith('='));
    return Buffer.from(data.join(''), 'base64');
  });
  return Buffer.concat(keys);
}

async function contentOf(path: string): Promise<Buffer | null> {
  return readRegular(path, KEY_FILE).then(
    ({ bytes }) => withoutArmour(bytes),
    () => null,
  );
}

/** Debian's keys on this machine; null if it has none. */
async function debianKeys(): Promise<Buffer | null> {
  for (const path of WHOLE) {
    const whole = await contentOf(path);
    if (whole) return whole;
  }
  for (const folder of FOLDERS) {
    const names = (await readdir(folder).catch(() => [])).filter((name) => ONE.test(name)).toSorted();
    const parts = await Promise.all(names.map(async (name) => contentOf(join(folder, name))));
    const keys = Buffer.concat(parts.flatMap((part) => part ?? []));
    if (keys.length > 0) return keys;
  }
  return null;
}

/** A keyring for gpgv. */
export interface Keyring {
  path: string;
  /** Digest of the file that the user gave; null for Debian's keys. */
  keyFile: string | null;
}

async function keyring(content: Buffer, keyFile: string | null, cache: string): Promise<Keyring> {
  const sha256 = createHash('sha256').update(content).digest('hex');
  const path = join(cache, 'debian', 'keyrings', `${sha256}.gpg`);
  const known = await readCached(path);
  if (!known?.equals(content)) await writeFileAtomic(path, content);
  return { path, keyFile };
}

/**
 * The keyrings of a run: Debian's keys, then those of the user.
 * @param cache root of the cache, which gets the keyrings
 * @returns no keyring if this machine has none and the user gave none
 * @throws UserError if a file of the user has no key; InfraError if the cache cannot be written
 */
export async function findKeyrings({ keys }: MirrorTrust, cache: string): Promise<Keyring[]> {
  const debian = await debianKeys();
  const given = await Promise.all(
    keys.map(async ({ path, sha256 }) => {
      const content = await contentOf(path);
      // The first byte of a binary OpenPGP packet has its highest bit set.
      if (!content || ((content[0] ?? 0) & 0x80) === 0) throw new UserError(`${path}: not a file with OpenPGP keys`);
      return keyring(content, sha256, cache);
    }),
  );
  return debian ? [await keyring(debian, null, cache), ...given] : given;
}
