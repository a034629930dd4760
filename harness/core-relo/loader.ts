// Differences between loaders. Everything else in this folder follows the rules of libbpf 1.7.
import { DEFAULT_LIBBPF, libraryName, namedLoader } from '../base/loader-name.ts';
import { errnoName } from '../logs/libbpf/errno.ts';
import type { AyaRelease } from '../bpf/object/aya-refusal.ts';
import type { CiliumRelease } from '../bpf/object/cilium-refusal.ts';
import { essentialName } from '../bpf/btf/essential-name.ts';

export interface Loader {
  /** Removes the flavor from a type's name. */
  essentialName: (name: string) => string;
  /**
   * When types of modules are candidates besides those of vmlinux. With `of-target` only the types of the module with the function that the
   * program attaches to.
   */
  modules: 'if-none' | 'always' | 'of-target' | 'never';
  /** True if one module with unreadable BTF ends the load of every object with relocations. */
  failsOnUnreadableModule: boolean;
  /**
   * How candidates are chosen: later relocations of the type drop those that did not match before; or every relocation tries all; or
   * one candidate is chosen for all relocations of the type in a function, the one that leaves the fewest without a target.
   */
  candidates: 'prune' | 'keep' | 'fewest-poisons';
  /** Value of type_size and target_type_id for a missing type; or the load ends. */
  missingType: 'zero' | 'poison' | 'error';
  /** Whether a local type keeps its id, or gets a number in the order in which the relocations of a program first name the types. */
  localTypeIds: 'kept' | 'numbered';
  /** Whether loads and stores are adapted to a field of another size; where that is impossible, they are poisoned, or the load ends. */
  adjustsSize: 'or-poison' | 'or-error' | 'never';
  /** Whether the compiled instruction must contain the value on the side of the object. */
  checksCompiled: boolean;
  /** Whether enums of 32 and 64 bits are of one kind, and an enum without a name is compatible with any. */
  mixesEnums: boolean;
  /** Whether enumerators of 32 bits are always signed, or only if their enum says so. */
  enumeratorSign: 'always' | 'flag';
  /** Whether the offset of a member of another kind in an anonymous member stays in the result. */
  keepsWrongOffset: boolean;
  /** Whether a path of more than 64 steps ends the load. */
  limitsDepth: boolean;
  /** What a value that cannot be computed from the kernel's type does: it ends the load, or the instruction is poisoned. */
  targetError: 'end' | 'poison';
  /** Whether a load resolves only the relocations that its programs need, or those of all functions. */
  resolves: 'needed' | 'all';
  /** Whether a load needs all maps, kernel symbols and Kconfig values of the object, or only those that its programs refer to. */
  needs: 'object' | 'programs';
  /** The size of an array field: of one element, or of the whole array. */
  arraySize: 'element' | 'whole';
  /** The dimensions that count for the size of an array: a loader that multiplies only the last one reads wrong elements. */
  arrayDimensions: 'all' | 'last';
  /** The index that may lie in an array without a length: any, or only the number of the last member, by mistake. */
  flexibleIndex: 'any' | 'last-member';
  /** Whether only integers and enums are signed, or the data after the header of any type counts as an integer encoding. */
  signOfAnyType: boolean;
  typeMatches: boolean;
  /** Whether maps are created before relocations are resolved. */
  mapsFirst: boolean;
  /** Whether maps are created with the sizes that the object gives, or the loader completes or corrects them. */
  mapSizes: 'defined' | 'corrected';
  /** The minor number of libbpf 1.x, whose rules for symbols and section names decide; null for a loader with other rules. */
  libbpfMinor: number | null;
  /** The release of aya whose rules for section names and externs decide; null for other loaders. */
  aya: AyaRelease | null;
  /** The release of cilium/ebpf whose rules for sections, externs and maps decide; null for other loaders. */
  cilium: CiliumRelease | null;
  /** Text of an error in messages. */
  errorText: (errno: number) => string;
}

const LIBBPF_17: Loader = {
  essentialName,
  modules: 'if-none',
  failsOnUnreadableModule: false,
  candidates: 'prune',
  missingType: 'zero',
  localTypeIds: 'kept',
  adjustsSize: 'or-poison',
  checksCompiled: true,
  mixesEnums: true,
  enumeratorSign: 'always',
  keepsWrongOffset: true,
  limitsDepth: true,
  targetError: 'end',
  resolves: 'needed',
  needs: 'object',
  arraySize: 'element',
  arrayDimensions: 'all',
  flexibleIndex: 'any',
  signOfAnyType: false,
  typeMatches: true,
  mapsFirst: false,
  mapSizes: 'defined',
  libbpfMinor: 7,
  aya: null,
  cilium: null,
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
    localTypeIds: 'numbered',
    adjustsSize: 'never',
    needs: 'programs',
    mapSizes: 'corrected',
    libbpfMinor: null,
    cilium: '0.22',
  },
  aya: {
    ...LIBBPF_17,
    essentialName: (name) => before(name, name.indexOf(FLAVOR)),
    modules: 'never',
    candidates: 'keep',
    missingType: 'error',
    adjustsSize: 'or-error',
    checksCompiled: false,
    mixesEnums: false,
    enumeratorSign: 'flag',
    keepsWrongOffset: false,
    limitsDepth: false,
    targetError: 'poison',
    resolves: 'all',
    arraySize: 'whole',
    arrayDimensions: 'last',
    flexibleIndex: 'last-member',
    typeMatches: false,
    mapSizes: 'corrected',
    libbpfMinor: null,
    aya: '0.14',
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

/** What differs in cilium/ebpf 0.17. @see applyRelocations() in its linker.go, kernelModule() in its prog.go */
const CILIUM_017 = { cilium: '0.17', modules: 'of-target', failsOnUnreadableModule: false } as const satisfies Partial<Loader>;

/** Returns the rules of a loader by its name, such as `cilium@0.22`; without a name those of the default release of libbpf. */
export function loaderRules(name: string = DEFAULT_LIBBPF): Loader {
  const loader = namedLoader(name);
  if (loader.family === 'libbpf') return libbpfLoader(loader.release);
  return {
    ...LOADERS[loader.family],
    ...(name === 'aya@0.13' && { aya: '0.13' }),
    ...(name === 'cilium@0.17' && CILIUM_017),
  };
}

/**
 * Where a loader looks for the attach target of a program in BTF besides vmlinux: in the modules by its name, there also by `MODULE:NAME`,
 * or in no module.
 */
export type TargetModules = 'named' | 'plain' | 'none';

/** @see the notes on libbpf 1.5.0 for `MODULE:NAME` */
export function targetModulesOf({ libbpfMinor, modules }: Pick<Loader, 'libbpfMinor' | 'modules'>): TargetModules {
  if (modules === 'never') return 'none';
  return libbpfMinor !== null && libbpfMinor >= 5 ? 'named' : 'plain';
}

/** What decides which attach targets a loader finds. */
export type TargetRules = Pick<Loader, 'libbpfMinor' | 'modules' | 'cilium' | 'aya'>;

/** The library of a loader as its users write it: `cilium/ebpf`. */
export function libraryOf({ cilium, aya }: Pick<Loader, 'cilium' | 'aya'>): string {
  if (cilium !== null) return libraryName(`cilium@${cilium}`);
  return aya === null ? libraryName() : libraryName(`aya@${aya}`);
}

export type LoaderName = keyof typeof LOADERS;
export const DEFAULT_LOADER = LOADERS['libbpf-1.7'];
