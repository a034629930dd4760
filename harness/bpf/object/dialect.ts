// Finds the library that an object was made for, from what only that library accepts or writes. Without evidence there is no answer.
import { basename } from 'node:path';
import type { LibraryFamily } from '../../base/loader-name.ts';
import { nameOf, vlenOf } from '../btf/btf.ts';
import { findType, referencedType, resolveType, variableOf } from '../btf/types.ts';
import { type ElfSection, type ElfSymbol, readSymbols, SHF_EXECINSTR, STB_LOCAL, STT_FUNC } from '../elf/elf.ts';
import { ciliumRefusal } from './cilium-refusal.ts';
import { sectionStrings } from './compiler.ts';
import { conflictingSize, type ObjectMap } from './maps.ts';
import { LEGACY_BYTES, legacySections } from './legacy-maps.ts';
import type { BpfObject } from './object.ts';
import { KNOWS_SECTION, sectionKnownSince } from './section-names.ts';

const LIBRARIES = ['cilium', 'aya'] as const satisfies readonly LibraryFamily[];

export interface Evidence {
  /** The libraries that accept or write this. */
  libraries: readonly LibraryFamily[];
  /** A part of the reason with which libbpf refuses this; null if it loads this, too. */
  refusedAs: string | null;
  /** The part of the object: `section classifier/ingress`. */
  words: string;
}

export interface Dialect {
  /** The libraries that accept the whole object, the likeliest first. Empty if each of them refuses a part. */
  libraries: readonly LibraryFamily[];
  /** Not empty. */
  evidence: readonly Evidence[];
}

/** Programs of sections that libbpf does not know and another library does; one for each section. */
function sectionEvidence({ programs }: BpfObject): Evidence[] {
  const sections = [...new Set(programs.map(({ section }) => section))];
  return sections.flatMap((section) => {
    const libraries = LIBRARIES.filter((library) => KNOWS_SECTION[library](section));
    if (sectionKnownSince(section) !== null || libraries.length === 0) return [];
    return [{ libraries, refusedAs: `ELF section name '${section.replace(/^\?/, '')}'`, words: `section ${section}` }];
  });
}

/** Types of maps to which a declared type of values gives a size that the kernel refuses. aya 0.14 corrects it only for ring buffers. */
const LEAVES_OUT_VALUE: Readonly<Partial<Record<string, readonly LibraryFamily[]>>> = {
  ringbuf: ['cilium', 'aya'],
  perf_event_array: ['cilium'],
};

/**
 * Whether a library leaves out the size of values that the definition of a ring buffer or perf array gives, and libbpf does not.
 * @see canHaveValueSize() in cilium/ebpf's types.go, value_size_override() in aya's bpf.rs
 */
export function leavesOutValue(library: LibraryFamily, { type, valueSize, hasValueType }: ObjectMap): boolean {
  const isFileDescriptor = type === 'perf_event_array' && valueSize === 4;
  return hasValueType && (valueSize ?? 0) !== 0 && !isFileDescriptor && LEAVES_OUT_VALUE[type]?.includes(library) === true;
}

/** A ring buffer or perf array whose definition has a type of values, for which bpf2go writes a Go type. */
function valueEvidence(map: ObjectMap): Evidence[] {
  const libraries = LIBRARIES.filter((library) => leavesOutValue(library, map));
  if (libraries.length === 0) return [];
  return [{ libraries, refusedAs: `map '${map.name}' (`, words: `${map.type} map ${map.name} with a type of values` }];
}

/** A map whose type of values has another size than its definition says, as aya's Rust types of ring buffers do. */
function conflictEvidence({ btf }: BpfObject): Evidence[] {
  const section = btf && findType(btf, 'datasec', '.maps');
  if (!btf || section === null) return [];
  return Array.from({ length: vlenOf(btf, section) }, (_, index) => variableOf(btf, section, index)?.type ?? 0).flatMap(
    (id): Evidence[] => {
      const conflict = conflictingSize(btf, resolveType(btf, referencedType(btf, id)));
      if (conflict === null) return [];
      return [
        {
          libraries: ['aya'],
          refusedAs: `map '${nameOf(btf, id)}': conflicting`,
          words: `map ${nameOf(btf, id)} with ${conflict.slice(0, -1)}`,
        },
      ];
    },
  );
}

/** Programs that are static functions: libbpf loads only global ones. Rust has such functions in `.text.unlikely.`. */
function staticEvidence({ elf, programs }: BpfObject, symbols: readonly ElfSymbol[]): Evidence[] {
  const names = new Set(programs.map(({ name }) => name));
  const found = symbols.find(({ name, type, binding, section }) => {
    const { name: own = '.text', flags = 0 } = elf.sections[section] ?? {};
    return type === STT_FUNC && binding === STB_LOCAL && own !== '.text' && (flags & SHF_EXECINSTR) !== 0 && names.has(name);
  });
  return found ? [{ libraries: LIBRARIES, refusedAs: 'is static and not supported', words: `static program ${found.name}` }] : [];
}

/** Whether bytes behind the five numbers are all 0. iproute2's bpf_elf_map and aya's bpf_map_def have an id and pinning there. */
const hasPlainTail = (section: ElfSection, { value, size }: ElfSymbol) =>
  section.bytes.subarray(value + LEGACY_BYTES, value + size).every((byte) => byte === 0);

/** Maps in a section `maps`, as struct bpf_map_def or bpf_elf_map. libbpf 1.0 and newer refuse the object. */
function legacyEvidence({ elf }: BpfObject, symbols: readonly ElfSymbol[]): Evidence[] {
  return legacySections(elf, symbols).map(({ section, maps }): Evidence => {
    const isPlain = maps.every((map) => hasPlainTail(section, map));
    const names = maps.map(({ name }) => name).join(', ');
    const words = `${isPlain ? 'legacy' : 'legacy, pinned'} definitions of maps in section ${section.name}: ${names}`;
    return { libraries: isPlain ? LIBRARIES : ['aya'], refusedAs: 'legacy map definitions', words };
  });
}

/** The mangled name of a Rust function, old and new. @see rustc's symbol mangling: legacy (a hash of 16 digits at the end) and v0 */
const MANGLED = /^_ZN.*17h[0-9a-f]{16}E$|^_R[NIX][a-zA-Z]/;
const RUSTC = /\brustc version [\w.-]+/;

/** The first sign of a compiler of Rust: source files, mangled names, or the compiler's own name in DWARF. */
function rustSign({ elf, ext }: BpfObject, symbols: readonly ElfSymbol[]): string | null {
  for (const lines of ext?.lines.values() ?? []) {
    const line = lines.find(({ file }) => file.endsWith('.rs'));
    if (line) return `source file ${basename(line.file)}`;
  }
  const mangled = symbols.find(({ name }) => MANGLED.test(name));
  if (mangled) return `mangled name ${mangled.name}`;
  const compiler = sectionStrings(elf, '.debug_str')
    .map((text) => RUSTC.exec(text)?.[0])
    .find((text) => text !== undefined);
  return compiler ?? null;
}

function rustEvidence(object: BpfObject, symbols: readonly ElfSymbol[]): Evidence[] {
  const sign = rustSign(object, symbols);
  return sign === null ? [] : [{ libraries: ['aya'], refusedAs: null, words: `Rust: ${sign}` }];
}

/** The names of files that bpf2go writes: `probe_bpfel.o`, `probe_x86_bpfel.o`. @see cilium/ebpf's cmd/bpf2go */
const BPF2GO = /_bpfe[lb]\.o$/;

function nameEvidence(file: string | null): Evidence[] {
  const name = file === null ? '' : basename(file);
  return BPF2GO.test(name) ? [{ libraries: ['cilium'], refusedAs: null, words: `name of bpf2go: ${name}` }] : [];
}

/** Whether aya takes programs or called functions from a section. Rust has functions in `.text.unlikely.`, too. @see from_name() in aya-obj's obj.rs */
const isReadByAya = (section: string) => section.startsWith('.text') || KNOWS_SECTION.aya(section);

/** Whether a library accepts all of the object, as far as this module knows. aya refuses an object with a section that it does not know. */
function accepts(library: LibraryFamily, object: BpfObject, evidence: readonly Evidence[]): boolean {
  if (evidence.some(({ libraries }) => !libraries.includes(library))) return false;
  switch (library) {
    case 'cilium':
      return ciliumRefusal(object, '0.22') === null;
    case 'aya':
      return object.programs.every(({ section }) => isReadByAya(section));
  }
}

/**
 * The library that an object was made for.
 * @param file the path of the object; null if it shows nothing
 * @returns null without evidence
 */
export function dialectOf(object: BpfObject, file: string | null = null): Dialect | null {
  const symbols = readSymbols(object.elf);
  const evidence = [
    ...nameEvidence(file),
    ...rustEvidence(object, symbols),
    ...staticEvidence(object, symbols),
    ...legacyEvidence(object, symbols),
    ...sectionEvidence(object),
    ...object.maps.flatMap(valueEvidence),
    ...conflictEvidence(object),
  ];
  if (evidence.length === 0) return null;
  return { libraries: LIBRARIES.filter((library) => accepts(library, object, evidence)), evidence };
}
