// What an object seems to leave to its loader, as settings to begin with.
import { decodeValue } from '../../bpf/btf/decode.ts';
import { typeText } from '../../bpf/btf/type-text.ts';
import { sectionNamed } from '../../bpf/elf/elf.ts';
import type { ObjectMap } from '../../bpf/object/maps.ts';
import type { BpfObject, BpfProgram } from '../../bpf/object/object.ts';
import { kconfigOf, type ObjectVariable, variablesOf } from '../../bpf/object/variables.ts';
import type { MapSettings } from './settings/maps.ts';

/** A setting with why it is proposed. */
export interface Proposed<T> {
  name: string;
  value: T;
  why: string;
}

export interface Proposal {
  maps: Proposed<MapSettings>[];
  /** Pairs of programs for the same function, the one that costs less first. */
  alternatives: string[][];
  /** Programs that are not loaded, or not without a target, unless their loader says so; only it knows. */
  programs: Proposed<{ autoload?: 'if-supported'; attach_to?: string }>[];
  /** Values as they are compiled in; null where they cannot be written. */
  variables: Proposed<boolean | number | string | null>[];
  kconfig: Proposed<null>[];
}

/** The depth at which perf cuts stacks, in addresses of 8 bytes. @see PERF_MAX_STACK_DEPTH in include/uapi/linux/perf_event.h */
const STACK_BYTES = 127 * 8;
const RING_BYTES = 256 << 10;
const ENTRIES = 1024;
/** Maps of these have no number of entries, or libbpf gives it. */
const WITHOUT_ENTRIES = /_storage$|^struct_ops$|^perf_event_array$|^unknown$/;
const MAPS_OF_MAPS: ReadonlySet<string> = new Set(['array_of_maps', 'hash_of_maps']);
const ENTRY = /^\??(?:fentry|fexit|fmod_ret)(?:\.s)?\/([^]+)$/;
const PROBE = /^\??(?:kprobe|kretprobe)\/([^]+)$/;
const TARGETLESS = /^\??(?:fentry|fexit|fmod_ret|tp_btf|lsm|iter)(?:\.s)?\/?$/;

const isUnset = (size: number | null) => size === null || size === 0;

function proposedMap(map: ObjectMap): Proposed<MapSettings> | null {
  const { name, type, maxEntries, keySize, valueSize, hasInner } = map;
  const reasons: string[] = [];
  const value: MapSettings = {};
  if (isUnset(maxEntries) && !WITHOUT_ENTRIES.test(type)) {
    value.max_entries = type.endsWith('ringbuf') ? RING_BYTES : ENTRIES;
    reasons.push('its max_entries is left to the loader');
  }
  if (type === 'stack_trace' && isUnset(valueSize)) {
    value.value_size = STACK_BYTES;
    if (isUnset(keySize)) value.key_size = 4;
    reasons.push('127 addresses of 8 bytes');
  }
  if (MAPS_OF_MAPS.has(type) && !hasInner) {
    value.inner = { type: 'hash', key_size: 4, value_size: 8, max_entries: ENTRIES };
    reasons.push('the object does not say what the maps in it are like');
  }
  return reasons.length === 0 ? null : { name, value, why: reasons.join('; ') };
}

/** fentry and kprobe programs for the same function are for kernels with and without the former. */
function pairs(programs: readonly BpfProgram[]): string[][] {
  const returns = (section: string) => /fexit|kretprobe/.test(section);
  return programs.flatMap((entry) => {
    const target = ENTRY.exec(entry.section)?.[1];
    if (target === undefined) return [];
    const probes = programs.filter(({ section }) => PROBE.exec(section)?.[1] === target && returns(section) === returns(entry.section));
    return probes.length === 1 ? [[entry.name, ...probes.map(({ name }) => name)]] : [];
  });
}

function proposedPrograms(programs: readonly BpfProgram[], paired: ReadonlySet<string>): Proposal['programs'] {
  return programs.flatMap(({ name, section }): Proposal['programs'] => {
    if (TARGETLESS.test(section)) return [{ name, value: { attach_to: 'NAME' }, why: `${section}: its target is left to the loader` }];
    const isOff = section.startsWith('?') && !paired.has(name);
    return isOff ? [{ name, value: { autoload: 'if-supported' }, why: `${section}: not loaded by default` }] : [];
  });
}

/** `const volatile` variables are what loaders set; others are state. */
function constants({ btf, elf, littleEndian }: BpfObject, variables: readonly ObjectVariable[]): Proposal['variables'] {
  if (!btf) return [];
  return variables.flatMap(({ name, section, type, offset, size }) => {
    const text = typeText(btf, type);
    if (!section.startsWith('.rodata') || !text.includes('volatile') || size === null) return [];
    const bytes = sectionNamed(elf, section)?.bytes.subarray(offset, offset + size) ?? new Uint8Array();
    const value = bytes.length === size ? decodeValue(btf, type, bytes, littleEndian) : null;
    return [{ name, value, why: text.replaceAll(/\b(?:const|volatile) /g, '') }];
  });
}

/** What there is to set of an object before it is loaded, as far as the file tells. */
export function propose(object: BpfObject): Proposal {
  const { programs, maps, btf } = object;
  const alternatives = pairs(programs);
  const kconfig = kconfigOf(object).filter(({ name }) => name.startsWith('CONFIG_'));
  return {
    maps: maps.flatMap((map) => proposedMap(map) ?? []),
    alternatives,
    programs: proposedPrograms(programs, new Set(alternatives.flat())),
    variables: constants(object, variablesOf(object)),
    kconfig: btf ? kconfig.map(({ name, type }) => ({ name, value: null, why: typeText(btf, type) })) : [],
  };
}
