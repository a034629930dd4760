// The keys that may sign Debian indexes.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Key } from 'openpgp';
import { UserError } from '../../../harness/base/errors.ts';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';
import { readRegular } from '../../../harness/base/user-file.ts';
import { KEY_FILE } from '../../trust/mirror-trust.ts';
import type { MirrorTrust } from '../../trust/trust.ts';

/** The keys of the package debian-archive-keyring. The file ending changed in Debian 13. */
const WHOLE = ['/usr/share/keyrings/debian-archive-keyring.pgp', '/usr/share/keyrings/debian-archive-keyring.gpg'];
/** The same keys in the package of corematrix, for machines without Debian's package. */
const SHIPPED = join(PACKAGE_ROOT, 'keys', 'debian-archive-keyring.gpg');
/** Where the same keys are one by one. Other archives have their keys here, too, which must not vouch for Debian. */
const FOLDERS = ['/usr/share/keyrings', '/etc/apt/trusted.gpg.d'];
const ONE = /^debian-archive-(?!removed|keyring)[\w-]+\.(?:asc|gpg|pgp)$/;

const ARMOUR = { begin: '-----BEGIN PGP PUBLIC KEY BLOCK-----', end: '-----END PGP PUBLIC KEY BLOCK-----' } as const;

/**
 * The keys of a file in binary form. Returns other content unchanged. The checksum line, which starts with
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

/** The keys in a file; null if it cannot be read or is damaged, or has none. */
async function keysIn(path: string): Promise<Key[] | null> {
  try {
    const { bytes } = await readRegular(path, KEY_FILE);
    const { readKeys } = await import('openpgp');
    return await readKeys({ binaryKeys: withoutArmour(bytes) });
  } catch {
    return null;
  }
}

/** Debian's keys: those of this machine, which gets updates of them, else those that came with corematrix; null without any. */
async function debianKeys(): Promise<Key[] | null> {
  for (const path of WHOLE) {
    const whole = await keysIn(path);
    if (whole) return whole;
  }
  for (const folder of FOLDERS) {
    const names = (await readdir(folder).catch(() => [])).filter((name) => ONE.test(name)).toSorted();
    const parts = await Promise.all(names.map(async (name) => keysIn(join(folder, name))));
    const keys = parts.flatMap((part) => part ?? []);
    if (keys.length > 0) return keys;
  }
  return keysIn(SHIPPED);
}

/** Keys of one origin. */
export interface Keyring {
  keys: readonly Key[];
  /** Digest of the file that the user gave; null for Debian's keys. */
  keyFile: string | null;
}

/**
 * The keyrings of a run: Debian's keys, then those of the user.
 * @returns no keyring if there are no keys of Debian and the user gave none
 * @throws UserError if a file of the user has no key
 */
export async function findKeyrings({ keys: files }: MirrorTrust): Promise<Keyring[]> {
  const debian = await debianKeys();
  const given = await Promise.all(
    files.map(async ({ path, sha256: keyFile }) => {
      const keys = await keysIn(path);
      if (keys === null) throw new UserError(`${path}: not a file with OpenPGP keys`);
      return { keys, keyFile };
    }),
  );
  return debian ? [{ keys: debian, keyFile: null }, ...given] : given;
}
