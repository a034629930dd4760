// The maps of an object: those defined in .maps, with their types by name, and those libbpf makes of data sections.
import type { ElfSection } from '../elf/elf.ts';
import { type Btf, kindOf, nameOf, vlenOf } from '../btf/btf.ts';
import { arrayOf, findType, memberOf, referencedType, resolveType, sizeOf, variableOf } from '../btf/types.ts';

/**
 * Map types by number, as libbpf names them.
 * @see enum bpf_map_type in include/uapi/linux/bpf.h, map_type_name in libbpf.c
 */
export const MAP_TYPES = [
  'unspec',
  'hash',
  'array',
  'prog_array',
  'perf_event_array',
  'percpu_hash',
  'percpu_array',
  'stack_trace',
  'cgroup_array',
  'lru_hash',
  'lru_percpu_hash',
  'lpm_trie',
  'array_of_maps',
  'hash_of_maps',
  'devmap',
  'sockmap',
  'cpumap',
  'xskmap',
  'sockhash',
  'cgroup_storage',
  'reuseport_sockarray',
  'percpu_cgroup_storage',
  'queue',
  'stack',
  'sk_storage',
  'devmap_hash',
  'struct_ops',
  'ringbuf',
  'inode_storage',
  'task_storage',
  'bloom_filter',
  'user_ringbuf',
  'cgrp_storage',
  'arena',
  'insn_array',
] as const;

/** What describes a map besides its name. */
export interface MapShape {
  /** libbpf's name of the type, `type N` for one newer than this table, `unknown` when the definition does not say. */
  type: string;
  /** From the definition; null if it does not have them, or not as a number. */
  maxEntries: number | null;
  keySize: number | null;
  valueSize: number | null;
  /** `map_flags`; null without. */
  flags: number | null;
}

export interface ObjectMap extends MapShape {
  name: string;
  /** Whether the definition has a type of values, of which the size comes. */
  hasValueType: boolean;
  /** Whether the definition describes the inner maps. */
  hasInner: boolean;
  /** The inner maps as the definition or the loader describes them; absent if neither does. */
  inner?: MapShape;
  autocreate: boolean | 'if-supported';
}

/** More than a definition of a map has; reading a damaged one must not take long. */
const MAX_MEMBERS = 64;

/** The members of a definition, by name, each with its type. */
function membersOf(btf: Btf, id: number): Map<string, number> {
  const members = new Map<string, number>();
  for (let index = 0; index < Math.min(vlenOf(btf, id), MAX_MEMBERS); index++) {
    const member = memberOf(btf, id, index);
    if (member && !members.has(member.name)) members.set(member.name, resolveType(btf, member.type));
  }
  return members;
}

/** `__uint(max_entries, N)` is a pointer to an array of N elements. */
function numberIn(btf: Btf, pointer: number | undefined): number | null {
  if (pointer === undefined || kindOf(btf, pointer) !== 'ptr') return null;
  return arrayOf(btf, resolveType(btf, referencedType(btf, pointer)))?.length ?? null;
}

/** `__type(key, T)` is a pointer to T. */
function sizeBehind(btf: Btf, pointer: number | undefined): number | null {
  return pointer !== undefined && kindOf(btf, pointer) === 'ptr' ? sizeOf(btf, referencedType(btf, pointer)) : null;
}

/**
 * What libbpf prints about a definition that gives a size twice, as a number and through a type, with different results: the size that comes
 * first, then the other. aya's Rust types give ring buffers a type of values and the size 0.
 * @param definition the struct of the map in BTF
 * @returns `conflicting value size 8 != 0.`; null without such sizes
 * @see parse_btf_map_def() in libbpf.c
 */
export function conflictingSize(btf: Btf, definition: number): string | null {
  const members = membersOf(btf, definition);
  for (const part of ['key', 'value']) {
    const sizes = { [`${part}_size`]: numberIn(btf, members.get(`${part}_size`)), [part]: sizeBehind(btf, members.get(part)) };
    const inOrder = [...members.keys()].flatMap((name) => sizes[name] ?? []);
    const [first, second] = inOrder;
    if (first !== undefined && second !== undefined && first !== second) return `conflicting ${part} size ${first} != ${second}.`;
  }
  return null;
}

/** libbpf's name of a map type; `type N` for one without a name. */
export function typeName(number: number | null): string {
  return number === null ? 'unknown' : (MAP_TYPES[number] ?? `type ${number}`);
}

function shapeIn(btf: Btf, members: ReadonlyMap<string, number>): MapShape {
  const number = (name: string) => numberIn(btf, members.get(name));
  return {
    type: typeName(number('type')),
    maxEntries: number('max_entries'),
    keySize: number('key_size') ?? sizeBehind(btf, members.get('key')),
    valueSize: number('value_size') ?? sizeBehind(btf, members.get('value')),
    flags: number('map_flags'),
  };
}

/**
 * `__array(values, struct T)` is an array of pointers to T, the definition of the inner maps. Null for a pointer to a function, with which
 * a map of programs is filled.
 * @see parse_btf_map_def() in libbpf.c
 */
function innerShape(btf: Btf, values: number | undefined): MapShape | null {
  const pointer = values === undefined ? null : resolveType(btf, arrayOf(btf, values)?.element ?? 0);
  if (pointer === null || kindOf(btf, pointer) !== 'ptr') return null;
  const definition = resolveType(btf, referencedType(btf, pointer));
  return kindOf(btf, definition) === 'struct' ? shapeIn(btf, membersOf(btf, definition)) : null;
}

/** The maps that are defined in the .maps section, in its order. */
export function definedMaps(btf: Btf): ObjectMap[] {
  const section = findType(btf, 'datasec', '.maps');
  if (section === null) return [];
  return Array.from({ length: vlenOf(btf, section) }, (_, index) => {
    const variable = variableOf(btf, section, index)?.type ?? 0;
    const members = membersOf(btf, resolveType(btf, referencedType(btf, variable)));
    const inner = innerShape(btf, members.get('values'));
    return {
      name: nameOf(btf, variable),
      ...shapeIn(btf, members),
      hasValueType: members.has('value'),
      hasInner: members.has('values'),
      ...(inner && { inner }),
      autocreate: true,
    };
  });
}

const DATA_SECTION = /^\.(data|rodata|bss)(\.|$)/;

/** Whether a map is one that libbpf makes of a data section. */
export function isDataMap({ name }: Pick<ObjectMap, 'name'>): boolean {
  return DATA_SECTION.test(name);
}

/**
 * The array maps that libbpf makes of non-empty data sections, named after the section.
 * @see bpf_object__init_global_data_maps() in libbpf.c
 */
export function dataMaps(sections: readonly ElfSection[]): ObjectMap[] {
  const used = sections.filter(({ name, size }) => size > 0 && DATA_SECTION.test(name));
  return used.map(({ name, size }) => {
    return {
      name,
      type: 'array',
      maxEntries: 1,
      keySize: 4,
      valueSize: size,
      hasValueType: false,
      flags: null,
      hasInner: false,
      autocreate: true,
    };
  });
}
