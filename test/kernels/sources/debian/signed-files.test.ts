// Compares verdicts on good and hostile InRelease files with those of gpgv.
import { readKeys } from 'openpgp';
import { beforeAll, expect, it } from 'vitest';
import { verifyInRelease } from '../../../../kernels/sources/debian/signature.ts';
import { gpgvOpinion, type Opinion } from './gpgv.ts';
import { type SignedFile, signedFiles } from './signed-files.ts';

async function ownOpinion(message: string, binaryKeys: Buffer): Promise<Opinion> {
  // A file without a readable key gives no keyring.
  const keys = await readKeys({ binaryKeys }).catch(() => null);
  const { signature } = await verifyInRelease(message, keys === null ? [] : [{ keys, keyFile: null }]);
  return signature.kind === 'good' ? `good ${signature.key}` : signature.kind;
}

const STRICTER = 'good, but unchecked';
/** Where the verdict differs from gpgv's on purpose: first that of gpgv, then ours. */
const DIFFERENT: Readonly<Record<string, string>> = {
  // gpgv prints the text of every message, also of an unsigned one.
  'carriage returns at the ends of all lines': STRICTER,
  'text before the message': STRICTER,
  'text after the message': STRICTER,
  'a line of blanks before the text': STRICTER,
  'the message twice': STRICTER,
  'its signature twice': STRICTER,
  'no end of its signature': STRICTER,
  // gpgv drops the byte.
  'a zero byte': 'good, but bad',
  // Keys and digests that newer versions of apt refuse, too, except brainpool, which the library does not know.
  'key rsa1024': STRICTER,
  'key dsa2048': STRICTER,
  'key brainpool': STRICTER,
  'digest RIPEMD160': STRICTER,
  // apt refuses an index of the future.
  'a signature of the future': STRICTER,
  'a cut keyring': STRICTER,
  // Neither accepts these.
  'an unknown header': 'bad, but unchecked',
  'a header that turns dash escapes off': 'bad, but unchecked',
  'a signature with a critical notation': 'bad, but unchecked',
  // RFC 9580, sections 6.1 and 7.1: the checksum is optional, and the header Hash has no meaning. Neither protects anything.
  'a wrong checksum': 'unchecked, but good',
  'a header of another digest': 'unchecked, but good',
  'no header': 'unchecked, but good',
};

let files: readonly SignedFile[] = [];
beforeAll(async () => {
  files = await signedFiles();
}, 120_000);

it('gpgv and corematrix agree on good and hostile InRelease files, apart from a list of differences', { timeout: 120_000 }, async () => {
  const differences: Record<string, string> = {};
  let good = 0;
  for (const { name, message, keys } of files) {
    const [theirs, ours] = [await gpgvOpinion(message, keys), await ownOpinion(message, keys)];
    if (theirs === ours && ours.startsWith('good')) good += 1;
    if (theirs !== ours) differences[name] = `${theirs.split(' ')[0]}, but ${ours.split(' ')[0]}`;
  }
  expect(differences).toEqual(DIFFERENT);
  expect([files.length >= 70, new Set(files.map(({ name }) => name)).size === files.length, good >= 15]).toEqual([true, true, true]);
});

it('the reason of a refused InRelease file names the fault', async () => {
  const reasons: Record<string, string[]> = {};
  for (const { name, message, keys: binaryKeys } of files) {
    const keys = await readKeys({ binaryKeys }).catch(() => null);
    const { signature } = await verifyInRelease(message, keys === null ? [] : [{ keys, keyFile: null }]);
    const shown =
      signature.kind === 'good' ? signature.kind : `${signature.kind}: ${signature.reason}`.replaceAll(/[0-9A-Fa-f]{16}/g, 'KEY');
    (reasons[shown] ??= []).push(name);
  }
  expect(reasons).toMatchInlineSnapshot(`
    {
      "bad: key KEY has been revoked": [
        "a key that was revoked since",
        "a subkey that was revoked since",
      ],
      "bad: the signature of key KEY does not match the text": [
        "an altered word",
        "a line less",
        "a line more",
        "an empty line more at its end",
        "an empty line more at its beginning",
        "blanks at the beginning of a line",
        "a carriage return inside a line",
        "a form feed at the end of a line",
        "a zero byte",
        "a dash escape less",
        "a flipped bit in the signature",
        "a later time in the signature",
        "a header that is hidden in the text",
        "a good signature and one of another text",
        "a signature of another text and a good one",
        "the signature of another text",
        "a key that has expired since, altered",
      ],
      "good": [
        "blanks at the ends of lines",
        "carriage returns at the ends of its lines of text",
        "a dash escape more",
        "empty lines after the message",
        "its packets twice",
        "no checksum",
        "a wrong checksum",
        "a header of another digest",
        "no header",
        "key ed25519",
        "key rsa2048",
        "key nistp256",
        "key subkey",
        "digest SHA224",
        "digest SHA384",
        "digest SHA512",
        "two known keys",
        "an unknown key and a known one",
        "a known key and an unknown one",
        "a key that had expired and was renewed since",
        "a key that has expired and a good one",
        "a keyring with trust packets",
        "a keyring with a broken key before",
      ],
      "unchecked: it has no signature that can be checked": [
        "another packet version",
      ],
      "unchecked: it is not signed": [
        "carriage returns at the ends of all lines",
        "text before the message",
        "text after the message",
        "a line of blanks before the text",
        "the message twice",
        "its signature twice",
        "no signature",
        "no end of its signature",
        "the first line of a message in its text",
      ],
      "unchecked: it is signed with the unknown key KEY; update the package debian-archive-keyring, or name its key with --mirror-key FILE": [
        "an unknown key",
        "a weak digest and an unknown key",
        "a key with a flipped bit",
      ],
      "unchecked: its signature cannot be checked: Error during parsing. This message / key probably does not conform to a valid OpenPGP format.": [
        "an empty signature",
      ],
      "unchecked: its signature cannot be checked: Packet not allowed in this context: userID": [
        "a packet of another kind before its signature",
      ],
      "unchecked: its signature cannot be checked: Unexpected end of packet": [
        "a cut signature",
        "random bytes as its signature",
      ],
      "unchecked: its signed text has a header other than Hash": [
        "an unknown header",
        "a header that turns dash escapes off",
      ],
      "unchecked: key KEY has expired; update the package debian-archive-keyring, or name its key with --mirror-key FILE": [
        "a key that has expired since",
        "a subkey that has expired since",
        "a key that has expired and a revoked one",
      ],
      "unchecked: key KEY uses a curve that corematrix does not support": [
        "key brainpool",
      ],
      "unchecked: the signature of key KEY has expired": [
        "a signature that has expired",
      ],
      "unchecked: the signature of key KEY is from the future; check the clock of this machine": [
        "a signature of the future",
      ],
      "unchecked: the signature of key KEY is refused: Could not find valid self-signature in key KEY: Insecure hash algorithm: SHA1": [
        "key SHA-1 self-signature",
      ],
      "unchecked: the signature of key KEY is refused: Could not find valid signing key packet in key KEY": [
        "a key that may no longer sign",
      ],
      "unchecked: the signature of key KEY is refused: Could not verify primary key: RSA keys shorter than 2047 bits are considered too weak.": [
        "key rsa1024",
      ],
      "unchecked: the signature of key KEY is refused: Could not verify primary key: dsa keys are considered too weak.": [
        "key dsa2048",
      ],
      "unchecked: the signature of key KEY is refused: Insecure hash algorithm: MD5": [
        "digest MD5",
      ],
      "unchecked: the signature of key KEY is refused: Insecure hash algorithm: RIPEMD": [
        "digest RIPEMD160",
      ],
      "unchecked: the signature of key KEY is refused: Insecure hash algorithm: SHA1": [
        "digest SHA1",
      ],
      "unchecked: the signature of key KEY is refused: Unknown critical notation: critical@example.org": [
        "a signature with a critical notation",
      ],
      "unchecked: this machine has no keys of the Debian archive; run "corematrix setup", or name a file with them: --mirror-key debian-archive-keyring.gpg": [
        "a keyring without keys",
        "a keyring of random bytes",
        "a cut keyring",
      ],
    }
  `);
});

it('the text of a verified InRelease file has no blanks at the ends of its lines, which are not signed', async () => {
  const file = files.find(({ name }) => name === 'blanks at the ends of lines');
  const keys = await readKeys({ binaryKeys: file?.keys ?? Buffer.alloc(0) });
  const { content } = await verifyInRelease(file?.message ?? '', [{ keys, keyFile: null }]);
  expect([file?.message.includes('stable \t \n'), content]).toEqual([
    true,
    'Origin: Debian\nSuite: stable\n- a line with a dash\n\nSHA256:\n 00 1 main\n',
  ]);
});
