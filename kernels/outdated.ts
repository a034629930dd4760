// A lock file beside what the mirror has now.
import { comparePreference, type KernelPackage } from './sources/debian/packages.ts';
import { compareKernelVersions, parseKernelVersion } from '../harness/base/kernel-version.ts';

export interface PinChange {
  /** `rebuilt`: the same version in another file. `gone`: the mirror has no kernel of that series any more. */
  change: 'newer' | 'older' | 'rebuilt' | 'new' | 'gone';
  series: string;
  arch: KernelPackage['arch'];
  flavour: KernelPackage['flavour'];
  pinned: KernelPackage | null;
  current: KernelPackage | null;
}

const keyOf = ({ series, arch, flavour }: KernelPackage) => `${series}/${arch}/${flavour}`;

function changeOf(pinned: KernelPackage, current: KernelPackage): PinChange['change'] | null {
  if (pinned.sha256 === current.sha256) return null;
  if (pinned.version === current.version && pinned.name === current.name) return 'rebuilt';
  return comparePreference(current, pinned) < 0 ? 'newer' : 'older';
}

/**
 * What would change if the current packages were pinned instead, in version order.
 * @param all whether `current` is everything there is: then a pinned series that is not among it is gone
 */
export function comparePins(pinned: readonly KernelPackage[], current: readonly KernelPackage[], all: boolean): PinChange[] {
  const before = new Map(pinned.map((one) => [keyOf(one), one]));
  const after = new Map(current.map((one) => [keyOf(one), one]));
  const changes = [...new Set([...before.keys(), ...after.keys()])].flatMap((key): PinChange[] => {
    const [old, now] = [before.get(key) ?? null, after.get(key) ?? null];
    const known = now ?? old;
    if (!known || (now === null && !all)) return [];
    const change = old && now ? changeOf(old, now) : now ? 'new' : 'gone';
    const { series, arch, flavour } = known;
    return change === null ? [] : [{ change, series, arch, flavour, pinned: old, current: now }];
  });
  return changes.toSorted((a, b) => compareKernelVersions(parseKernelVersion(a.series), parseKernelVersion(b.series)));
}
