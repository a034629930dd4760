// Compares verdicts on good and hostile InRelease files with those of gpgv.
import { readKeys } from 'openpgp';
import { expect, it } from 'vitest';
import { verifyInRelease } from '../../../../kernels/sources/debian/signature.ts';
import { gpgvOpinion, type Opinion } from './gpgv.ts';
import { signedFiles } from './signed-files.ts';

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
  'a flipped bit in the signed time': 'unchecked, but bad',
  'an unknown header': 'bad, but unchecked',
  'a header that turns dash escapes off': 'bad, but unchecked',
  'a signature with a critical notation': 'bad, but unchecked',
  // RFC 9580, sections 6.1 and 7.1: the checksum is optional, and the header Hash has no meaning. Neither protects anything.
  'a wrong checksum': 'unchecked, but good',
  'a header of another digest': 'unchecked, but good',
  'no header': 'unchecked, but good',
};

it('gpgv and corematrix agree on good and hostile InRelease files, apart from a list of differences', { timeout: 120_000 }, async () => {
  const files = await signedFiles();
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
