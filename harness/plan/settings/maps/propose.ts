// Proposes sizes for maps that the object leaves to its loader.
import type { ObjectMap } from '../../../bpf/object/maps.ts';
import type { BpfObject } from '../../../bpf/object/object.ts';
import type { Proposal, ProposedEntry } from '../definition.ts';
import type { MapSettings } from './schema.ts';

/** The depth at which perf cuts stacks, in addresses of 8 bytes. @see PERF_MAX_STACK_DEPTH in include/uapi/linux/perf_event.h */
const STACK_BYTES = 127 * 8;
const RING_BYTES = 256 << 10;
const ENTRIES = 1024;
/** Maps of these types have no number of entries, or libbpf sets it. */
const WITHOUT_ENTRIES = /_storage$|^struct_ops$|^perf_event_array$|^unknown$/;
export const MAPS_OF_MAPS: ReadonlySet<string> = new Set(['array_of_maps', 'hash_of_maps']);

const isUnset = (size: number | null) => size === null || size === 0;

function proposedMap(map: ObjectMap): ProposedEntry | null {
  if (map.type === 'struct_ops' && map.autocreate === false) {
    return { name: map.name, value: { autocreate: 'if-supported' }, why: 'not created by default', isOptional: true };
  }
  const { name, type, maxEntries, keySize, valueSize, hasInner, inner } = map;
  const reasons: string[] = [];
  const value: MapSettings = {};
  if (isUnset(maxEntries) && !WITHOUT_ENTRIES.test(type)) {
    value.max_entries = type.endsWith('ringbuf') ? RING_BYTES : ENTRIES;
    reasons.push('the loader must set max_entries');
  }
  if (type === 'stack_trace' && isUnset(valueSize)) {
    value.value_size = STACK_BYTES;
    if (isUnset(keySize)) value.key_size = 4;
    reasons.push('127 addresses of 8 bytes');
  }
  if (type.endsWith('ringbuf') && !(isUnset(keySize) && isUnset(valueSize))) {
    if (!isUnset(keySize)) value.key_size = 0;
    if (!isUnset(valueSize)) value.value_size = 0;
    reasons.push('a ring buffer has no sizes of keys and values; cilium/ebpf leaves them out');
  }
  if (MAPS_OF_MAPS.has(type) && !hasInner) {
    value.inner = { type: 'hash', key_size: 4, value_size: 8, max_entries: ENTRIES };
    reasons.push('the object does not define the maps in it');
  }
  if (inner && isUnset(inner.maxEntries) && !WITHOUT_ENTRIES.test(inner.type)) {
    value.inner = { max_entries: ENTRIES };
    reasons.push('the loader must set max_entries of the maps in it');
  }
  return reasons.length === 0 ? null : { name, value, why: reasons.join('; ') };
}

/** First sizes for maps that cannot be created without them. */
export function proposeMaps({ maps }: BpfObject): Proposal {
  const entries = maps.flatMap((map) => proposedMap(map) ?? []);
  return { isNeeded: entries.some(({ isOptional }) => isOptional !== true), entries };
}
