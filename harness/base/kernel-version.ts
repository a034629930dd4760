// Kernel versions: parsed from all usual forms, ordered, compared with ranges.
import { UserError } from './errors.ts';

/** A parsed kernel version. `7.4-rc3` has rc 3 and no patch level; `5.14.0-427.el9` has patch level 0 and the local part `-427.el9`. */
export interface KernelVersion {
  major: number;
  minor: number;
  /** Null where none is written: `6.12`, `7.4-rc3`. */
  patch: number | null;
  /** Number of the release candidate, null for a release. */
  rc: number | null;
  /** What the distribution or builder added, with its separator; '' if nothing. */
  local: string;
}

const COMPARATORS = ['>=', '<=', '>', '<', '='] as const;
type Comparator = (typeof COMPARATORS)[number];

interface Bound {
  comparator: Comparator;
  version: KernelVersion;
}

/** All bounds must hold. */
export type KernelRange = readonly Bound[];

const MAX_LENGTH = 128;
const VERSION = /^v?(\d{1,5})\.(\d{1,5})(?:\.(\d{1,7}))?((?:[-+~._][\x21-\x7e]+|[-+])?)$/;
/** Upstream writes `-rc3`, Debian packages `~rc3`, Fedora `-0.rc3`. */
const RELEASE_CANDIDATE = /^(?:[-~]|-0\.)rc(\d{1,4})(?![0-9a-z])/;

/** Like parseKernelVersion, but returns null for text that is not a kernel version. */
export function tryParseKernelVersion(text: string): KernelVersion | null {
  const match = text.length <= MAX_LENGTH ? VERSION.exec(text) : null;
  if (!match) return null;
  const [, major = '', minor = '', patch, rest = ''] = match;
  const candidate = RELEASE_CANDIDATE.exec(rest);
  return {
    major: Number(major),
    minor: Number(minor),
    patch: patch === undefined ? null : Number(patch),
    rc: candidate ? Number(candidate[1]) : null,
    local: candidate ? rest.slice(candidate[0].length) : rest,
  };
}

/**
 * Reads a version such as `6.12.117+deb13-cloud-amd64`, `7.4-rc3`, `5.14.0-427.50.1.el9_4.x86_64` or `6.12`.
 * `uname -r` does not always print the upstream version: Debian's `5.10.0-46` is 5.10.262, which only the package version shows.
 * @throws UserError
 */
export function parseKernelVersion(text: string): KernelVersion {
  const version = tryParseKernelVersion(text);
  if (version) return version;
  throw new UserError(`'${text.slice(0, MAX_LENGTH)}' is not a kernel version; expected for example 6.12, 6.12.117 or 7.4-rc3`);
}

/** `6.12`: what a matrix groups by. */
export function seriesOf(version: KernelVersion): string {
  return `${version.major}.${version.minor}`;
}

/** `6.12.117`, `7.4-rc3`: the version without what a distribution added. */
export function upstreamOf(version: KernelVersion): string {
  const patch = version.patch === null ? '' : `.${version.patch}`;
  return `${seriesOf(version)}${patch}${version.rc === null ? '' : `-rc${version.rc}`}`;
}

function compareSeries(a: KernelVersion, b: KernelVersion): number {
  return a.major - b.major || a.minor - b.minor;
}

/** Compares upstream versions alone: series, patch level, and a release candidate below its release. */
export function compareUpstream(a: KernelVersion, b: KernelVersion): number {
  const rc = (version: KernelVersion) => version.rc ?? Number.MAX_SAFE_INTEGER;
  return compareSeries(a, b) || (a.patch ?? 0) - (b.patch ?? 0) || rc(a) - rc(b);
}

/** Text with numbers in it, number by number: `-46` below `-103`, `.el8` below `.el9`. Leading zeros do not count. */
function compareLocal(a: string, b: string): number {
  const parts = (text: string) => text.match(/\d+|\D+/g) ?? [];
  const [left, right] = [parts(a), parts(b)];
  for (const [index, one] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const [x, y] = [one.replace(/^0+(?=\d)/, ''), other.replace(/^0+(?=\d)/, '')];
    const numbers = /^\d/.test(x) && /^\d/.test(y);
    if (numbers && x.length !== y.length) return x.length - y.length;
    if (x !== y) return x < y ? -1 : 1;
  }
  return left.length - right.length;
}

/**
 * A total order: negative when `a` is older, 0 when no part that counts differs (`6.12` and `6.12.0`).
 * Local parts order builds of one upstream version only. Between distributions this order has no meaning.
 */
export function compareKernelVersions(a: KernelVersion, b: KernelVersion): number {
  return compareUpstream(a, b) || compareLocal(a.local, b.local);
}

const MAJOR = /^v?(\d{1,5})$/;

/** What a comparison with a major version alone most likely means; `>=6` and `<6` are accepted as `>=6.0` and `<6.0`. */
function withSeries(comparator: Comparator, major: number): string {
  if (comparator === '>') return `>=${major + 1}.0`;
  if (comparator === '<=') return `<${major + 1}.0`;
  return `>=${major}.0,<${major + 1}.0`;
}

function parseBound(text: string, whole: string): Bound {
  const comparator = COMPARATORS.find((candidate) => text.startsWith(candidate)) ?? '=';
  const written = text.replace(/^[<>]?=?/, '').trim();
  const major = MAJOR.exec(written)?.[1];
  const isPlain = comparator === '>=' || comparator === '<';
  const version = tryParseKernelVersion(major !== undefined && isPlain ? `${major}.0` : written);
  if (version) return { comparator, version };
  const meant = major === undefined ? '' : ` (did you mean ${withSeries(comparator, Number(major))}?)`;
  const shown = whole.slice(0, MAX_LENGTH);
  throw new UserError(`'${shown}' is not a range of kernel versions${meant}; expected for example 6.12, <5.14 or >=5.10,<=6.12`);
}

/**
 * Reads comparators joined by commas: `>=5.10,<=6.12`, `<5.14`, `6.1`, `>=6.12.100`, `<6`.
 * @throws UserError for other text, and for a range that no version is in
 */
export function parseRange(text: string): KernelRange {
  const bounds = text
    .slice(0, 1024)
    .split(',')
    .map((bound) => bound.trim());
  const range = bounds.map((bound) => parseBound(bound, text));
  if (isEmpty(range))
    throw new UserError(
      `'${text.slice(0, MAX_LENGTH)}' is an empty range: no kernel version is ${bounds.join(' and also ')}` +
        (bounds.length > 1 ? '; all conditions between commas must hold' : ''),
    );
  return range;
}

/** Compares a version with a bound, at the precision of the bound. */
function compareToBound(version: KernelVersion, bound: KernelVersion): number {
  if (bound.local !== '') return compareKernelVersions(version, bound);
  return bound.patch === null && bound.rc === null ? compareSeries(version, bound) : compareUpstream(version, bound);
}

const HOLDS = {
  '>=': (order) => order >= 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '<': (order) => order < 0,
  '=': (order) => order === 0,
} as const satisfies Record<Comparator, (order: number) => boolean>;

/** The versions beside a bound. Some version is in a range exactly if one of the versions beside its bounds is. */
function besideBound({ version }: Bound): KernelVersion[] {
  const { major, minor, patch, rc } = version;
  const release = { major, minor, patch: patch ?? 0, rc: null, local: '' };
  return [
    version,
    release,
    { ...release, rc: 1 },
    { ...release, rc: Math.max(0, (rc ?? 1) - 1) },
    { ...release, rc: (rc ?? 0) + 1 },
    { ...release, patch: (patch ?? 0) + 1 },
    { ...release, patch: Math.max(0, (patch ?? 0) - 1) },
    { ...release, patch: 0, minor: minor + 1 },
    minor > 0 ? { ...release, minor: minor - 1, patch: 0 } : { ...release, major: major - 1, patch: 0 },
  ].filter((each) => each.major >= 0);
}

/** Whether certainly no version is in a range. Builds of one version have no version between them that is known. */
function isEmpty(range: KernelRange): boolean {
  if (range.some(({ version }) => version.local !== '')) return false;
  return !range.flatMap(besideBound).some((version) => inRange(version, range));
}

/** Where a version lies: in the range, below a bound that does not hold, or above one. */
export function sideOf(version: KernelVersion, range: KernelRange): 'in' | 'below' | 'above' {
  const broken = range.find((bound) => !HOLDS[bound.comparator](compareToBound(version, bound.version)));
  if (!broken) return 'in';
  if (broken.comparator === '=') return compareToBound(version, broken.version) < 0 ? 'below' : 'above';
  return broken.comparator.startsWith('>') ? 'below' : 'above';
}

/**
 * Whether every bound holds. A bound without patch level means the whole series: `<=6.12` holds for 6.12.117, `>6.1` does not
 * hold for 6.1.5, and `>=7.4` holds for 7.4-rc1.
 */
export function inRange(version: KernelVersion, range: KernelRange): boolean {
  return range.every((bound) => HOLDS[bound.comparator](compareToBound(version, bound.version)));
}
