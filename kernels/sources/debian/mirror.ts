// Where this machine gets Debian packages from: what the user says, else what apt is configured with. No host is known here.
import { execa } from 'execa';
import { UserError } from '../../../harness/base/errors.ts';
import { type Archive, archiveOfSuite } from './suites.ts';

/** A repository: `dists/` and `pool/` lie below `base`, which has no slash at its end. */
export interface Mirror {
  archive: Archive;
  base: string;
}

const VARIABLE = 'COREMATRIX_DEBIAN_MIRROR';
const WHAT_TO_SET =
  `set ${VARIABLE} or "mirrors:" in corematrix.yaml to the address of a Debian mirror, ` +
  'the directory that holds dists/ and pool/ (several, separated by blanks, when the security archive is elsewhere)';

/** Of an address: no mirror has a longer one. */
const MAX_ADDRESS = 2048;
const DISTS = '/dists/';
const RELEASE = '/InRelease';

/** Without the slashes at its end; a pattern for them takes time that grows by the square of those elsewhere. */
function trimmed(address: string): string {
  let end = address.length;
  while (address[end - 1] === '/') end -= 1;
  return address.slice(0, end);
}

function sameMirror(a: Mirror, b: Mirror): boolean {
  return a.archive === b.archive && a.base === b.base;
}

function distinct(mirrors: readonly Mirror[]): Mirror[] {
  return mirrors.filter((mirror, index) => mirrors.findIndex((other) => sameMirror(mirror, other)) === index);
}

/**
 * The mirrors in the output of `apt-get update --print-uris`, which follows all of apt's configuration, needs no root and no downloaded
 * lists. Repositories that are not Debian's, and access other than HTTP, are left out.
 */
export function parseAptUris(output: string): Mirror[] {
  const mirrors = output.split('\n').flatMap((line): Mirror[] => {
    const [, address = ''] = /^'(https?:\/\/[^/'][^']*)'/.exec(line.slice(0, MAX_ADDRESS)) ?? [];
    const at = address.indexOf(DISTS);
    if (at < 0 || !address.endsWith(RELEASE)) return [];
    const archive = archiveOfSuite(address.slice(at + DISTS.length, -RELEASE.length));
    return archive ? [{ archive, base: trimmed(address.slice(0, at)) }] : [];
  });
  return distinct(mirrors);
}

/**
 * Mirrors from addresses a person gave. One that ends in `debian-security` is the security archive; beside one that ends in `debian`
 * the security archive is looked for as its neighbour when none is given.
 * @throws UserError for what is no HTTP address
 */
export function parseMirrorAddresses(addresses: readonly string[]): Mirror[] {
  const given = addresses.map((address): Mirror => {
    const url = address.length <= MAX_ADDRESS && URL.canParse(address) ? new URL(address) : null;
    if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
      throw new UserError(`'${address}' is not the address of a Debian mirror: expected http:// or https://`);
    }
    const base = trimmed(address);
    return { archive: base.endsWith('debian-security') ? 'debian-security' : 'debian', base };
  });
  const neighbours = given.flatMap((mirror): Mirror[] =>
    mirror.base.endsWith('/debian') ? [{ archive: 'debian-security', base: `${mirror.base}-security` }] : [],
  );
  return distinct(given.some((mirror) => mirror.archive === 'debian-security') ? given : [...given, ...neighbours]);
}

async function aptMirrors(): Promise<Mirror[]> {
  const apt = await execa('apt-get', ['update', '--print-uris'], { reject: false, env: { LC_ALL: 'C' }, stdin: 'ignore' });
  if (apt.failed && apt.exitCode === undefined) throw new UserError(`apt-get is not on this machine; ${WHAT_TO_SET}`);
  return parseAptUris(apt.stdout);
}

/**
 * The Debian mirrors to use, in order: those given, else those of `COREMATRIX_DEBIAN_MIRROR`, else those of apt.
 * @throws UserError when none is configured anywhere
 */
export async function debianMirrors(given: readonly string[] | undefined, env: NodeJS.ProcessEnv = process.env): Promise<Mirror[]> {
  if (given && given.length > 0) return parseMirrorAddresses(given);
  const variable = (env[VARIABLE] ?? '').split(/[\s,]+/).filter((address) => address !== '');
  if (variable.length > 0) return parseMirrorAddresses(variable);
  const mirrors = await aptMirrors();
  if (mirrors.length === 0) throw new UserError(`apt is not configured with a Debian mirror; ${WHAT_TO_SET}`);
  return mirrors;
}
