// How a source pins kernels: its entries in a lock file, and the changes that pin newer kernels instead.
import { isDeepStrictEqual } from 'node:util';
import { compareKernelVersions, parseKernelVersion } from '../../harness/base/kernel-version.ts';
import type { KernelOptions } from './options.ts';

/** The facts of a pinned kernel that commands show. One kernel is pinned for each series, architecture and flavour. */
export interface PinFacts {
  name: string;
  version: string;
  sha256: string;
  /** Upstream version, for example `6.12.117`. */
  upstream: string;
  series: string;
  arch: string;
  flavour: string;
}

export interface PinChange<Pin extends PinFacts = PinFacts> {
  /** `rebuilt`: the same version in other files. `gone`: the source no longer has a kernel of that series. */
  change: 'newer' | 'older' | 'rebuilt' | 'new' | 'gone';
  series: string;
  arch: string;
  flavour: string;
  pinned: Pin | null;
  current: Pin | null;
}

/** Entries of one source before and after an update. */
export interface PinComparison {
  pinned: readonly unknown[];
  current: readonly unknown[];
  /** Whether `current` is everything that the source has, so that a pinned series that is missing there is `gone`. */
  isAll: boolean;
}

/** The entries of one source. All methods except `check` throw UserError for an entry that it refuses. */
export interface SourceLock {
  /** @throws UserError with the fault of an entry */
  check: (entry: unknown) => void;
  /**
   * An entry with every file that its kernel needs.
   * @throws InfraError if the source cannot be read
   */
  complete: (entry: unknown, options: KernelOptions) => Promise<object>;
  /** The same entries in version order. */
  sorted: (entries: readonly unknown[]) => object[];
  /** Values of selectors for the newest kernel of every pinned series. */
  selectors: (entries: readonly unknown[]) => string[];
  /** The changes that pin the current kernels instead, in version order. */
  changes: (comparison: PinComparison) => PinChange[];
  /** The entries after those changes. */
  updated: (comparison: PinComparison) => object[];
}

/** The rules of a source for its pins. */
export interface PinRules<Pin extends PinFacts> {
  /** @throws UserError */
  read: (entry: unknown) => Pin;
  write: (pin: Pin) => object;
  /** Adds the files beside the image that a kernel needs. */
  complete: (pin: Pin, options: KernelOptions) => Promise<Pin>;
  /** The digests of all files of a kernel. */
  digests: (pin: Pin) => readonly string[];
  /** Negative if `a` is preferred to `b`, for example because it is newer. */
  compare: (a: Pin, b: Pin) => number;
  /** The value of a selector for the newest kernel of every series with the architecture and flavour of a pin. */
  selector: (pin: Pin) => string;
}

const slotOf = ({ series, arch, flavour }: PinFacts) => `${series}/${arch}/${flavour}`;

function changeOf<Pin extends PinFacts>(
  pinned: Pin | null,
  current: Pin | null,
  { compare, digests }: Pick<PinRules<Pin>, 'compare' | 'digests'>,
): PinChange['change'] | null {
  if (!pinned) return 'new';
  if (!current) return 'gone';
  if (isDeepStrictEqual(digests(pinned), digests(current))) return null;
  if (pinned.version === current.version && pinned.name === current.name) return 'rebuilt';
  return compare(current, pinned) < 0 ? 'newer' : 'older';
}

interface PinnedAndCurrent<Pin> {
  pinned: readonly Pin[];
  current: readonly Pin[];
  isAll: boolean;
}

/** The changes that pin the current kernels instead, in version order. */
function comparePins<Pin extends PinFacts>(
  { pinned, current, isAll }: PinnedAndCurrent<Pin>,
  rules: Pick<PinRules<Pin>, 'compare' | 'digests'>,
): PinChange<Pin>[] {
  const before = new Map(pinned.map((pin) => [slotOf(pin), pin]));
  const after = new Map(current.map((pin) => [slotOf(pin), pin]));
  const changes = [...new Set([...before.keys(), ...after.keys()])].flatMap((slot): PinChange<Pin>[] => {
    const [old, now] = [before.get(slot) ?? null, after.get(slot) ?? null];
    const known = now ?? old;
    if (!known || (now === null && !isAll)) return [];
    const change = changeOf(old, now, rules);
    const { series, arch, flavour } = known;
    return change === null ? [] : [{ change, series, arch, flavour, pinned: old, current: now }];
  });
  return changes.toSorted((a, b) => compareKernelVersions(parseKernelVersion(a.series), parseKernelVersion(b.series)));
}

/** Makes the lock of a source from the rules of its pins. */
export function sourceLock<Pin extends PinFacts>(rules: PinRules<Pin>): SourceLock {
  const { read, write, complete, compare, selector } = rules;
  const order = (a: Pin, b: Pin) => compareKernelVersions(parseKernelVersion(a.upstream), parseKernelVersion(b.upstream)) || compare(a, b);
  const written = (pins: readonly Pin[]) => pins.toSorted(order).map(write);
  const typed = ({ pinned, current, isAll }: PinComparison) => ({ pinned: pinned.map(read), current: current.map(read), isAll });
  return {
    check: read,
    complete: async (entry, options) => write(await complete(read(entry), options)),
    sorted: (entries) => written(entries.map(read)),
    selectors: (entries) => [...new Set(entries.map((entry) => selector(read(entry))))],
    changes: (comparison) => comparePins(typed(comparison), rules),
    updated: (comparison) => {
      const both = typed(comparison);
      const changes = comparePins(both, rules);
      const replaced = new Set(changes.map(({ pinned }) => pinned));
      return written([...both.pinned.filter((pin) => !replaced.has(pin)), ...changes.flatMap(({ current }) => current ?? [])]);
    },
  };
}
