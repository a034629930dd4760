// Which mirrors and keys the user trusts: options of the command line and variables of the environment.
import { createHash } from 'node:crypto';
import { delimiter, resolve } from 'node:path';
import { UserError } from '../../harness/base/errors.ts';
import { type FileLimit, readUserFile } from '../../harness/base/user-file.ts';
import type { MirrorTrust } from './trust.ts';

/** Values of the options; those of the environment are added. */
export interface TrustOptions {
  /** Addresses of mirrors to use although they cannot be verified. */
  trustMirrors?: readonly string[] | undefined;
  /** Files with keys that may sign indexes. */
  mirrorKeys?: readonly string[] | undefined;
}

/** Addresses of mirrors to use in place of those of apt. */
export const MIRROR_VARIABLE = 'COREMATRIX_DEBIAN_MIRROR';
export const TRUST_VARIABLE = 'COREMATRIX_TRUST_MIRRORS';
export const KEYS_VARIABLE = 'COREMATRIX_MIRROR_KEYS';
export const KEY_FILE = { kind: 'a file with OpenPGP keys', maxBytes: 4 << 20 } as const satisfies FileLimit;

/** An address without slashes at its end, as the records of the cache have it. */
export function mirrorAddress(address: string): string {
  let end = address.length;
  while (address[end - 1] === '/') end -= 1;
  return address.slice(0, end);
}

/** The mirrors to use although they cannot be verified. */
function acceptedMirrors({ trustMirrors = [] }: TrustOptions = {}, env: NodeJS.ProcessEnv = process.env): string[] {
  const named = (env[TRUST_VARIABLE] ?? '').split(/[\s,]+/).filter((address) => address !== '');
  return [...trustMirrors, ...named].map(mirrorAddress);
}

async function readKey(path: string): Promise<MirrorTrust['keys'][number]> {
  const content = await readUserFile(path, { ...KEY_FILE, missing: 'no such file with keys of a mirror' });
  if (content.length === 0) throw new UserError(`${path}: not a file with OpenPGP keys`);
  return { path: resolve(path), sha256: createHash('sha256').update(content).digest('hex') };
}

/**
 * What the user trusts.
 * @throws UserError if a key file cannot be read
 */
export async function mirrorTrust(options: TrustOptions = {}, env: NodeJS.ProcessEnv = process.env): Promise<MirrorTrust> {
  const named = (env[KEYS_VARIABLE] ?? '').split(delimiter).filter((path) => path !== '');
  const paths = [...(options.mirrorKeys ?? []), ...named];
  return { accepted: acceptedMirrors(options, env), keys: await Promise.all(paths.map(readKey)) };
}

/** Maximum length of an address. */
export const MAX_ADDRESS = 2048;

/**
 * Checks the address of a mirror.
 * @throws UserError for a text that is not an HTTP address
 */
export function checkMirrorAddress(address: string): void {
  const url = address.length <= MAX_ADDRESS && URL.canParse(address) ? new URL(address) : null;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return;
  throw new UserError(`'${address}' is not the address of a Debian mirror: expected http:// or https://`);
}
