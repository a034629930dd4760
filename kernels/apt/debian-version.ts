// Versions of Debian packages: their order, and the upstream kernel version inside.
import { type KernelVersion, tryParseKernelVersion } from '../../harness/base/kernel-version.ts';

interface Parts {
  epoch: string;
  upstream: string;
  revision: string;
}

function partsOf(version: string): Parts {
  const colon = version.indexOf(':');
  const rest = version.slice(colon + 1);
  const hyphen = rest.lastIndexOf('-');
  return {
    epoch: colon < 0 ? '0' : version.slice(0, colon),
    upstream: hyphen < 0 ? rest : rest.slice(0, hyphen),
    revision: hyphen < 0 ? '' : rest.slice(hyphen + 1),
  };
}

/** `~` sorts before the end, the end before letters, letters before everything else. */
function weight(character: string | undefined): number {
  if (character === undefined || /\d/.test(character)) return 0;
  if (character === '~') return -1;
  return /[A-Za-z]/.test(character) ? character.charCodeAt(0) : character.charCodeAt(0) + 256;
}

function compareNonDigits(a: string, b: string): number {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const order = weight(a[index]) - weight(b[index]);
    if (order !== 0) return order;
  }
  return 0;
}

function compareDigits(a: string, b: string): number {
  const [x, y] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  if (x.length !== y.length) return x.length - y.length;
  if (x === y) return 0;
  return x < y ? -1 : 1;
}

/** Alternating runs of non-digits and digits. The first is always of non-digits and may be empty. */
function runsOf(text: string): string[] {
  const runs = text.match(/\d+|\D+/g) ?? [];
  return /^\d/.test(text) ? ['', ...runs] : runs;
}

function comparePart(a: string, b: string): number {
  const [left, right] = [runsOf(a), runsOf(b)];
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const compare = index % 2 === 0 ? compareNonDigits : compareDigits;
    const order = compare(left[index] ?? '', right[index] ?? '');
    if (order !== 0) return order;
  }
  return 0;
}

/**
 * Order of two package versions: negative if `a` is older, 0 if they are the same version.
 * @see deb-version(7), "Sorting algorithm"
 */
export function compareDebianVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  return compareDigits(left.epoch, right.epoch) || comparePart(left.upstream, right.upstream) || comparePart(left.revision, right.revision);
}

/** The kernel version in a package version: `5.10.262-1` is 5.10.262, `7.3~rc7-1~exp1` is 7.3-rc7. Null if it has none. */
export function kernelVersionOf(packageVersion: string): KernelVersion | null {
  return tryParseKernelVersion(partsOf(packageVersion).upstream);
}

/** Whether a package was rebuilt for a suite other than its own: `~bpo13+1`, `~deb12u1`. */
export function isRebuild(packageVersion: string): boolean {
  return /~(bpo|deb)\d/.test(packageVersion);
}
