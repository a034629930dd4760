// Maps in a section `maps`, as struct bpf_map_def or bpf_elf_map defines them. libbpf 1.0 and newer refuse such objects.
import { type Elf, type ElfSection, type ElfSymbol, readSymbols } from '../elf/elf.ts';
import { type ObjectMap, typeName } from './maps.ts';

/** Type, sizes of key and value, number of entries, flags: five numbers of 32 bits. */
export const LEGACY_BYTES = 20;

/** A section with definitions, and the symbols of the maps in it. */
interface LegacySection {
  section: ElfSection;
  maps: readonly ElfSymbol[];
}

/**
 * The sections of maps of an object.
 * @see loadMaps() in cilium/ebpf's elf_reader.go, parse_map_def() in aya-obj's obj.rs
 */
export function legacySections(elf: Elf, symbols: readonly ElfSymbol[]): LegacySection[] {
  return elf.sections.flatMap((section, index) => {
    if (!/^maps(?:\/|$)/.test(section.name)) return [];
    const maps = symbols.filter((each) => each.section === index && each.name !== '' && each.size > 0);
    return maps.length === 0 || maps.some(({ size }) => size < LEGACY_BYTES) ? [] : [{ section, maps }];
  });
}

function mapAt({ bytes }: ElfSection, { name, value }: ElfSymbol, littleEndian: boolean): ObjectMap[] {
  if (value + LEGACY_BYTES > bytes.length) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset + value, LEGACY_BYTES);
  const [type = 0, keySize = 0, valueSize = 0, maxEntries = 0, flags = 0] = [0, 4, 8, 12, 16].map((at) => view.getUint32(at, littleEndian));
  const none = { hasValueType: false, hasInner: false, autocreate: true } as const;
  return [{ name, type: typeName(type), keySize, valueSize, maxEntries, flags, ...none }];
}

/** The maps that the object defines in sections of maps, in their order. */
export function legacyMaps(elf: Elf): ObjectMap[] {
  if (!elf.sections.some(({ name }) => name.startsWith('maps'))) return [];
  const found = legacySections(elf, readSymbols(elf));
  return found.flatMap(({ section, maps }) =>
    maps.toSorted((a, b) => a.value - b.value).flatMap((symbol) => mapAt(section, symbol, elf.littleEndian)),
  );
}
