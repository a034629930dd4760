// Runs before and after all tests: keeps their temporary files in one folder, and fails the run if some are left.
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clearLeftovers, removeUnusedFolders, RUN_FOLDER } from './leftovers.ts';

/** Vitest calls this function before all tests, and the returned function after them. */
export default async function setup(): Promise<() => Promise<void>> {
  // Short, because the path of a socket has at most 108 bytes.
  const folder = await mkdtemp(join(tmpdir(), 'cm-'));
  // Tests start programs as other users, who must be able to enter the folders of tests, as they can enter /tmp.
  await chmod(folder, 0o755);
  process.env[RUN_FOLDER] = folder;
  return async () => {
    await removeUnusedFolders(folder);
    const left = await clearLeftovers(folder, null);
    if (left.length === 0) return;
    process.stderr.write(`the tests left something behind:\n${left.map((line) => `  ${line}\n`).join('')}`);
    process.exitCode = 1;
  };
}
