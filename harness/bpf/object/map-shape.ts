// Sizes, numbers of entries and flags that no kernel accepts for a map type.
import type { MapShape, ObjectMap } from './maps.ts';

/** libbpf sets the value size of a map whose values are maps or programs. */
const FILE_DESCRIPTOR = 4;

type Attribute = 'key_size' | 'value_size' | 'max_entries' | 'map_flags';

/** A demand on an attribute: in words, and as a test. */
interface Demand {
  words: string;
  holds: (value: number) => boolean;
}

type Shape = Readonly<Partial<Record<Attribute, Demand>>>;

const ZERO: Demand = { words: 'must be 0', holds: (value) => value === 0 };
const SET: Demand = { words: 'must not be 0', holds: (value) => value > 0 };
const FOUR: Demand = { words: 'must be 4', holds: (value) => value === 4 };
const FOUR_OR_EIGHT: Demand = { words: 'must be 4 or 8', holds: (value) => value === 4 || value === 8 };
const ADDRESSES: Demand = { words: 'must be a multiple of 8 that is not 0', holds: (value) => value > 0 && value % 8 === 0 };
const PREFIX_AND_DATA: Demand = { words: 'must be from 5 to 260', holds: (value) => value >= 5 && value <= 260 };

/** A flag that every kernel requires. @see enum in include/uapi/linux/bpf.h: BPF_F_NO_PREALLOC and others */
const withFlag = (flag: number, name: string): Demand => ({ words: `must contain ${name}`, holds: (value) => (value & flag) !== 0 });

const HASH: Shape = { key_size: SET, value_size: SET, max_entries: SET };
const ARRAY: Shape = { key_size: FOUR, value_size: SET, max_entries: SET };
const DEVICES: Shape = { key_size: FOUR, value_size: FOUR_OR_EIGHT, max_entries: SET };
const LIST: Shape = { key_size: ZERO, value_size: SET, max_entries: SET };
/** @see bpf_local_storage_map_alloc_check() in kernel/bpf/bpf_local_storage.c */
const STORAGE: Shape = {
  key_size: FOUR,
  value_size: SET,
  max_entries: ZERO,
  map_flags: withFlag(1, 'BPF_F_NO_PREALLOC'),
};
/** libbpf rounds the number of entries up to a power of two of pages. */
const RING: Shape = { key_size: ZERO, value_size: ZERO, max_entries: SET };

/**
 * Demands of every Linux from 5.10 to 7.3. The table leaves out other flags, limits of memory, sizes that one of these releases accepts,
 * and types that need BTF, another map or a cgroup.
 * @see the map_alloc_check() of each type in kernel/bpf/ and net/: arraymap.c, hashtab.c, stackmap.c, lpm_trie.c, devmap.c, cpumap.c,
 * queue_stack_maps.c, ringbuf.c, bloom_filter.c, sock_map.c, xskmap.c, reuseport_array.c, arena.c
 */
const SHAPES: Readonly<Partial<Record<string, Shape>>> = {
  hash: HASH,
  percpu_hash: HASH,
  lru_hash: HASH,
  lru_percpu_hash: HASH,
  array: ARRAY,
  percpu_array: ARRAY,
  prog_array: { key_size: FOUR, value_size: FOUR, max_entries: SET },
  // libbpf replaces max_entries 0 by the number of processors.
  perf_event_array: { key_size: FOUR, value_size: FOUR },
  cgroup_array: { key_size: FOUR, value_size: FOUR, max_entries: SET },
  stack_trace: { key_size: FOUR, value_size: ADDRESSES, max_entries: SET },
  lpm_trie: { key_size: PREFIX_AND_DATA, value_size: SET, max_entries: SET, map_flags: withFlag(1, 'BPF_F_NO_PREALLOC') },
  devmap: DEVICES,
  devmap_hash: DEVICES,
  cpumap: DEVICES,
  xskmap: { key_size: FOUR, value_size: FOUR, max_entries: SET },
  sockmap: DEVICES,
  sockhash: { key_size: SET, value_size: FOUR_OR_EIGHT, max_entries: SET },
  reuseport_sockarray: DEVICES,
  queue: LIST,
  stack: LIST,
  bloom_filter: LIST,
  ringbuf: RING,
  user_ringbuf: RING,
  sk_storage: STORAGE,
  inode_storage: STORAGE,
  task_storage: STORAGE,
  cgrp_storage: STORAGE,
  arena: { ...RING, map_flags: withFlag(1 << 10, 'BPF_F_MMAPABLE') },
};

/**
 * Finds an attribute of a map whose value in the object no kernel accepts.
 * @returns e.g. `value_size is 0 and must be a multiple of 8 that is not 0`; null if a kernel may accept the map
 */
export function impossibleAttribute({
  type,
  keySize,
  valueSize,
  maxEntries,
  flags,
  hasInner,
}: MapShape & Pick<ObjectMap, 'hasInner'>): string | null {
  const values: Record<Attribute, number> = {
    key_size: keySize ?? 0,
    value_size: hasInner ? FILE_DESCRIPTOR : (valueSize ?? 0),
    max_entries: maxEntries ?? 0,
    map_flags: flags ?? 0,
  };
  const shape = SHAPES[type] ?? {};
  for (const attribute of ['key_size', 'value_size', 'max_entries', 'map_flags'] as const) {
    const demand = shape[attribute];
    const value = values[attribute];
    if (demand && !demand.holds(value)) return `${attribute} is ${value} and ${demand.words}`;
  }
  return null;
}

/** The same for the maps in a map of maps, which libbpf creates before it. */
export function impossibleInnerAttribute({ inner }: ObjectMap): string | null {
  return inner === undefined ? null : impossibleAttribute({ ...inner, hasInner: false });
}
