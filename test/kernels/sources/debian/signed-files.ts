// Good and hostile InRelease files, made with gpg in an empty home folder.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

/** An InRelease file, and the keys that verify it, in binary form. */
export interface SignedFile {
  name: string;
  message: string;
  keys: Buffer;
}

const TEXT = 'Origin: Debian\nSuite: stable\n- a line with a dash\n\nSHA256:\n 00 1 main\n';
const YEAR = 365 * 24 * 60 * 60;

/** Algorithm and use of each key. `lives`: it was made two years ago and lived for one. */
const KEYS = {
  ed25519: { algorithm: 'ed25519' },
  second: { algorithm: 'ed25519' },
  stranger: { algorithm: 'ed25519' },
  rsa2048: { algorithm: 'rsa2048' },
  rsa1024: { algorithm: 'rsa1024' },
  dsa2048: { algorithm: 'dsa2048' },
  nistp256: { algorithm: 'nistp256' },
  brainpool: { algorithm: 'brainpoolP256r1' },
  expired: { algorithm: 'ed25519', lives: true },
  renewed: { algorithm: 'ed25519', lives: true },
  revoked: { algorithm: 'ed25519' },
  subkey: { algorithm: 'ed25519', use: 'cert' },
  'expired subkey': { algorithm: 'ed25519', use: 'cert' },
  'revoked subkey': { algorithm: 'ed25519', use: 'cert' },
  'later cert-only': { algorithm: 'ed25519' },
  'SHA-1 self-signature': { algorithm: 'rsa2048' },
} as const satisfies Record<string, { algorithm: string; use?: string; lives?: boolean }>;
type KeyName = keyof typeof KEYS;

/** gpg in a home folder. */
class Gpg {
  readonly home: string;
  private readonly made = new Map<KeyName, string>();

  constructor(home: string) {
    this.home = home;
  }

  async run(args: readonly string[], input: string | Buffer = ''): Promise<Buffer> {
    const all = ['--batch', '--yes', '--quiet', '--allow-weak-digest-algos', '--pinentry-mode', 'loopback', '--passphrase', '', ...args];
    const { stdout } = await execa('gpg', all, { env: { GNUPGHOME: this.home }, input, encoding: 'buffer', stripFinalNewline: false });
    return Buffer.from(stdout);
  }

  /** The fingerprint of a key, which is made if needed. */
  async key(name: KeyName): Promise<string> {
    const known = this.made.get(name);
    if (known !== undefined) return known;
    const spec: { algorithm: string; use?: string; lives?: boolean } = KEYS[name];
    const then = spec.lives === true || name === 'expired subkey' ? await this.past(2) : [];
    const digest = name === 'SHA-1 self-signature' ? ['--cert-digest-algo', 'SHA1'] : [];
    const expiry = spec.lives === true ? '1y' : 'never';
    await this.run([...then, ...digest, '--quick-generate-key', `${name} <key@example.org>`, spec.algorithm, spec.use ?? 'sign', expiry]);
    const listed = (await this.run(['--with-colons', '--list-keys', `=${name} <key@example.org>`])).toString();
    const fingerprint = /^fpr:+([0-9A-F]{40}):/m.exec(listed)?.[1] ?? '';
    if (spec.use === 'cert') {
      await this.run([...then, '--quick-add-key', fingerprint, 'ed25519', 'sign', name === 'expired subkey' ? '1y' : 'never']);
    }
    this.made.set(name, fingerprint);
    return fingerprint;
  }

  /** The option for a time so many years ago. */
  async past(years: number): Promise<string[]> {
    return ['--faked-system-time', `${Math.floor(Date.now() / 1000) - years * YEAR}!`];
  }

  async sign(name: KeyName, { text = TEXT, options = [] }: { text?: string; options?: readonly string[] } = {}): Promise<string> {
    const key = await this.key(name);
    return (await this.run([...options, '--local-user', key, '--clear-sign'], text)).toString();
  }

  async signByAll(names: readonly KeyName[]): Promise<string> {
    const users: string[] = [];
    for (const name of names) users.push('--local-user', await this.key(name));
    return (await this.run([...users, '--clear-sign'], TEXT)).toString();
  }

  async export(...names: readonly KeyName[]): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (const name of names) parts.push(await this.run(['--export', await this.key(name)]));
    return Buffer.concat(parts);
  }

  async revoke(name: KeyName): Promise<void> {
    const path = join(this.home, 'openpgp-revocs.d', `${await this.key(name)}.rev`);
    await this.run(['--import'], (await readFile(path, 'utf8')).replace(/^:-----BEGIN/m, '-----BEGIN'));
  }

  /** Answers the questions of `--edit-key`. */
  async edit(name: KeyName, answers: readonly string[]): Promise<void> {
    const key = await this.key(name);
    const args = [
      '--no-tty',
      '--expert',
      '--command-fd',
      '0',
      '--status-fd',
      '2',
      '--pinentry-mode',
      'loopback',
      '--passphrase',
      '',
      '--edit-key',
      key,
    ];
    await execa('gpg', args, { env: { GNUPGHOME: this.home }, input: `${answers.join('\n')}\n` });
  }
}

const SIGNATURE = /-----BEGIN PGP SIGNATURE-----\n[\s\S]*-----END PGP SIGNATURE-----\n/;
const signatureOf = (message: string) => SIGNATURE.exec(message)?.[0] ?? '';

/** The bytes of the signature packets, without armour and checksum. */
function packetsOf(message: string): Buffer {
  const lines = signatureOf(message).split('\n').slice(2, -2);
  return Buffer.from(lines.filter((line) => !line.startsWith('=')).join(''), 'base64');
}

/** A message with other signature packets; the checksum, which is optional, is left out. */
function withPackets(message: string, packets: Buffer): string {
  const lines = packets.toString('base64').match(/.{1,64}/g) ?? [];
  const armour = ['-----BEGIN PGP SIGNATURE-----', '', ...lines, '-----END PGP SIGNATURE-----', ''].join('\n');
  return message.replace(SIGNATURE, () => armour);
}

function flipped(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
}

function withByte(bytes: Buffer, at: number, value: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = value;
  return changed;
}

type Change = readonly [name: string, change: (message: string) => string];

/** Changes of a message that is signed with a known key. */
const CHANGES: readonly Change[] = [
  ['an altered word', (m) => m.replace('stable', 'unstable')],
  ['a line less', (m) => m.replace('Suite: stable\n', '')],
  ['a line more', (m) => m.replace('Suite: stable\n', 'Suite: stable\nSuite: other\n')],
  ['an empty line more at its end', (m) => m.replace('\n-----BEGIN PGP SIGNATURE', '\n\n-----BEGIN PGP SIGNATURE')],
  ['an empty line more at its beginning', (m) => m.replace('\n\nOrigin', '\n\n\nOrigin')],
  ['blanks at the ends of lines', (m) => m.replace('stable\n', 'stable \t \n')],
  ['blanks at the beginning of a line', (m) => m.replace('Suite', ' Suite')],
  ['carriage returns at the ends of its lines of text', (m) => m.replace('stable\n', 'stable\r\n')],
  ['a carriage return inside a line', (m) => m.replace('Suite', 'Su\rite')],
  ['carriage returns at the ends of all lines', (m) => m.replaceAll('\n', '\r\n')],
  ['a form feed at the end of a line', (m) => m.replace('stable\n', 'stable\f\n')],
  ['a zero byte', (m) => m.replace('stable', 'stable\0')],
  ['a dash escape less', (m) => m.replace('- - a line', '- a line')],
  ['a dash escape more', (m) => m.replace('Suite', '- Suite')],
  ['text before the message', (m) => `Origin: Evil\n${m}`],
  ['text after the message', (m) => `${m}Origin: Evil\n`],
  ['empty lines after the message', (m) => `${m}\n\n`],
  ['a line of blanks before the text', (m) => m.replace('\n\nOrigin', '\n \nOrigin')],
  ['the message twice', (m) => m + m],
  ['its signature twice', (m) => m + signatureOf(m)],
  ['its packets twice', (m) => withPackets(m, Buffer.concat([packetsOf(m), packetsOf(m)]))],
  ['no checksum', (m) => withPackets(m, packetsOf(m))],
  ['a wrong checksum', (m) => m.replace(/\n=[\w+/]{4}\n/, '\n=AAAA\n')],
  ['no signature', () => TEXT],
  ['no end of its signature', (m) => m.replace('-----END PGP SIGNATURE-----\n', '')],
  ['an empty signature', (m) => withPackets(m, Buffer.alloc(0))],
  ['a cut signature', (m) => withPackets(m, packetsOf(m).subarray(0, -10))],
  ['a flipped bit in the signature', (m) => withPackets(m, flipped(packetsOf(m), packetsOf(m).length - 1))],
  ['a later time in the signature', (m) => withPackets(m, withByte(packetsOf(m), packetsOf(m).indexOf(Buffer.from([5, 2])) + 2, 0x7f))],
  ['another packet version', (m) => withPackets(m, flipped(packetsOf(m), 2))],
  ['random bytes as its signature', (m) => withPackets(m, Buffer.from('d1'.repeat(90), 'hex'))],
  ['a packet of another kind before its signature', (m) => withPackets(m, Buffer.concat([Buffer.from([0xcd, 1, 65]), packetsOf(m)]))],
  ['a header of another digest', (m) => m.replace(/^Hash: .*$/m, 'Hash: SHA1')],
  ['no header', (m) => m.replace(/^Hash: .*\n/m, '')],
  ['an unknown header', (m) => m.replace(/^Hash: .*$/m, '$&\nCharset: UTF-8')],
  ['a header that turns dash escapes off', (m) => m.replace(/^Hash: .*$/m, '$&\nNotDashEscaped: You need GnuPG to verify this message')],
  ['a header that is hidden in the text', (m) => m.replace('\n\nOrigin', '\n\nHash: SHA512\n\nOrigin')],
  ['the first line of a message in its text', (m) => m.replace('Suite', '-----BEGIN PGP SIGNED MESSAGE-----\nSuite')],
];

/** Signatures by other keys, and by several. */
async function byKeys(gpg: Gpg): Promise<SignedFile[]> {
  const files: SignedFile[] = [];
  const add = (name: string, message: string, keys: Buffer) => files.push({ name, message, keys });
  for (const name of ['ed25519', 'rsa2048', 'rsa1024', 'dsa2048', 'nistp256', 'brainpool', 'subkey', 'SHA-1 self-signature'] as const) {
    add(`key ${name}`, await gpg.sign(name), await gpg.export(name));
  }
  for (const digest of ['MD5', 'SHA1', 'RIPEMD160', 'SHA224', 'SHA384', 'SHA512']) {
    add(`digest ${digest}`, await gpg.sign('rsa2048', { options: ['--digest-algo', digest] }), await gpg.export('rsa2048'));
  }
  const known = await gpg.export('ed25519', 'second');
  add('an unknown key', await gpg.sign('stranger'), known);
  add('two known keys', await gpg.signByAll(['ed25519', 'second']), known);
  add('an unknown key and a known one', await gpg.signByAll(['stranger', 'ed25519']), known);
  add('a known key and an unknown one', await gpg.signByAll(['ed25519', 'stranger']), known);
  const one = await gpg.sign('ed25519');
  const other = await gpg.sign('second', { text: 'Origin: Evil\n' });
  add('a good signature and one of another text', withPackets(one, Buffer.concat([packetsOf(one), packetsOf(other)])), known);
  add('a signature of another text and a good one', withPackets(one, Buffer.concat([packetsOf(other), packetsOf(one)])), known);
  add('the signature of another text', withPackets(one, packetsOf(other)), known);
  const past = await gpg.past(1.5);
  add('a key that has expired since', await gpg.sign('expired', { options: past }), await gpg.export('expired'));
  add(
    'a key that has expired since, altered',
    (await gpg.sign('expired', { options: past })).replace('stable', 'x'),
    await gpg.export('expired'),
  );
  const old = await gpg.sign('renewed', { options: past });
  await gpg.run(['--quick-set-expire', await gpg.key('renewed'), '1y']);
  add('a key that had expired and was renewed since', old, await gpg.export('renewed'));
  add('a subkey that has expired since', await gpg.sign('expired subkey', { options: past }), await gpg.export('expired subkey'));
  add('a signature that has expired', await gpg.sign('second', { options: ['--default-sig-expire', 'seconds=1'] }), known);
  const future = `${Math.floor(Date.now() / 1000) + YEAR}!`;
  add('a signature of the future', await gpg.sign('second', { options: ['--faked-system-time', future] }), known);
  const notation = ['--sig-notation', '!critical@example.org=1'];
  add('a signature with a critical notation', await gpg.sign('second', { options: notation }), known);
  const before = { revoked: await gpg.sign('revoked'), subkey: await gpg.sign('revoked subkey'), use: await gpg.sign('later cert-only') };
  await gpg.revoke('revoked');
  add('a key that was revoked since', before.revoked, await gpg.export('revoked'));
  await gpg.edit('revoked subkey', ['key 1', 'revkey', 'y', '0', '', 'y', 'save']);
  add('a subkey that was revoked since', before.subkey, await gpg.export('revoked subkey'));
  await gpg.edit('later cert-only', ['change-usage', 's', 'q', 'save']);
  add('a key that may no longer sign', before.use, await gpg.export('later cert-only'));
  const mixed = (parts: readonly string[]) => withPackets(one, Buffer.concat(parts.map(packetsOf)));
  const all = Buffer.concat([known, await gpg.export('expired', 'revoked', 'rsa2048')]);
  const late = await gpg.sign('expired', { options: past });
  const weak = await gpg.sign('rsa2048', { options: ['--digest-algo', 'SHA1'] });
  add('a key that has expired and a good one', mixed([late, one]), all);
  add('a key that has expired and a revoked one', mixed([before.revoked, late]), all);
  add('a weak digest and an unknown key', mixed([weak, await gpg.sign('stranger')]), all);
  add('a keyring without keys', one, Buffer.alloc(0));
  add('a keyring of random bytes', one, Buffer.from('99ff'.repeat(50), 'hex'));
  add('a keyring with trust packets', one, Buffer.concat([known, Buffer.from([0xb0, 2, 0, 0])]));
  add('a cut keyring', one, known.subarray(0, -5));
  add('a keyring with a broken key before', one, Buffer.concat([flipped(await gpg.export('stranger'), 20), known]));
  add('a key with a flipped bit', one, flipped(await gpg.export('ed25519'), 40));
  return files;
}

/** Makes all files. gpg and its agent end with it. */
export async function signedFiles(): Promise<SignedFile[]> {
  const home = await mkdtemp(join(tmpdir(), 'gpg-'));
  try {
    await writeFile(join(home, 'gpg.conf'), 'no-auto-check-trustdb\n');
    const gpg = new Gpg(home);
    const genuine = await gpg.sign('ed25519', { options: ['--digest-algo', 'SHA512'] });
    const keys = await gpg.export('ed25519', 'second');
    return [...CHANGES.map(([name, change]) => ({ name, message: change(genuine), keys })), ...(await byKeys(gpg))];
  } finally {
    await execa('gpgconf', ['--kill', 'all'], { env: { GNUPGHOME: home }, reject: false });
    await rm(home, { recursive: true, force: true });
  }
}
