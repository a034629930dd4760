// Request frames that say how an object is to be loaded; the guest applies them between open and load, in the order in which they come.
import { text, u32 } from './payload.ts';

/** Types of these frames. @see enum frame_type in harness/guest/agent/frames.h */
export const LOAD_FRAME = {
  autoload: 2,
  'map-setting': 32,
  'inner-map': 33,
  'program-setting': 34,
  pins: 36,
  variable: 37,
  kconfig: 38,
  btf: 39,
  alternatives: 40,
  attachTo: 49,
} as const;

/** What may be set of a map. @see enum map_attribute in harness/guest/agent/frames.h */
const MAP_ATTRIBUTES = { type: 0, max_entries: 1, key_size: 2, value_size: 3, cpus: 4, autocreate: 5 } as const;
export type MapAttribute = keyof typeof MAP_ATTRIBUTES;

/** Numbers of what may be set of a program. @see enum program_attribute in harness/guest/agent/frames.h */
const PROGRAM_ATTRIBUTES = { type: 0, attach_type: 1 } as const;

/** What alternatives are. @see enum alternatives_kind in harness/guest/agent/frames.h */
const ALTERNATIVE_KINDS = { programs: 0, maps: 1 } as const;

/** Off, on, or on where the kernel has what it takes. */
export const WANTED = { no: 0, yes: 1, 'if-supported': 2 } as const;

export type LoadFrame =
  | { type: 'autoload'; program: string; wanted: keyof typeof WANTED }
  /** Types go as numbers of enum bpf_map_type; `autocreate` is one of WANTED, and of `cpus` the value says nothing. */
  | { type: 'map-setting'; map: string; attribute: MapAttribute; value: number }
  /** Maps in a map of maps: what is 0 stays as the object says. */
  | { type: 'inner-map'; map: string; mapType: number; keySize: number; valueSize: number; maxEntries: number }
  | { type: 'program-setting'; program: string; attribute: keyof typeof PROGRAM_ATTRIBUTES; value: number }
  /** What a program is attached to: where BTF has it, as part of the load. */
  | { type: 'attachTo'; program: string; target: string }
  /** Maps that the object pins are to be pinned. */
  | { type: 'pins' }
  /** Bytes at an offset of a data section. */
  | { type: 'variable'; section: string; offset: number; bytes: Uint8Array }
  /** One of these is to be taken: the first program that loads, or the first map whose type the kernel knows. */
  | { type: 'alternatives'; kind: keyof typeof ALTERNATIVE_KINDS; names: readonly string[] }
  /** BTF for relocations. */
  | { type: 'btf'; bytes: Uint8Array }
  /** Lines of a kernel configuration. */
  | { type: 'kconfig'; text: string };

/** The payload of a frame, in pieces. */
export function loadPayload(frame: LoadFrame): Uint8Array[] {
  switch (frame.type) {
    case 'autoload':
      return [u32(WANTED[frame.wanted]), text(frame.program)];
    case 'map-setting':
      return [u32(MAP_ATTRIBUTES[frame.attribute]), u32(frame.value), text(frame.map)];
    case 'inner-map':
      return [...[frame.mapType, frame.keySize, frame.valueSize, frame.maxEntries].map(u32), text(frame.map)];
    case 'program-setting':
      return [u32(PROGRAM_ATTRIBUTES[frame.attribute]), u32(frame.value), text(frame.program)];
    case 'attachTo':
      return [text(frame.program), text(frame.target)];
    case 'pins':
      return [];
    case 'variable':
      return [u32(frame.offset), text(frame.section), frame.bytes];
    case 'alternatives':
      return [u32(ALTERNATIVE_KINDS[frame.kind]), ...frame.names.map(text)];
    case 'btf':
      return [frame.bytes];
    case 'kconfig':
      return [text(frame.text)];
  }
}
