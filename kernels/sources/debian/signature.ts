// Checks whether a Release file is signed with a key that this machine trusts for Debian.
import { access } from 'node:fs/promises';
import { execa } from 'execa';

/** The result of the check, and the signed text without the armour. */
export interface SignedText {
  signature: { kind: 'good' } | { kind: 'bad'; reason: string } | { kind: 'unchecked'; reason: string };
  content: string;
}

/** The keys of the package debian-archive-keyring. The file ending changed in Debian 13. */
const KEYRINGS = ['/usr/share/keyrings/debian-archive-keyring.pgp', '/usr/share/keyrings/debian-archive-keyring.gpg'];
const MAX_RELEASE_BYTES = 16 << 20;

async function findKeyring(): Promise<string | null> {
  for (const path of KEYRINGS) {
    const found = await access(path).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return null;
}

/**
 * The text of a clear-signed message, between its header and its signature, without dash escapes. Text that is not signed is returned
 * unchanged.
 * @see RFC 9580, section 7 (Cleartext Signature Framework)
 */
export function clearSignedText(message: string): string {
  const match = /^-----BEGIN PGP SIGNED MESSAGE-----\r?\n(?:\S.*\n)*\r?\n([\s\S]*?)\n-----BEGIN PGP SIGNATURE-----/.exec(message);
  return match ? (match[1] ?? '').replaceAll(/^- /gm, '') : message;
}

/** Reads the status lines of gpgv. As for apt, one good signature of a known key is enough. One bad signature makes the text bad. */
export function readGpgvStatus(status: string): SignedText['signature'] {
  const found = (word: string) => new RegExp(`^\\[GNUPG:\\] ${word} (\\w{0,64})`, 'm').exec(status)?.[1] ?? null;
  if (found('BADSIG') !== null) return { kind: 'bad', reason: `the signature of key ${found('BADSIG')} does not match the text` };
  if (found('GOODSIG') !== null && found('VALIDSIG') !== null) return { kind: 'good' };
  const expired = found('EXPKEYSIG') ?? found('EXPSIG');
  if (expired !== null) return { kind: 'unchecked', reason: `key ${expired} has expired; update the package debian-archive-keyring` };
  const revoked = found('REVKEYSIG');
  if (revoked !== null) return { kind: 'bad', reason: `key ${revoked} has been revoked` };
  const missing = found('NO_PUBKEY');
  if (missing === null) return { kind: 'unchecked', reason: 'the mirror does not sign them' };
  return { kind: 'unchecked', reason: `key ${missing} is unknown; update the package debian-archive-keyring` };
}

/**
 * Checks an InRelease file with gpgv and the machine's Debian keyring. If gpgv, the keyring, the key or the signature is missing, the
 * result is `unchecked` with the reason: private mirrors, and machines older than a suite, are common. Only a wrong signature is `bad`.
 */
export async function verifyInRelease(message: string): Promise<SignedText> {
  const unchecked = (reason: string): SignedText => ({ signature: { kind: 'unchecked', reason }, content: clearSignedText(message) });
  const keyring = await findKeyring();
  if (keyring === null) return unchecked('no Debian keyring is installed; install the package debian-archive-keyring');
  const gpgv = await execa('gpgv', ['--keyring', keyring, '--status-fd', '2', '--output', '-', '-'], {
    input: message,
    reject: false,
    stripFinalNewline: false,
    maxBuffer: MAX_RELEASE_BYTES,
  });
  if (gpgv.code === 'ENOENT') return unchecked('gpgv is not installed; install the package gpgv');
  const signature = readGpgvStatus(gpgv.stderr);
  return { signature, content: signature.kind === 'good' ? gpgv.stdout : clearSignedText(message) };
}
