// A digest of corematrix itself, because another version may give another verdict.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf } from '../base/digest.ts';

/** Folders whose code cannot change a verdict. */
const WITHOUT_VERDICTS = ['cli/', 'docs/', 'doctor/', 'minimum-kernel/', 'results/history/', 'setup/'];

/** A digest of the code in harness/ that loads objects and decides verdicts. */
export async function toolDigest(): Promise<string> {
  const root = join(import.meta.dirname, '..');
  const names = (await readdir(root, { recursive: true })).filter(
    (name) => /\.[jt]s$/.test(name) && !name.endsWith('.d.ts') && !WITHOUT_VERDICTS.some((folder) => name.startsWith(folder)),
  );
  return digestOf(names.toSorted().map((name) => join(root, name)));
}
