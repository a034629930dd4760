// Checks whether an InRelease file is signed with a key that this machine or the user trusts. It needs no program of this machine.
import type { Key, verify } from 'openpgp';
import { messageOf } from '../../../harness/base/errors.ts';
import { visible } from '../../../harness/base/visible.ts';
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
/** Debian signs with two or three keys. Each signature costs a digest of the whole text. */
const MAX_SIGNATURES = 16;
const MAX_SIGNATURE_CHARACTERS = 64 << 10;
const MAX_REASON = 200;
const UPDATE = 'update the package debian-archive-keyring, or name its key with --mirror-key FILE';
const NO_KEYS =
  'this machine has no keys of the Debian archive; run "corematrix setup", or name a file with them: --mirror-key debian-archive-keyring.gpg';

/** Matches exactly one message: a second one, or text outside of it, may come from anyone. */
const CLEAR_SIGNED =
  /^-----BEGIN PGP SIGNED MESSAGE-----\r?\n((?:[A-Za-z]+: .*\n)*)\r?\n([\s\S]*?)\n(-----BEGIN PGP SIGNATURE-----\n[\s\S]*?\n-----END PGP SIGNATURE-----)\s*$/;
const BEGIN = /^-----BEGIN PGP /gm;
/** The only header that GnuPG accepts here. */
const HASH_HEADERS = /^(?:Hash: [\w, -]+\r?\n)*$/;

interface ClearSigned {
  headers: string;
  /** Without dash escapes. */
  text: string;
  /** In its armour. */
  signature: string;
}

/** The parts of a clear-signed message; null for any other text. */
function clearSigned(message: string): ClearSigned | null {
  const match = (message.match(BEGIN) ?? []).length === 2 ? CLEAR_SIGNED.exec(message) : null;
  if (match === null) return null;
  const [, headers = '', text = '', signature = ''] = match;
  return { headers, text: text.replaceAll(/^- /gm, ''), signature };
}

/**
 * The text of a clear-signed message, between its header and its signature, without dash escapes. Text that is not signed is returned
 * unchanged.
 * @see RFC 9580, section 7 (Cleartext Signature Framework)
 */
export function clearSignedText(message: string): string {
  return clearSigned(message)?.text ?? message;
}

/** The text as its signature covers it, apart from the ends of lines: blanks before those are not signed. */
function signedContent(text: string): string {
  return text
    .split('\n')
    .map((line) => line.slice(0, lengthWithoutBlanks(line)))
    .join('\n');
}

function lengthWithoutBlanks(line: string): number {
  let end = line.length;
  while (end > 0 && ' \t\r'.includes(line.charAt(end - 1))) end -= 1;
  return end;
}

/** The results of one signature, the most important first: one wrong signature makes the text bad, else one good signature is enough. */
const RESULTS = ['altered', 'good', 'expired', 'revoked', 'unknown', 'refused'] as const;
interface Checked {
  result: (typeof RESULTS)[number];
  signature: Signature;
}

const unchecked = (result: Checked['result'], reason: string): Checked => ({ result, signature: { kind: 'unchecked', reason } });
const bad = (result: Checked['result'], reason: string): Checked => ({ result, signature: { kind: 'bad', reason } });

/** The first line of a message of the library, which may quote the signature. */
function shown(message: string): string {
  return visible(message.split('\n')[0] ?? '').slice(0, MAX_REASON);
}

/** Reads the library's reason for a signature that it refuses. */
function refusal(error: unknown, id: string): Checked {
  const reason = messageOf(error);
  if (/digest did not match|Signature verification failed/.test(reason)) {
    return bad('altered', `the signature of key ${id} does not match the text`);
  }
  if (/is revoked/.test(reason)) return bad('revoked', `key ${id} has been revoked`);
  if (/Signature is expired/.test(reason)) return unchecked('expired', `the signature of key ${id} has expired`);
  if (/is expired/.test(reason)) return unchecked('expired', `key ${id} has expired; ${UPDATE}`);
  // The library needs another package for the curves brainpool.
  if (reason.startsWith('Cannot find module')) return unchecked('refused', `key ${id} uses a curve that corematrix does not support`);
  if (reason.startsWith('Signature creation time is in the future')) {
    return unchecked('refused', `the signature of key ${id} is from the future; check the clock of this machine`);
  }
  return unchecked('refused', `the signature of key ${id} is refused: ${shown(reason)}`);
}

type OpenPgp = typeof import('openpgp');
type VerificationResult = Awaited<ReturnType<typeof verify>>['signatures'][number];

/** apt's rules: no digest that can be forged. The library itself refuses DSA, and RSA keys of less than 2048 bits. */
function policyOf({ config, enums }: OpenPgp) {
  const weak = new Set([enums.hash.md5, enums.hash.sha1, enums.hash.ripemd]);
  // A key may have got its present signature, with a later expiry, after it signed. `check` demands that it is valid now.
  const renewedKeys = { allowInsecureVerificationWithReformattedKeys: true };
  return { ...config, ...renewedKeys, rejectHashAlgorithms: weak, rejectMessageHashAlgorithms: weak };
}

interface Trusted {
  keys: readonly Key[];
  keyFile: string | null;
  config: ReturnType<typeof policyOf>;
}

async function check({ keyID, verified }: VerificationResult, { keys, keyFile, config }: Trusted): Promise<Checked> {
  const id = keyID.toHex().toUpperCase();
  const key = keys.find((each) => each.getKeys(keyID).length > 0);
  if (key === undefined) return unchecked('unknown', `it is signed with the unknown key ${id}; ${UPDATE}`);
  try {
    await verified;
    // The library checks that the key was valid when it signed. gpgv demands that it is valid now, too.
    await key.getSigningKey(keyID, new Date(), undefined, config);
    return { result: 'good', signature: { kind: 'good', key: key.getFingerprint().toUpperCase(), keyFile } };
  } catch (error) {
    return refusal(error, id);
  }
}

async function verifyWith({ keys, keyFile }: Keyring, { text, signature }: ClearSigned): Promise<Signature> {
  const openpgp = await import('openpgp');
  const none: Signature = { kind: 'unchecked', reason: 'it has no signature that can be checked' };
  if (signature.length > MAX_SIGNATURE_CHARACTERS) return none;
  const config = policyOf(openpgp);
  try {
    const signatures = await openpgp.readSignature({ armoredSignature: signature, config });
    if (signatures.packets.length > MAX_SIGNATURES) return none;
    const message = await openpgp.createMessage({ text: signedContent(text).replaceAll('\n', '\r\n') });
    const verified = await openpgp.verify({ message, signature: signatures, verificationKeys: [...keys], config });
    const checked: Checked[] = [];
    for (const one of verified.signatures) checked.push(await check(one, { keys, keyFile, config }));
    const [first = none] = RESULTS.flatMap((result) => checked.filter((one) => one.result === result).map((one) => one.signature));
    return first;
  } catch (error) {
    return { kind: 'unchecked', reason: `its signature cannot be checked: ${shown(messageOf(error))}` };
  }
}

/**
 * Checks an InRelease file. The first keyring with a known result decides.
 * @see RFC 9580, sections 5.2 (Signature Packet) and 7 (Cleartext Signature Framework); apt-secure(8)
 */
export async function verifyInRelease(message: string, keyrings: readonly Keyring[]): Promise<SignedText> {
  const signed = clearSigned(message);
  const content = signed?.text ?? message;
  const refused = (reason: string): SignedText => ({ signature: { kind: 'unchecked', reason }, content });
  if (signed === null) return refused('it is not signed');
  if (!HASH_HEADERS.test(signed.headers)) return refused('its signed text has a header other than Hash');
  let result = refused(NO_KEYS);
  for (const keyring of keyrings) {
    const signature = await verifyWith(keyring, signed);
    if (signature.kind === 'good') return { signature, content: `${signedContent(signed.text)}\n` };
    if (signature.kind === 'bad') return { signature, content };
    if (keyring === keyrings[0]) result = { signature, content };
  }
  return result;
}
