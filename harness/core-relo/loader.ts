// What loaders make of the same relocation: where they differ from libbpf 1.7, whose rules everything else here follows.
import { errnoName } from '../logs/libbpf/errno.ts';
import { essentialName } from '../bpf/btf/essential-name.ts';

export interface Loader {
  /** A type's name without its flavor. */
  essentialName: (name: string) => string;
  /** When types of modules are candidates beside those of vmlinux. */
  modules: 'if-none' | 'always' | 'never';
  /** Whether one module whose types cannot be read ends the load of every object that has relocations. */
  failsOnUnreadableModule: boolean;
  /**
   * Candidates that did not match are dropped for later relocations of the type; or every relocation sees all of them; or one is taken
   * for all relocations of the type in a function, that which leaves the fewest without target.
   */
  candidates: 'prune' | 'keep' | 'fewest-poisons';
  /** What type_size and target_type_id of a type that is not there give. */
  missingType: 'zero' | 'poison';
  /** Whether loads and stores are made to fit a field of another size, or poisoned where that cannot be. */
  adjustsSize: boolean;
  /** The size that counts of an array field: that of an element, or of the whole. */
  arraySize: 'element' | 'whole';
  /** Whether only integers and enums are signed, or what stands behind the head of any type is taken for an encoding. */
  signOfAnyType: boolean;
  typeMatches: boolean;
  /** An error as it stands in messages. */
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
  errorText: (errno) => `-${errnoName(errno)}`,
};

const FLAVOR = '___';

/** What stands before a mark; the whole name where there is none, or nothing before it. */
function before(name: string, at: number): string {
  return at > 0 ? name.slice(0, at) : name;
}

/**
 * Loaders by the name that is typed.
 * @see libbpf's commits of August 2023 (signedness of what is no integer) and February 2025 (size of array elements);
 * coreCalculateFixups() in cilium/ebpf's btf/core.go, and its issue 1902 (modules); the relocation of programs in aya-obj's btf/relocation.rs
 */
export const LOADERS = {
  'libbpf-1.7': LIBBPF_17,
  'libbpf-1.1': { ...LIBBPF_17, arraySize: 'whole', signOfAnyType: true, errorText: (errno) => String(-errno) },
  cilium: {
    ...LIBBPF_17,
    essentialName: (name) => before(name, name.lastIndexOf(FLAVOR)),
    modules: 'always',
    failsOnUnreadableModule: true,
    candidates: 'fewest-poisons',
    missingType: 'poison',
    adjustsSize: false,
  },
  aya: {
    ...LIBBPF_17,
    essentialName: (name) => before(name, name.indexOf(FLAVOR)),
    modules: 'never',
    candidates: 'keep',
    adjustsSize: false,
    typeMatches: false,
  },
} as const satisfies Record<string, Loader>;

/**
 * A release of libbpf as a loader.
 * @param release for example `1.5`; null for the one everything here follows
 */
export function libbpfLoader(release: string | null): Loader {
  const [, major = '1', minor = '7'] = /^(\d+)\.(\d+)/.exec(release ?? '') ?? [];
  const isBefore = (other: number) => Number(major) < 1 || (Number(major) === 1 && Number(minor) < other);
  return {
    ...LIBBPF_17,
    ...(isBefore(6) && { arraySize: 'whole', errorText: (errno) => String(-errno) }),
    ...(isBefore(3) && { signOfAnyType: true }),
  };
}

export type LoaderName = keyof typeof LOADERS;
export const DEFAULT_LOADER = LOADERS['libbpf-1.7'];
