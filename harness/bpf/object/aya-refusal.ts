// Finds why aya does not open an object: names of sections, kinds of relocations, and variables that it does not know decide, on every kernel.
import { kindOf, nameOf } from '../btf/btf.ts';
import { sizeField } from '../btf/types.ts';
import { SHF_EXECINSTR } from '../elf/elf.ts';
import { MAP_TYPES, type ObjectMap } from './maps.ts';
import type { BpfObject } from './object.ts';

/** Releases of aya whose rules are known. */
export type AyaRelease = '0.13' | '0.14';

const SHT_PROGBITS = 1;
/** Sections that aya reads as something else, whatever they contain. */
const OTHER = /^(?:license|version|maps|\.maps|\.text|\.bss|\.data|\.rodata)/;
const CGROUP_HOOKS = String.raw`(?:bind|connect|getpeername|getsockname|sendmsg|recvmsg|post_bind)[46]|sock_create|sock_release|sock`;
const PROGRAMS: readonly string[] = [
  'kprobe|kretprobe|uprobe|uprobe\\.s|uretprobe|uretprobe\\.s|tracepoint|tp|raw_tp|raw_tracepoint|perf_event',
  'tp_btf|fentry|fentry\\.s|fexit|fexit\\.s|lsm|lsm\\.s|freplace',
  'socket|sk_msg|sockops|classifier|lirc_mode2|sk_lookup',
  String.raw`sk_skb/(?:stream_parser|stream_verdict)|cgroup_skb/(?:ingress|egress)`,
  `cgroup/(?:skb|sysctl|dev|getsockopt|setsockopt|${CGROUP_HOOKS})`,
];
const SINCE_0_14 = String.raw`lsm_cgroup|flow_dissector|iter|iter\.s`;
/** Sections whose second piece, if there is one, has few possible words. */
const NARROW = String.raw`xdp(?:\.frags)?(?:/(?:cpumap|devmap))?`;

const KNOWN: Readonly<Record<AyaRelease, RegExp>> = {
  '0.13': new RegExp(`^(?:(?:${PROGRAMS.join('|')})(?:/.*)?|${NARROW}|xdp(?:\\.frags)?/(?:cpumap|devmap)/.*)$`),
  '0.14': new RegExp(
    `^(?:(?:${PROGRAMS.join('|')}|${SINCE_0_14})(?:/.*)?|${NARROW}|xdp(?:\\.frags)?/(?:cpumap|devmap)/.*|sk_reuseport(?:/migrate(?:/.*)?)?)$`,
  ),
};

/** The number of the relocation kind `type_matches`, which aya does not know. */
const TYPE_MATCHES = 12;

function unknownSection({ elf }: BpfObject, release: AyaRelease): string | null {
  const isProgram = (type: number, flags: number, size: number) => type === SHT_PROGBITS && (flags & SHF_EXECINSTR) !== 0 && size > 0;
  const found = elf.sections.find(
    ({ name, type, flags, size }) => isProgram(type, flags, size) && !OTHER.test(name) && !KNOWN[release].test(name),
  );
  return found ? `invalid program section \`${found.name}\`` : null;
}

/** Types of maps of maps, whose inner maps aya 0.13 does not create. */
const MAPS_OF_MAPS: ReadonlySet<string> = new Set(['array_of_maps', 'hash_of_maps']);
/** Types of maps for which each release has no type of its own, besides those of struct_ops. */
const UNTAKEN: Readonly<Record<AyaRelease, ReadonlySet<string>>> = {
  '0.13': new Set(
    'cgroup_array cgroup_storage percpu_cgroup_storage reuseport_sockarray sk_storage inode_storage task_storage user_ringbuf cgrp_storage arena'.split(
      ' ',
    ),
  ),
  '0.14': new Set(['task_storage', 'user_ringbuf', 'arena']),
};

/**
 * aya's message about a map of a type that it does not know how to use; null for others. It has created the map before, if the kernel knows the type.
 * @see create_map() in aya's bpf.rs
 */
export function untakenMap({ name, type }: Pick<ObjectMap, 'name' | 'type'>, release: AyaRelease): string | null {
  if (!UNTAKEN[release].has(type)) return null;
  if (release === '0.13') return `map error: Unsupported map type found ${MAP_TYPES.findIndex((each) => each === type)}`;
  return `map error: type of ${name} (BPF_MAP_TYPE_${type.toUpperCase()}) is unsupported; see \`EbpfLoader::allow_unsupported_maps\``;
}

function mapOfMaps({ maps }: BpfObject, release: AyaRelease): string | null {
  if (release !== '0.13') return null;
  // The loader program names the first by name, too, because aya creates maps in no order.
  const [outer] = maps.flatMap(({ name, type }) => (MAPS_OF_MAPS.has(type) ? [name] : [])).toSorted();
  return outer === undefined ? null : `map \`${outer}\`: this release of aya reads no definition of inner maps`;
}

/** aya looks up the size of each section of variables; those of externs are no sections of the file. */
function externSection({ btf, elf }: BpfObject): string | null {
  if (btf === null) return null;
  const names = new Set(elf.sections.map(({ name }) => name));
  for (let id = 1; id < btf.endId; id++) {
    const name = nameOf(btf, id);
    if (kindOf(btf, id) === 'datasec' && sizeField(btf, id) === 0 && !names.has(name)) {
      return `BTF error: Unable to determine the size of section \`${name}\``;
    }
  }
  return null;
}

function mapsWithoutBtf({ btf, elf }: BpfObject): string | null {
  return btf === null && elf.sections.some(({ name }) => name === '.maps') ? 'no BTF parsed for object' : null;
}

function unknownKind({ ext }: BpfObject): string | null {
  const kinds = [...(ext?.relocations.values() ?? [])].flat().map(({ kind }) => kind);
  return kinds.includes(TYPE_MATCHES) ? `BTF error: invalid BTF relocation kind \`${TYPE_MATCHES}\`` : null;
}

/** The last type of map that both releases know. */
const NEWEST_MAP_TYPE = MAP_TYPES.indexOf('arena');

/** aya reads the types of maps before it asks the kernel. @see TryFrom<u32> for bpf_map_type in aya-obj's maps.rs */
function unknownMapType({ maps }: BpfObject): string | null {
  const numbers = maps.map(({ type }) => Number(/^type (\d+)$/.exec(type)?.[1] ?? MAP_TYPES.findIndex((name) => name === type)));
  const found = numbers.find((number) => number > NEWEST_MAP_TYPE);
  return found === undefined ? null : `map error: invalid map type ${found}`;
}

/**
 * aya's message about an object that it does not open; null if it opens it.
 * @see Object::parse(), ProgramSection::from_str() and fixup_and_sanitize_btf() in aya-obj
 */
export function ayaRefusal(object: BpfObject, release: AyaRelease): string | null {
  const opened = unknownKind(object) ?? unknownSection(object, release) ?? externSection(object) ?? mapsWithoutBtf(object);
  return opened ?? unknownMapType(object) ?? mapOfMaps(object, release);
}
