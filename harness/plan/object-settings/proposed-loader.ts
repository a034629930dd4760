// The loader to name in the configuration for an object that was made for another library than libbpf.
import { LIBRARY_RELEASES, type LibraryFamily, libraryName } from '../../base/loader-name.ts';
import { type Dialect, dialectOf, type Evidence, leavesOutValue } from '../../bpf/object/dialect.ts';
import type { BpfObject } from '../../bpf/object/object.ts';
import { KNOWS_SECTION, sectionKnownSince } from '../../bpf/object/section-names.ts';

export interface ProposedLoader {
  library: LibraryFamily;
  /** The newest release of the likeliest library: `cilium@0.22`. */
  loader: string;
  /** The libraries that load the object, for a sentence: `cilium/ebpf and aya`. */
  libraries: string;
  evidence: readonly Evidence[];
}

/** The parts of an object that libbpf refuses and the proposed loader accepts, for a sentence; null if libbpf loads it, too. */
export function refusedParts({ evidence }: Pick<ProposedLoader, 'evidence'>): string | null {
  const parts = evidence.filter(({ refusedAs }) => refusedAs !== null).map(({ words }) => words);
  return parts.length === 0 ? null : parts.join(', ');
}

function proposed({ libraries, evidence }: Dialect): ProposedLoader | null {
  const [likeliest] = libraries;
  if (likeliest === undefined) return null;
  const newest = (library: LibraryFamily) => `${library}@${LIBRARY_RELEASES[library][0]}`;
  return {
    library: likeliest,
    loader: newest(likeliest),
    libraries: libraries.map((library) => libraryName(newest(library))).join(' and '),
    evidence,
  };
}

/**
 * The loader that the evidence in an object names.
 * @param file the path of the object, or null
 * @returns null without evidence, or if each library refuses a part of the object
 */
export function proposedLoader(object: BpfObject, file: string | null): ProposedLoader | null {
  const dialect = dialectOf(object, file);
  return dialect && proposed(dialect);
}

/** The object without the parts that only libbpf refuses, so that nothing is proposed for them. */
export function acceptedBy(library: LibraryFamily, object: BpfObject): BpfObject {
  const isForeign = ({ section }: { section: string }) => sectionKnownSince(section) === null && KNOWS_SECTION[library](section);
  return {
    ...object,
    programs: object.programs.filter((program) => !isForeign(program)),
    maps: object.maps.map((map) => (leavesOutValue(library, map) ? { ...map, valueSize: null } : map)),
  };
}
