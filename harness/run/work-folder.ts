// The folder for everything short-lived of one command, in the temporary folder of the system.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeOwnedFolder, type OwnedFolder, removeAbandoned } from '../base/ownership.ts';

const PREFIX = 'corematrix-';
const NAMED = new RegExp(`^${PREFIX}[0-9a-f]{16}$`);

/** Makes a work folder. First removes those of this user whose commands were killed. */
export async function makeWorkFolder(): Promise<OwnedFolder> {
  await removeAbandoned(tmpdir(), NAMED, { user: process.geteuid?.() });
  return makeOwnedFolder(join(tmpdir(), PREFIX), { mode: 0o700 });
}
