// Checks whether an InRelease file is signed with a key that this machine or the user trusts.
import { isMissing, runProgram } from '../../../harness/base/program.ts';
import type { Keyring } from './keyring.ts';

/** The result of the check. Only `good` and `bad` are known facts: anyone may have written an `unchecked` text. */
export type Signature =
  | { kind: 'good'; key: string; keyFile: string | null }
  | { kind: 'bad'; reason: string }
  | { kind: 'unchecked'; reason: string };

/** A signature and the text that it covers, without the armour. */
export interface SignedText {
  signature: Signature;
  content: string;
}

/** The largest InRelease file that is read. The largest of Debian has less than 1 MiB. */
export const MAX_RELEASE_BYTES = 16 << 20;
const UPDATE = 'update the package debian-archive-keyring, or name its key with --mirror-key FILE';

/** Matches exactly one message: gpgv would also print the text of a second one, which anyone may have signed. */
const CLEAR_SIGNED =
  /^-----BEGIN PGP SIGNED MESSAGE-----\r?\n(?:[A-Za-z]+: .*\n)*\r?\n([\s\S]*?)\n-----BEGIN PGP SIGNATURE-----\n[\s\S]*?\n-----END PGP SIGNATURE-----\s*$/;
const BEGIN = /^-----BEGIN PGP /gm;

/** The parts of a clear-signed message; null for any other text. */
function clearSigned(message: string): string | null {
  const match = (message.match(BEGIN) ?? []).length === 2 ? CLEAR_SIGNED.exec(message) : null;
  return match?.[1] ?? null;
}

/**
 * The text of a clear-signed message, between its header and its signature, without dash escapes. Text that is not signed is returned
 * unchanged.
 * @see RFC 9580, section 7 (Cleartext Signature Framework)
 */
export function clearSignedText(message: string): string {
  return clearSigned(message)?.replaceAll(/^- /gm, '') ?? message;
}

/** A signature as gpgv reports it: `VALIDSIG` follows `GOODSIG` and ends with the fingerprint of the primary key. */
function goodKey(status: string): string | null {
  const signatures = status.split(/^\[GNUPG:\] NEWSIG.*$/m);
  const good = signatures.find((lines) => /^\[GNUPG:\] GOODSIG /m.test(lines) && /^\[GNUPG:\] VALIDSIG /m.test(lines));
  return /^\[GNUPG:\] VALIDSIG .*?([0-9A-F]{40,64})$/m.exec(good ?? '')?.[1] ?? null;
}

/**
 * Reads the status lines of gpgv. As in apt, one good signature of a known key is enough. One bad signature makes the text bad.
 * @param keyFile the file with the keys that gpgv used
 * @see doc/DETAILS in the sources of GnuPG
 */
export function readGpgvStatus(status: string, keyFile: string | null = null): Signature {
  const found = (word: string) => new RegExp(`^\\[GNUPG:\\] ${word} (\\w{0,64})`, 'm').exec(status)?.[1] ?? null;
  if (found('BADSIG') !== null) return { kind: 'bad', reason: `the signature of key ${found('BADSIG')} does not match the text` };
  const key = goodKey(status);
  if (key !== null) return { kind: 'good', key, keyFile };
  const expired = found('EXPKEYSIG') ?? found('EXPSIG');
  if (expired !== null) return { kind: 'unchecked', reason: `key ${expired} has expired; ${UPDATE}` };
  const revoked = found('REVKEYSIG');
  if (revoked !== null) return { kind: 'bad', reason: `key ${revoked} has been revoked` };
  const missing = found('NO_PUBKEY');
  if (missing !== null) return { kind: 'unchecked', reason: `it is signed with the unknown key ${missing}; ${UPDATE}` };
  return { kind: 'unchecked', reason: 'gpgv accepts no signature of it' };
}

async function verifyWith({ path, keyFile }: Keyring, message: string): Promise<SignedText> {
  // The status gets its own file descriptor, because standard error also has text from the message.
  const command = ['gpgv', '--weak-digest', 'SHA1', '--keyring', path, '--status-fd', '3', '--output', '-', '-'] as const;
  const options = { input: message, stdio: ['pipe', 'pipe', 'ignore', 'pipe'], stripFinalNewline: false } as const;
  const gpgv = await runProgram(command, options, { bytes: MAX_RELEASE_BYTES });
  const content = clearSignedText(message);
  if (isMissing(gpgv)) {
    return { signature: { kind: 'unchecked', reason: 'gpgv is not installed; install the package gpgv' }, content };
  }
  const signature = readGpgvStatus(gpgv.stdio[3] ?? '', keyFile);
  return { signature, content: signature.kind === 'good' ? gpgv.stdout : content };
}

/** Checks an InRelease file with gpgv. The first keyring with a known result decides. */
export async function verifyInRelease(message: string, keyrings: readonly Keyring[]): Promise<SignedText> {
  const unchecked = (reason: string): SignedText => ({ signature: { kind: 'unchecked', reason }, content: clearSignedText(message) });
  if (clearSigned(message) === null) return unchecked('it is not signed');
  let result = unchecked(`this machine has no keys of the Debian archive; ${UPDATE.replace('update', 'install')}`);
  for (const keyring of keyrings) {
    const own = await verifyWith(keyring, message);
    if (own.signature.kind !== 'unchecked') return own;
    if (keyring === keyrings[0]) result = own;
  }
  return result;
}
