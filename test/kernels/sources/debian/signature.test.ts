// Which texts of signed messages are used, and which keyring decides.
import { readKeys } from 'openpgp';
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Keyring } from '../../../../kernels/sources/debian/keyring.ts';
import { clearSignedText, verifyInRelease } from '../../../../kernels/sources/debian/signature.ts';
import { clearSign, fingerprintOf, publicKey } from '../../signing.ts';

const NO_KEYS =
  'this machine has no keys of the Debian archive; run "corematrix setup", or name a file with them: --mirror-key debian-archive-keyring.gpg';

const SIGNATURE = '-----BEGIN PGP SIGNATURE-----\n\niHUEARYKAB0W\n=abcd\n-----END PGP SIGNATURE-----\n';
const BEGIN = '-----BEGIN PGP SIGNED MESSAGE-----\n';

describe('the text of a clear-signed message', () => {
  it.each<[string, string, string]>([
    ['with a header', `${BEGIN}Hash: SHA256\n\nOrigin: Debian\nSuite: x\n${SIGNATURE}`, 'Origin: Debian\nSuite: x'],
    ['with two headers', `${BEGIN}Hash: SHA256\nCharset: UTF-8\n\na\n${SIGNATURE}`, 'a'],
    ['without headers', `${BEGIN}\na\n${SIGNATURE}`, 'a'],
    ['with carriage returns at its beginning', `-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\na\n${SIGNATURE}`, 'a'],
    ['with dashes', `${BEGIN}\n- -----BEGIN x\na - b\n- c\n${SIGNATURE}`, '-----BEGIN x\na - b\nc'],
    ['with blank lines after it', `${BEGIN}\na\n${SIGNATURE}\n \n`, 'a'],
    ['with the words of a beginning inside a line', `${BEGIN}\na -----BEGIN PGP x\n${SIGNATURE}`, 'a -----BEGIN PGP x'],
    ['with an empty line', `${BEGIN}\na\n\nb\n${SIGNATURE}`, 'a\n\nb'],
  ])('the signed text is the part between headers and signature: %s', (_, message, text) => {
    expect(clearSignedText(message)).toBe(text);
  });

  it.each<[string, string]>([
    ['without a signature', 'Origin: Debian\n- x\n'],
    ['with text before it', `x\n${BEGIN}\na\n${SIGNATURE}`],
    ['with text after it', `${BEGIN}\na\n${SIGNATURE}x\n`],
    ['with a second message after it', `${BEGIN}\na\n${SIGNATURE}${BEGIN}\nb\n${SIGNATURE}`],
    ['with a second signature', `${BEGIN}\na\n${SIGNATURE}${SIGNATURE}`],
    ['without an end of its signature', `${BEGIN}\na\n${SIGNATURE.replace('-----END PGP SIGNATURE-----\n', '')}`],
    ['with a header that is none', `${BEGIN}Hash SHA256\n\na\n${SIGNATURE}`],
    ['with a header of other characters', `${BEGIN}H1: x\n\na\n${SIGNATURE}`],
    [
      'that names a message inside a line',
      `${BEGIN}\na -----BEGIN PGP x\n${SIGNATURE}`.replace('-----BEGIN PGP SIGNATURE-----', '- BEGIN'),
    ],
    ['with another first line', `-----BEGIN PGP MESSAGE-----\n\na\n${SIGNATURE}`],
    ['with another line in the place of a header', `${BEGIN}x\n\na\n${SIGNATURE}`],
    ['without an empty line', `${BEGIN}a\n${SIGNATURE}`],
  ])('a text %s is returned unchanged', (_, message) => {
    expect(clearSignedText(message)).toBe(message);
  });
});

describe('a signed Release file', () => {
  const KINDS = ['mirror', 'stranger'] as const;
  const keyrings = new Map<string, Keyring>();
  const keyring = (name: (typeof KINDS)[number]) => keyrings.get(name) ?? { keys: [], keyFile: null };
  let signed: Record<(typeof KINDS)[number], string>;

  beforeAll(async () => {
    const [[mirror = ''], [stranger = '']] = [
      await clearSign(['Origin: Debian\n'], 'mirror'),
      await clearSign(['Origin: Debian\n'], 'stranger'),
    ];
    signed = { mirror, stranger };
    for (const name of KINDS) {
      const keys = await readKeys({ armoredKeys: await readFile(publicKey(name), 'utf8') });
      keyrings.set(name, { keys, keyFile: name === 'mirror' ? 'mirror.asc' : null });
    }
  });

  it('a Release file is good if any keyring knows its key, and has the text that was verified', async () => {
    const key = await fingerprintOf('mirror');
    const verified = { signature: { kind: 'good', key, keyFile: 'mirror.asc' }, content: 'Origin: Debian\n' };
    expect([
      await verifyInRelease(signed.mirror, [keyring('mirror')]),
      await verifyInRelease(signed.mirror, [keyring('stranger'), keyring('mirror')]),
      await verifyInRelease(signed.mirror, [keyring('mirror'), keyring('stranger')]),
      (await verifyInRelease(signed.stranger, [keyring('stranger'), keyring('mirror')])).signature,
    ]).toEqual([verified, verified, verified, { kind: 'good', key: await fingerprintOf('stranger'), keyFile: null }]);
  });

  it('a signed Release file of two megabytes is verified whole', async () => {
    const text = `Origin: Debian\n${'SHA256: of one of many index files\n'.repeat(60_000)}`;
    const [large = ''] = await clearSign([text], 'mirror');
    const { signature, content } = await verifyInRelease(large, [keyring('mirror')]);
    expect([signature.kind, content.trimEnd() === text.trimEnd(), content.length > 2 << 20]).toEqual(['good', true, true]);
  });

  it('a Release file of an unknown key is unchecked, with the reason of the first keyring', async () => {
    const missing: Keyring = { keys: [], keyFile: null };
    const judged = [
      await verifyInRelease(signed.stranger, [keyring('mirror'), missing]),
      await verifyInRelease(signed.stranger, [missing, keyring('mirror')]),
    ];
    expect(judged).toEqual([
      {
        signature: {
          kind: 'unchecked',
          reason: expect.stringMatching(/^it is signed with the unknown key [0-9A-F]{16}; update the package/),
        },
        content: 'Origin: Debian',
      },
      {
        signature: {
          kind: 'unchecked',
          reason: expect.stringMatching(/^it is signed with the unknown key [0-9A-F]{16}; update the package/),
        },
        content: 'Origin: Debian',
      },
    ]);
  });

  it('a Release file with another text is bad, whichever keyring knows its key', async () => {
    const changed = signed.mirror.replace('Debian', 'Evil');
    const judged = [
      await verifyInRelease(changed, [keyring('mirror'), keyring('stranger')]),
      await verifyInRelease(changed, [keyring('stranger'), keyring('mirror')]),
    ];
    expect(judged).toEqual(
      judged.map(() => ({
        signature: { kind: 'bad', reason: expect.stringMatching(/^the signature of key [0-9A-F]{16} does not match the text$/) },
        content: 'Origin: Evil',
      })),
    );
  });

  it('a Release file without a signature is unchecked, also without keyrings, and keeps its text', async () => {
    expect([await verifyInRelease('Origin: Debian\n', [keyring('mirror')]), await verifyInRelease('Origin: Debian\n', [])]).toEqual([
      { signature: { kind: 'unchecked', reason: 'it is not signed' }, content: 'Origin: Debian\n' },
      { signature: { kind: 'unchecked', reason: 'it is not signed' }, content: 'Origin: Debian\n' },
    ]);
  });

  it('a signed Release file is unchecked without keyrings', async () => {
    expect(await verifyInRelease(signed.mirror, [])).toEqual({
      signature: { kind: 'unchecked', reason: NO_KEYS },
      content: 'Origin: Debian',
    });
  });

  it('a signed Release file is verified without any program of this machine', async () => {
    const { PATH } = process.env;
    process.env['PATH'] = '/nonexistent';
    try {
      expect((await verifyInRelease(signed.mirror, [keyring('mirror')])).signature.kind).toBe('good');
    } finally {
      process.env['PATH'] = PATH;
    }
  });

  it('a signed Release file of 16 MiB with 16 signatures is verified, and one with 17 signatures is refused without work', async () => {
    const text = `Origin: Debian\n${'SHA256: of one of many index files\n'.repeat(460_000)}`;
    const [large = ''] = await clearSign([text], 'mirror');
    const signature = /(?<=-----BEGIN PGP SIGNATURE-----\n\n)[^=]*(=*)\n=.*(?=\n-----END)/;
    const packets = Buffer.from((signature.exec(large)?.[0] ?? '').replace(/\n=.*$/, ''), 'base64');
    const repeated = async (count: number) => {
      const message = large.replace(signature, () => Buffer.concat(Array.from({ length: count }, () => packets)).toString('base64'));
      return (await verifyInRelease(message, [keyring('mirror')])).signature;
    };
    expect([(await repeated(16)).kind, await repeated(17)]).toEqual([
      'good',
      { kind: 'unchecked', reason: 'it has no signature that can be checked' },
    ]);
  });
});
