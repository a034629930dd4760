// The table of the mailbox protocol: every frame between host and guest with its number and its fields, in the order of their bytes.
// The agent's headers are generated from it ("npm run protocol"); requests and responses are written and read by it.
import {
  bytes,
  counted,
  duration,
  type Field,
  flag,
  list,
  oneOf,
  shortName,
  string,
  strings,
  text,
  u32,
  u64,
  variables,
  type WireEnum,
} from './fields.ts';

/** Fields by name. */
export type Fields = Readonly<Record<string, Field<unknown>>>;

interface FrameSpec<To extends 'guest' | 'host', F> {
  to: To;
  number: number;
  meaning: string;
  fields: F;
}

function toGuest<F>(number: number, meaning: string, fields: F): FrameSpec<'guest', F> {
  return { to: 'guest', number, meaning, fields };
}

function toHost<F>(number: number, meaning: string, fields: F): FrameSpec<'host', F> {
  return { to: 'host', number, meaning, fields };
}

export const WANTED = {
  name: 'wanted',
  prefix: 'wanted',
  meaning: 'Off, on, or on where the kernel has what it takes.',
  words: ['no', 'yes', 'if-supported'],
} as const satisfies WireEnum;

const MAP_ATTRIBUTE = {
  name: 'map_attribute',
  prefix: 'map',
  meaning: 'What is set of a map. For "cpus" the number of processors is the value; the value of "autocreate" is an enum wanted.',
  words: ['type', 'max_entries', 'key_size', 'value_size', 'cpus', 'autocreate'],
} as const satisfies WireEnum;

const PROGRAM_ATTRIBUTE = {
  name: 'program_attribute',
  prefix: 'program',
  meaning: 'What is set of a program.',
  words: ['type', 'attach_type'],
} as const satisfies WireEnum;

const ALTERNATIVES_KIND = {
  name: 'alternatives_kind',
  prefix: 'alternative',
  meaning: 'What alternatives are.',
  words: ['programs', 'maps'],
} as const satisfies WireEnum;

const LOG_LEVEL = {
  name: 'log_level',
  prefix: 'level',
  meaning: 'The numbers of enum libbpf_print_level.',
  words: ['warn', 'info', 'debug'],
} as const satisfies WireEnum;

const REACHED = {
  name: 'reached',
  prefix: 'reached',
  meaning: 'The step at which a load attempt ended: the one that failed, or "done".',
  words: ['open', 'prepare', 'load', 'done'],
} as const satisfies WireEnum;

const LACKS = {
  name: 'lacks',
  prefix: 'lacks',
  meaning: 'What the kernel lacks for a program that is loaded only where that is possible.',
  words: ['program-type', 'attach-target'],
} as const satisfies WireEnum;

const ATTACHED_KIND = {
  name: 'attached_kind',
  prefix: 'attached',
  meaning: 'What is attached.',
  words: ['program', 'map'],
} as const satisfies WireEnum;

const COMMAND_END = {
  name: 'command_end',
  prefix: 'command',
  meaning: 'How a command ended; with its exit status, the signal, its time in ms, or the errno that kept it from starting.',
  words: ['exited', 'killed', 'timed-out', 'not-started'],
} as const satisfies WireEnum;

/** A command with its environment and working folder. */
const command = { timeoutMs: u32, folder: string, argv: list, env: variables };

/** How a command ended. `dropped` counts the bytes of output that were too many. */
const commandEnd = { end: oneOf(COMMAND_END, 'not-started'), value: u32, ms: duration, dropped: u64 };

/** A frame's number is on the wire: it never changes, and that of a frame that is gone is not used again. */
export const FRAMES = {
  object: toGuest(1, 'the object to load', { name: shortName, elf: bytes }),
  autoload: toGuest(2, 'whether a program is loaded', { wanted: oneOf(WANTED, 'yes'), program: string }),
  'map-setting': toGuest(32, 'an attribute of a map', { attribute: oneOf(MAP_ATTRIBUTE, 'type'), value: u32, map: string }),
  'inner-map': toGuest(33, 'the maps in a map of maps; 0 keeps what the object says', {
    mapType: u32,
    keySize: u32,
    valueSize: u32,
    maxEntries: u32,
    map: string,
  }),
  'program-setting': toGuest(34, 'an attribute of a program', { attribute: oneOf(PROGRAM_ATTRIBUTE, 'type'), value: u32, program: string }),
  pins: toGuest(36, 'maps that the object pins are pinned', {}),
  variable: toGuest(37, 'bytes at an offset of a data section', { offset: u32, section: string, bytes }),
  kconfig: toGuest(38, 'lines of a kernel configuration', { text: string }),
  btf: toGuest(39, 'BTF for relocations', { bytes }),
  alternatives: toGuest(40, 'one of these is chosen, tried in their order', { kind: oneOf(ALTERNATIVES_KIND, 'programs'), names: strings }),
  attach: toGuest(48, 'everything that was loaded is attached', {}),
  'attach-to': toGuest(49, 'what a program is attached to', { program: string, target: string }),
  run: toGuest(50, 'what is attached is run: by the triggers, then the checks are read', {}),
  trigger: toGuest(51, 'a built-in trigger', { index: u32, name: string }),
  'test-run': toGuest(52, 'a program is run on data', { index: u32, repeat: u32, program: string, data: counted, context: bytes }),
  'count-events': toGuest(53, 'the events in a buffer are counted', { index: u32, map: string }),
  'look-up': toGuest(54, 'a value of a map is read', { index: u32, map: string, key: bytes }),
  'trigger-command': toGuest(55, 'a command as trigger; its files are in the archive', { index: u32, ...command }),
  archive: toGuest(64, 'a ustar archive, unpacked below /', { tar: bytes }),
  command: toGuest(65, 'the custom loader, which is run in place of a load', command),
  module: toGuest(66, 'a kernel module, loaded before anything else', { name: string, ko: bytes }),

  hello: toHost(16, 'the guest is ready', { release: string, version: string, machine: string, libbpf: string, btfSize: u64 }),
  program: toHost(17, 'a program of the object', { insns: u32, autoload: flag, name: string, section: string, programType: string }),
  'attempt-begin': toHost(18, 'a load attempt of one program, or of "" for the whole object', { program: string }),
  log: toHost(19, 'one print call of libbpf', { level: oneOf(LOG_LEVEL, 'debug'), text }),
  'attempt-end': toHost(20, 'the end of a load attempt', {
    reached: oneOf(REACHED, 'open'),
    errno: u32,
    openMs: duration,
    loadMs: duration,
  }),
  'kernel-log': toHost(21, 'records of /dev/kmsg since the cell began', { text }),
  crash: toHost(22, 'the loading process died', { waitStatus: u32 }),
  end: toHost(23, 'the end of a response', { guestMs: duration }),
  'left-out': toHost(46, 'a program that is not loaded', { lacks: oneOf(LACKS, 'attach-target'), program: string, what: string }),
  chosen: toHost(47, 'the chosen one of alternatives', { kind: oneOf(ALTERNATIVES_KIND, 'programs'), name: string }),
  attached: toHost(56, 'a program or struct_ops map of the attempt before; errno 0 when it is attached', {
    kind: oneOf(ATTACHED_KIND, 'map'),
    errno: u32,
    name: string,
    detail: string,
  }),
  triggered: toHost(57, 'what a trigger came to, and what a test run returned', { index: u32, errno: u32, returned: u32 }),
  events: toHost(58, 'how many events a buffer had', { index: u32, errno: u32, count: u64 }),
  'map-value': toHost(59, 'a value of a map; of a per-CPU map the values of all processors', { index: u32, errno: u32, value: bytes }),
  runs: toHost(60, 'how often a program ran', { count: u64, program: string }),
  'trigger-end': toHost(61, 'the end of a trigger command', { index: u32, ...commandEnd }),
  output: toHost(72, 'what a command printed on stream 1 or 2', { stream: u32, bytes }),
  'command-end': toHost(73, 'the end of the custom loader', commandEnd),
  'module-end': toHost(74, 'a module; errno 0 when it is loaded', { errno: u32, name: string }),
} as const satisfies Record<string, FrameSpec<'guest' | 'host', Fields>>;

type Frames = typeof FRAMES;

/** What is written into fields. */
export type Written<F> = { readonly [Name in keyof F]: F[Name] extends Field<infer In, unknown> ? In : never };
/** What is read from fields. */
export type Read<F> = { [Name in keyof F]: F[Name] extends Field<never, infer Out> ? Out : never };

/** What the host asks of the guest: one object, and what is done with it. */
export type RequestFrame = {
  [Name in keyof Frames]: Frames[Name] extends { to: 'guest'; fields: infer F } ? { readonly type: Name } & Written<F> : never;
}[keyof Frames];

/** What the guest tells the host. */
export type Frame = {
  [Name in keyof Frames]: Frames[Name] extends { to: 'host'; fields: infer F } ? { type: Name } & Read<F> : never;
}[keyof Frames];

/** What the guest tells of itself when it is ready: `uname`, its libbpf and the size of its BTF, 0 where it has none. */
export type Hello = Read<Frames['hello']['fields']>;
/** A command with its environment and working folder. */
export type GuestCommand = Written<typeof command>;
/** How a command ended: `value` is its exit status, the signal, its time in ms, or the errno that kept it from starting. */
export type CommandEnd = Read<typeof commandEnd>;
export type MapAttribute = (typeof MAP_ATTRIBUTE.words)[number];
