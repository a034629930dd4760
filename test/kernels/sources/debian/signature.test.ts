// What the status lines of gpgv mean, and which texts of signed messages are used.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clearSignedText, readGpgvStatus, verifyInRelease } from '../../../../kernels/sources/debian/signature.ts';
import { clearSign, fingerprintOf, publicKey } from '../../signing.ts';

const PRIMARY = '4D64FEC119C2029067D6E791F8D2585B8783D481';
const OTHER = 'B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8';

/** Status lines of gpgv for signatures, as doc/DETAILS describes them. */
const status = (...lines: string[]) => lines.map((line) => `[GNUPG:] ${line}\n`).join('');
const good = (key = PRIMARY) => [
  'NEWSIG',
  `GOODSIG ${key.slice(-16)} Debian`,
  `VALIDSIG ${'0'.repeat(40)} 2026-01-01 0 0 4 0 22 8 01 ${key}`,
];
const bad = (key = OTHER) => ['NEWSIG', `BADSIG ${key.slice(-16)} Debian`];
const unknown = (key = OTHER) => ['NEWSIG', `ERRSIG ${key.slice(-16)} 22 8 01 0 9`, `NO_PUBKEY ${key.slice(-16)}`];

/** A signature in one line. */
function shown(lines: readonly string[], keyFile: string | null = null): string {
  const signature = readGpgvStatus(status(...lines), keyFile);
  return signature.kind === 'good' ? `good ${signature.key} ${signature.keyFile ?? ''}`.trim() : `${signature.kind}: ${signature.reason}`;
}

const UPDATE = 'update the package debian-archive-keyring, or name its key with --mirror-key FILE';

describe('the status lines of gpgv', () => {
  it.each<[string, readonly string[], string]>([
    ['a good signature', good(), `good ${PRIMARY}`],
    ['a good signature of a key with a longer fingerprint', good('AB'.repeat(32)), `good ${'AB'.repeat(32)}`],
    ['a good signature after one of an unknown key', [...unknown(), ...good()], `good ${PRIMARY}`],
    ['a good signature before one of an unknown key', [...good(), ...unknown()], `good ${PRIMARY}`],
    ['two good signatures', [...good(PRIMARY), ...good(OTHER)], `good ${PRIMARY}`],
    ['a bad signature', bad(), 'bad: the signature of key B7C5D7D6350947F8 does not match the text'],
    ['a bad signature after a good one', [...good(), ...bad()], 'bad: the signature of key B7C5D7D6350947F8 does not match the text'],
    ['a bad signature before a good one', [...bad(), ...good()], 'bad: the signature of key B7C5D7D6350947F8 does not match the text'],
    ['a valid signature without the word good', good().slice(2), 'unchecked: gpgv accepts no signature of it'],
    ['a good signature that is not valid', good().slice(0, 2), 'unchecked: gpgv accepts no signature of it'],
    [
      'a good signature and a valid one that are two',
      [...good().slice(0, 2), 'NEWSIG', ...good().slice(2)],
      'unchecked: gpgv accepts no signature of it',
    ],
    ['a good signature without a fingerprint', [...good().slice(0, 2), 'VALIDSIG 1234'], 'unchecked: gpgv accepts no signature of it'],
    [
      'a signature of a key that has expired',
      ['NEWSIG', 'EXPKEYSIG F8D2585B8783D481 x', 'VALIDSIG x'],
      `unchecked: key F8D2585B8783D481 has expired; ${UPDATE}`,
    ],
    ['a signature that has expired', ['NEWSIG', 'EXPSIG F8D2585B8783D481 x'], `unchecked: key F8D2585B8783D481 has expired; ${UPDATE}`],
    ['a signature of a key that was revoked', ['NEWSIG', 'REVKEYSIG F8D2585B8783D481 x'], 'bad: key F8D2585B8783D481 has been revoked'],
    ['a good signature and one of a key that has expired', ['NEWSIG', 'EXPKEYSIG F8D2585B8783D481 x', ...good(OTHER)], `good ${OTHER}`],
    ['a signature of an unknown key', unknown(), `unchecked: it is signed with the unknown key B7C5D7D6350947F8; ${UPDATE}`],
    ['no signature', ['NODATA 1'], 'unchecked: gpgv accepts no signature of it'],
    ['no line', [], 'unchecked: gpgv accepts no signature of it'],
    [
      'a good signature whose words follow other text',
      ['NEWSIG', `X [GNUPG:] GOODSIG ${PRIMARY.slice(-16)} Debian`, ...good().slice(2)],
      'unchecked: gpgv accepts no signature of it',
    ],
    [
      'a valid signature whose words follow other text',
      [...good().slice(0, 2), `X [GNUPG:] ${good()[2]}`],
      'unchecked: gpgv accepts no signature of it',
    ],
    [
      'a good signature after other text of its beginning',
      ['X [GNUPG:] NEWSIG', ...good().slice(1, 2), 'X [GNUPG:] NEWSIG', ...good().slice(2)],
      `good ${PRIMARY}`,
    ],
    [
      'a fingerprint that follows other text, before a valid signature',
      ['NEWSIG', good()[1] ?? '', `PLAINTEXT [GNUPG:] VALIDSIG ${OTHER}`, ...good().slice(2)],
      `good ${PRIMARY}`,
    ],
    ['a word of gpgv in another place', ['PLAINTEXT 74 BADSIG 1', 'X BADSIG 2 GOODSIG 3'], 'unchecked: gpgv accepts no signature of it'],
  ])('the status of gpgv is read: %s', (_, lines, expected) => {
    expect(shown(lines)).toBe(expected);
  });

  it('a good signature has the file of its key, a longer key is cut, and text of another program does not count', () => {
    expect([
      shown(good(), 'f'.repeat(64)),
      shown([`NEWSIG`, `BADSIG ${'A'.repeat(80)}`]),
      readGpgvStatus(`gpgv: BADSIG 1\nx [GNUPG:] BADSIG 1\n`),
    ]).toEqual([
      `good ${PRIMARY} ${'f'.repeat(64)}`,
      `bad: the signature of key ${'A'.repeat(64)} does not match the text`,
      { kind: 'unchecked', reason: 'gpgv accepts no signature of it' },
    ]);
  });
});

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
  let folder = '';
  const keyring = (name: string) => ({ path: join(folder, `${name}.gpg`), keyFile: name === 'mirror' ? 'mirror.asc' : null });
  const KINDS = ['mirror', 'stranger'] as const;
  let signed: Record<(typeof KINDS)[number], string>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'signature-'));
    const [[mirror = ''], [stranger = '']] = [
      await clearSign(['Origin: Debian\n'], 'mirror'),
      await clearSign(['Origin: Debian\n'], 'stranger'),
    ];
    signed = { mirror, stranger };
    for (const name of KINDS) {
      const { stdout } = await execa('gpg', ['--batch', '--dearmor'], {
        inputFile: publicKey(name),
        stripFinalNewline: false,
        encoding: 'buffer',
        env: { GNUPGHOME: folder },
      });
      await writeFile(join(folder, `${name}.gpg`), stdout);
    }
  });
  afterAll(async () => rm(folder, { recursive: true }));

  it('a Release file is good if any keyring knows its key, and has the text that gpgv verified', async () => {
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
    const missing = { path: '/nonexistent', keyFile: null };
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
        signature: { kind: 'unchecked', reason: expect.stringMatching(/^(?:gpgv accepts no signature of it|it is signed with)/) },
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
      signature: { kind: 'unchecked', reason: `this machine has no keys of the Debian archive; ${UPDATE.replace('update', 'install')}` },
      content: 'Origin: Debian',
    });
  });

  it('a Release file cannot be checked without gpgv, and the reason names its package', async () => {
    const { PATH } = process.env;
    process.env['PATH'] = folder;
    try {
      expect(await verifyInRelease(signed.mirror, [keyring('mirror')])).toEqual({
        signature: { kind: 'unchecked', reason: 'gpgv is not installed; install the package gpgv' },
        content: 'Origin: Debian',
      });
    } finally {
      process.env['PATH'] = PATH;
    }
  });
});
