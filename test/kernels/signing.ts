// Real OpenPGP keys and signatures for the mirrors of tests. Keys are made once on each machine and kept in the cache. Keys and signatures
// are of a fixed time in the past, so that they are also valid for tests that set the clock.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { cacheRoot } from '../../harness/base/files.ts';
import { populateDirectory } from '../../harness/base/populate.ts';

/** `mirror` signs the mirrors of tests; no user trusts the key `stranger`; `short-lived` is valid for one second only. */
export const KEY_NAMES = ['mirror', 'stranger', 'short-lived'] as const;
export type KeyName = (typeof KEY_NAMES)[number];

/** When keys and signatures are made; `!` stops the clock. */
const MADE = '20200101T000000!';

type Gpg = (args: readonly string[], input?: string) => Promise<string>;

/** Runs gpg with an empty home folder. Its agent ends with it. */
async function withGpg<T>(use: (gpg: Gpg) => Promise<T>): Promise<T> {
  const home = await mkdtemp(join(tmpdir(), 'gpg-'));
  const env = { GNUPGHOME: home };
  try {
    return await use(async (args, input = '') => {
      const all = ['--batch', '--quiet', '--faked-system-time', MADE, '--pinentry-mode', 'loopback', '--passphrase', '', ...args];
      return (await execa('gpg', all, { env, input, stripFinalNewline: false })).stdout;
    });
  } finally {
    await execa('gpgconf', ['--kill', 'all'], { env, reject: false });
    await rm(home, { recursive: true, force: true });
  }
}

const folderOf = (name: KeyName) => join(cacheRoot(), 'test', 'keys-2', name);
/** The file with the public key. */
export const publicKey = (name: KeyName) => join(folderOf(name), 'public.asc');

async function ensureKey(name: KeyName): Promise<void> {
  await populateDirectory(folderOf(name), async (folder) => {
    await withGpg(async (gpg) => {
      const expiry = name === 'short-lived' ? 'seconds=1' : 'never';
      await gpg(['--quick-generate-key', `corematrix test ${name} <${name}@example.org>`, 'ed25519', 'sign', expiry]);
      await gpg(['--armor', '--output', join(folder, 'public.asc'), '--export']);
      await gpg(['--armor', '--output', join(folder, 'secret.asc'), '--export-secret-keys']);
    });
  });
}

/** The fingerprint of a key in hexadecimal. */
export async function fingerprintOf(name: KeyName): Promise<string> {
  await ensureKey(name);
  const listed = await execa('gpg', ['--batch', '--with-colons', '--show-keys', publicKey(name)]);
  return /^fpr:+([0-9A-F]{40}):/m.exec(listed.stdout)?.[1] ?? '';
}

const signed = new Map<string, string>();

/** Texts with a clear signature of a key, in their order. */
export async function clearSign(texts: readonly string[], name: KeyName): Promise<string[]> {
  await ensureKey(name);
  const missing = texts.filter((text) => !signed.has(`${name} ${text}`));
  if (missing.length > 0) {
    await withGpg(async (gpg) => {
      await gpg(['--import', join(folderOf(name), 'secret.asc')]);
      for (const text of missing) signed.set(`${name} ${text}`, await gpg(['--clear-sign'], text));
    });
  }
  return texts.map((text) => signed.get(`${name} ${text}`) ?? '');
}

/** The environment of a command that trusts the mirrors of tests. */
export const TRUSTING = { COREMATRIX_MIRROR_KEYS: publicKey('mirror') } as const;
