// A second opinion on signatures: gpgv, with the same rules.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

/** A verdict in one line: `good KEY`, `bad` or `unchecked`. */
export type Opinion = `good ${string}` | 'bad' | 'unchecked';

/**
 * Reads the status lines of gpgv. As in apt, one good signature of a known key is enough. One bad signature makes the text bad.
 * @see doc/DETAILS in the sources of GnuPG
 */
function readStatus(status: string): Opinion {
  const has = (word: string) => new RegExp(`^\\[GNUPG:\\] ${word} `, 'm').test(status);
  if (has('BADSIG')) return 'bad';
  const signatures = status.split(/^\[GNUPG:\] NEWSIG.*$/m);
  const good = signatures.find((lines) => /^\[GNUPG:\] GOODSIG /m.test(lines));
  const key = /^\[GNUPG:\] VALIDSIG .*?([0-9A-F]{40,64})$/m.exec(good ?? '')?.[1];
  if (key !== undefined) return `good ${key}`;
  return has('REVKEYSIG') && !has('EXPKEYSIG') && !has('EXPSIG') ? 'bad' : 'unchecked';
}

/** What gpgv says of an InRelease file, with the keys in binary form. */
export async function gpgvOpinion(message: string, keys: Buffer): Promise<Opinion> {
  const folder = await mkdtemp(join(tmpdir(), 'gpgv-'));
  try {
    const keyring = join(folder, 'keys.gpg');
    await writeFile(keyring, keys);
    const args = ['--weak-digest', 'SHA1', '--keyring', keyring, '--status-fd', '3', '--output', '-', '-'];
    const ended = await execa('gpgv', args, { input: message, stdio: ['pipe', 'pipe', 'ignore', 'pipe'], reject: false });
    return readStatus(ended.stdio[3] ?? '');
  } finally {
    await rm(folder, { recursive: true });
  }
}
