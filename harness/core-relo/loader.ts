// Differences between loaders. Everything else in this folder follows the rules of libbpf 1.7.
import { DEFAULT_LIBBPF, namedLoader } from '../base/loader-name.ts';
import { errnoName } from '../logs/libbpf/errno.ts';
import { essentialName } from '../bpf/btf/essential-name.ts';

export interface Loader {
  /** Removes the flavor from a type's name. */
  essentialName: (name: string) => string;
  /** When types of modules are candidates besides those of vmlinux. */
  modules: 'if-none' | 'always' | 'never';
  /** True if one module with unreadable BTF ends the load of every object with relocations. */
  failsOnUnreadableModule: boolean;
  /**
   * How candidates are chosen: later relocations of the type drop those that did not match before; or every relocation tries all; or
   * one candidate is chosen for all relocations of the type in a function, the one that leaves the fewest without a target.
   */
  candidates: 'prune' | 'keep' | 'fewest-poisons';
  /** Value of type_size and target_type_id for a missing type. */
  missingType: 'zero' | 'poison';
  /** True if loads and stores are adapted to a field of another size, or poisoned if that is impossible. */
  adjustsSize: boolean;
  /** The size of an array field: of one element, or of the whole array. */
  arraySize: 'element' | 'whole';
  /** Whether only integers and enums are signed, or the data after the header of any type counts as an integer encoding. */
  signOfAnyType: boolean;
  typeMatches: boolean;
  /** Whether maps are created before relocations are resolved. */
  mapsFirst: boolean;
  /** Whether maps are created with the sizes that the object gives, or the loader completes or corrects them. */
  mapSizes: 'defined' | 'corrected';
  /** The minor number of libbpf 1.x, whose rules for symbols and section names decide; null for a loader with other rules. */
  libbpfMinor: number | null;
  /** Text of an error in messages. */
  errorText: (errno: number) => string;
}

const LIBBPF_17: Loader = {
  essentialName,
  modules: 'if-none',
  failsOnUnreadableModule: false,
  candidates: 'prune',
  missingType: 'zero',
  adjustsSize: true,
  arraySize: 'element',
  signOfAnyType: false,
  typeMatches: true,
  mapsFirst: false,
  mapSizes: 'defined',
  libbpfMinor: 7,
  errorText: (errno) => `-${errnoName(errno)}`,
};

const FLAVOR = '___';

/** The part of a name before a separator; the whole name if the separator is missing or at the start. */
function before(name: string, at: number): string {
  return at > 0 ? name.slice(0, at) : name;
}

/**
 * Loaders by the name on the command line.
 * @see libbpf's commits of August 2023 (signedness of types other than integers) and February 2025 (size of array elements);
 * coreCalculateFixups() in cilium/ebpf's btf/core.go, and its issue 1902 (modules); the relocation of programs in aya-obj's btf/relocation.rs
 */
export const LOADERS = {
  'libbpf-1.7': LIBBPF_17,
  'libbpf-1.1': {
    ...LIBBPF_17,
    libbpfMinor: 1,
    mapsFirst: true,
    arraySize: 'whole',
    signOfAnyType: true,
    errorText: (errno) => String(-errno),
  },
  cilium: {
    ...LIBBPF_17,
    essentialName: (name) => before(name, name.lastIndexOf(FLAVOR)),
    modules: 'always',
    failsOnUnreadableModule: true,
    candidates: 'fewest-poisons',
    missingType: 'poison',
    adjustsSize: false,
    mapSizes: 'corrected',
    libbpfMinor: null,
  },
  aya: {
    ...LIBBPF_17,
    essentialName: (name) => before(name, name.indexOf(FLAVOR)),
    modules: 'never',
    candidates: 'keep',
    adjustsSize: false,
    typeMatches: false,
    mapSizes: 'corrected',
    libbpfMinor: null,
  },
} as const satisfies Record<string, Loader>;

/**
 * Returns the rules of a release of libbpf.
 * @param release for example `1.5`; null for the default release
 */
export function libbpfLoader(release: string | null): Loader {
  const [, major = '1', minor = '7'] = /^(\d+)\.(\d+)/.exec(release ?? '') ?? [];
  const isBefore = (other: number) => Number(major) < 1 || (Number(major) === 1 && Number(minor) < other);
  return {
    ...LIBBPF_17,
    ...(Number(major) < 1 && { libbpfMinor: null }),
    ...(Number(major) === 1 && { libbpfMinor: Number(minor) }),
    ...(isBefore(6) && { arraySize: 'whole', errorText: (errno) => String(-errno) }),
    ...(isBefore(4) && { mapsFirst: true }),
    ...(isBefore(3) && { signOfAnyType: true }),
  };
}

/** Returns the rules of a loader by its name, such as `cilium@0.22`; without a name those of the default release of libbpf. */
export function loaderRules(name: string = DEFAULT_LIBBPF): Loader {
  const loader = namedLoader(name);
  if (loader.family === 'libbpf') return libbpfLoader(loader.release);
  return LOADERS[loader.family];
}

export type LoaderName = keyof typeof LOADERS;
export const DEFAULT_LOADER = LOADERS['libbpf-1.7'];
