// Estimates the memory of the maps of an object when they are created.
import type { ObjectMap } from './maps.ts';

/** struct htab_elem of the kernel, and its list of free elements. */
const ELEMENT_BYTES = 64;
const POINTER_BYTES = 8;
const BUCKET_BYTES = 16;
/** `BPF_F_NO_PREALLOC`. @see include/uapi/linux/bpf.h */
const NO_PREALLOC = 1;

const padded = (bytes: number) => Math.ceil(bytes / 8) * 8;
const powerOfTwo = (count: number) => 2 ** Math.ceil(Math.log2(Math.max(count, 1)));

interface Sizes {
  entries: number;
  key: number;
  value: number;
}

const hash = ({ entries, key, value }: Sizes) =>
  entries * (ELEMENT_BYTES + padded(key) + padded(value)) + powerOfTwo(entries) * BUCKET_BYTES;
const array = ({ entries, value }: Sizes) => entries * padded(value);
const pointers = ({ entries }: Sizes) => entries * POINTER_BYTES;

/** Types that allocate their entries when they are created, in a guest with one processor. All others grow with their use. */
const BYTES: ReadonlyMap<string, (sizes: Sizes) => number> = new Map([
  ['hash', hash],
  ['percpu_hash', hash],
  ['lru_hash', hash],
  ['lru_percpu_hash', hash],
  ['hash_of_maps', hash],
  ['array', array],
  ['percpu_array', (sizes: Sizes) => array(sizes) + pointers(sizes)],
  ['queue', array],
  ['stack', array],
  ['stack_trace', (sizes: Sizes) => hash({ ...sizes, key: 0 })],
  ['ringbuf', ({ entries }: Sizes) => entries],
  ['user_ringbuf', ({ entries }: Sizes) => entries],
  // Up to 15 hash functions, each with a bit for every entry.
  ['bloom_filter', ({ entries }: Sizes) => powerOfTwo(entries * 15) / 8],
  ['prog_array', pointers],
  ['perf_event_array', pointers],
  ['cgroup_array', pointers],
  ['array_of_maps', pointers],
  ['devmap', pointers],
  ['devmap_hash', pointers],
  ['sockmap', pointers],
  ['cpumap', pointers],
  ['xskmap', pointers],
  ['reuseport_sockarray', pointers],
]);

/**
 * Estimates the memory that the kernel allocates when it creates all maps of an object.
 * @returns bytes; sizes that the object leaves to its loader count as 0
 */
export function mapMemory(maps: readonly ObjectMap[]): number {
  return maps.reduce((sum, { type, flags, maxEntries, keySize, valueSize, autocreate }) => {
    if (autocreate === false) return sum;
    const sizes = { entries: maxEntries ?? 0, key: keySize ?? 0, value: valueSize ?? 0 };
    const bytes = BYTES.get(type)?.(sizes) ?? 0;
    const grows = type.endsWith('hash') && ((flags ?? 0) & NO_PREALLOC) !== 0;
    return sum + (grows ? powerOfTwo(sizes.entries) * BUCKET_BYTES : bytes);
  }, 0);
}
