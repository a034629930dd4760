// Whether a Release file is signed by a key this machine trusts for Debian.
import { access } from 'node:fs/promises';
import { execa } from 'execa';

/** `good`, `bad`, or not checked and why. The content is what was signed, without the armour. */
export interface SignedText {
  signature: { kind: 'good' } | { kind: 'bad'; reason: string } | { kind: 'unchecked'; reason: string };
  content: string;
}

/** Where the package debian-archive-keyring puts its keys; the ending changed in Debian 13. */
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
 * The text inside a clear-signed message: what stands between its header and its signature, dash escapes undone. Text that is not
 * signed is returned as it is.
 * @see RFC 9580, section 7 (Cleartext Signature Framework)
 */
export function clearSignedText(message: string): string {
  const match = /^-----BEGIN PGP SIGNED MESSAGE-----\r?\n(?:\S.*\n)*\r?\n([\s\S]*?)\n-----BEGIN PGP SIGNATURE-----/.exec(message);
  return match ? (match[1] ?? '').replaceAll(/^- /gm, '') : message;
}

/** What the status lines of gpgv mean: one good signature of a known key is enough, as for apt; one bad signature is too many. */
export function readGpgvStatus(status: string): SignedText['signature'] {
  const found = (word: string) => new RegExp(`^\\[GNUPG:\\] ${word} (\\w{0,64})`, 'm').exec(status)?.[1] ?? null;
  if (found('BADSIG') !== null) return { kind: 'bad', reason: `the signature of key ${found('BADSIG')} does not fit the text` };
  if (found('GOODSIG') !== null && found('VALIDSIG') !== null) return { kind: 'good' };
  const expired = found('EXPKEYSIG') ?? found('EXPSIG');
  if (expired !== null) return { kind: 'unchecked', reason: `key ${expired} has expired; update the package debian-archive-keyring` };
  const revoked = found('REVKEYSIG');
  if (revoked !== null) return { kind: 'bad', reason: `key ${revoked} has been revoked` };
  const missing = found('NO_PUBKEY');
  if (missing === null) return { kind: 'unchecked', reason: 'the mirror does not sign them' };
  return { kind: 'unchecked', reason: `key ${missing} is not known here; update the package debian-archive-keyring` };
}

/**
 * Checks an InRelease file with gpgv and the machine's Debian keyring. Where one of them, the key or the signature is missing, that is
 * said and left to the reader: private mirrors and machines older than a suite are common. Only a signature that does not fit is `bad`.
 */
export async function verifyInRelease(message: string): Promise<SignedText> {
  const unchecked = (reason: string): SignedText => ({ signature: { kind: 'unchecked', reason }, content: clearSignedText(message) });
  const keyring = await findKeyring();
  if (keyring === null) return unchecked('there is no Debian keyring here; install the package debian-archive-keyring');
  const gpgv = await execa('gpgv', ['--keyring', keyring, '--status-fd', '2', '--output', '-', '-'], {
    input: message,
    reject: false,
    stripFinalNewline: false,
    maxBuffer: MAX_RELEASE_BYTES,
  });
  if (gpgv.code === 'ENOENT') return unchecked('there is no gpgv here; install the package gpgv');
  const signature = readGpgvStatus(gpgv.stderr);
  return { signature, content: signature.kind === 'good' ? gpgv.stdout : clearSignedText(message) };
}
