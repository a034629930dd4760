// What this program is made of, as a digest: another version of it may judge otherwise.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf } from '../base/digest.ts';

/** Folders whose code only speaks with people. */
const NO_JUDGES = ['cli/', 'doctor/', 'minimum-kernel/', 'results/history/', 'setup/'];

/** A digest of the code below this folder's parent that loads objects and judges what comes of it. */
export async function toolDigest(): Promise<string> {
  const root = join(import.meta.dirname, '..');
  const names = (await readdir(root, { recursive: true })).filter(
    (name) => /\.[jt]s$/.test(name) && !name.endsWith('.d.ts') && !NO_JUDGES.some((folder) => name.startsWith(folder)),
  );
  return digestOf(names.toSorted().map((name) => join(root, name)));
}
