// Finds the Debian mirrors of this machine: those that the user names, else those of apt. The program has no default host.
import { UserError } from '../../../harness/base/errors.ts';
import { isMissing, runProgram } from '../../../harness/base/program.ts';
import { checkMirrorAddress, MAX_ADDRESS, MIRROR_VARIABLE, mirrorAddress } from '../../trust/mirror-trust.ts';
import { type Archive, archiveOfSuite } from './suites.ts';

/** A repository. `base` contains `dists/` and `pool/` and has no slash at its end. */
export interface Mirror {
  archive: Archive;
  base: string;
  /** True for a mirror of apt if apt on this machine does not check `Valid-Until`: then expired indexes are used, and the report notes it. */
  keepsExpired?: true;
}

const WHAT_TO_SET =
  `name a Debian mirror: --mirror URL, ${MIRROR_VARIABLE}=URL or "mirrors:" in corematrix.yaml; its address is that of ` +
  'the folder that contains dists/ and pool/ (name the security archive, too, if it is not beside it)';

const DISTS = '/dists/';
const RELEASE = '/InRelease';

function sameMirror(a: Mirror, b: Mirror): boolean {
  return a.archive === b.archive && a.base === b.base;
}

function distinct(mirrors: readonly Mirror[]): Mirror[] {
  return mirrors.filter((mirror, index) => mirrors.findIndex((other) => sameMirror(mirror, other)) === index);
}

/**
 * The mirrors in the output of `apt-get update --print-uris`, which reads all of apt's configuration and needs neither root nor downloaded
 * lists. Repositories of other distributions, and addresses other than HTTP, are ignored.
 */
export function parseAptUris(output: string): Mirror[] {
  const mirrors = output.split('\n').flatMap((line): Mirror[] => {
    const [, address = ''] = /^'(https?:\/\/[^/'][^']*)'/.exec(line.slice(0, MAX_ADDRESS)) ?? [];
    const at = address.indexOf(DISTS);
    if (at < 0 || !address.endsWith(RELEASE)) return [];
    const archive = archiveOfSuite(address.slice(at + DISTS.length, -RELEASE.length));
    return archive ? [{ archive, base: mirrorAddress(address.slice(0, at)) }] : [];
  });
  return distinct(mirrors);
}

/**
 * Mirrors from addresses that a person gave. An address that ends in `debian-security` is the security archive. If none is given, the
 * security archive is expected beside an address that ends in `debian`.
 * @throws UserError for a text that is not an HTTP address
 */
export function parseMirrorAddresses(addresses: readonly string[]): Mirror[] {
  const given = addresses.map((address): Mirror => {
    checkMirrorAddress(address);
    const base = mirrorAddress(address);
    return { archive: base.endsWith('debian-security') ? 'debian-security' : 'debian', base };
  });
  const neighbours = given.flatMap((mirror): Mirror[] =>
    mirror.base.endsWith('/debian') ? [{ archive: 'debian-security', base: `${mirror.base}-security` }] : [],
  );
  return distinct(given.some((mirror) => mirror.archive === 'debian-security') ? given : [...given, ...neighbours]);
}

/**
 * Whether apt on this machine uses expired indexes.
 * @see apt.conf(5), Acquire::Check-Valid-Until
 */
async function aptKeepsExpired(): Promise<boolean> {
  const { stdout } = await runProgram(['apt-config', 'shell', 'CHECK', 'Acquire::Check-Valid-Until/b'], { stdin: 'ignore' });
  return stdout === "CHECK='false'";
}

async function aptMirrors(): Promise<Mirror[]> {
  const apt = await runProgram(['apt-get', 'update', '--print-uris'], { env: { LC_ALL: 'C' }, stdin: 'ignore' });
  if (isMissing(apt)) throw new UserError(`this machine has no apt-get; ${WHAT_TO_SET}`);
  const mirrors = parseAptUris(apt.stdout);
  return (await aptKeepsExpired()) ? mirrors.map((mirror) => ({ ...mirror, keepsExpired: true })) : mirrors;
}

/**
 * The Debian mirrors to use, in order: those of the options, else those of `COREMATRIX_DEBIAN_MIRROR`, else those of apt.
 * @throws UserError if no mirror is configured
 */
export async function debianMirrors(given: readonly string[] | undefined, env: NodeJS.ProcessEnv = process.env): Promise<Mirror[]> {
  if (given && given.length > 0) return parseMirrorAddresses(given);
  const variable = (env[MIRROR_VARIABLE] ?? '').split(/[\s,]+/).filter((address) => address !== '');
  if (variable.length > 0) return parseMirrorAddresses(variable);
  const mirrors = await aptMirrors();
  if (mirrors.length === 0) throw new UserError(`apt is not configured with a Debian mirror; ${WHAT_TO_SET}`);
  return mirrors;
}
