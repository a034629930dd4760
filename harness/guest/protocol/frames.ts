// The table of the mailbox protocol: every frame between host and guest with its number and its fields, in the order of their bytes.
// The headers of the agent are generated from it ("npm run protocol"). The host writes requests and reads responses with it.
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
  u64Text,
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
  meaning: 'Off, on, or on if the kernel supports it.',
  words: ['no', 'yes', 'if-supported'],
} as const satisfies WireEnum;

const MAP_ATTRIBUTE = {
  name: 'map_attribute',
  prefix: 'map',
  meaning: 'Attributes of a map. For "cpus" the agent uses the number of processors; the value of "autocreate" is an enum wanted.',
  words: ['type', 'max_entries', 'key_size', 'value_size', 'cpus', 'autocreate'],
} as const satisfies WireEnum;

const PROGRAM_ATTRIBUTE = {
  name: 'program_attribute',
  prefix: 'program',
  meaning: 'Attributes of a program.',
  words: ['type', 'attach_type'],
} as const satisfies WireEnum;

const ALTERNATIVES_KIND = {
  name: 'alternatives_kind',
  prefix: 'alternative',
  meaning: 'The kinds of alternatives.',
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
  meaning: 'The part that the kernel lacks for a program that is loaded only if the kernel supports it.',
  words: ['program-type', 'attach-target'],
} as const satisfies WireEnum;

const TARGET_STATE = {
  name: 'target_state',
  prefix: 'target',
  meaning: 'What the lists of the kernel say about a function: the first word also means that they cannot be read.',
  words: ['unknown', 'traceable', 'notrace', 'variant', 'inlined', 'absent', 'init'],
} as const satisfies WireEnum;

const ATTACHED_KIND = {
  name: 'attached_kind',
  prefix: 'attached',
  meaning: 'The kinds of attached things.',
  words: ['program', 'map'],
} as const satisfies WireEnum;

const COMMAND_END = {
  name: 'command_end',
  prefix: 'command',
  meaning: 'The end of a command. Its value is the exit status, the signal, the time limit in ms, or the errno of the failed start.',
  words: ['exited', 'killed', 'timed-out', 'not-started'],
} as const satisfies WireEnum;

const ABOUT = {
  name: 'failure_about',
  prefix: 'about',
  meaning: 'What a loader failed at. A setting is a wish of the request that its library cannot fulfil.',
  words: ['object', 'btf', 'relocation', 'extern', 'map', 'program', 'setting', 'attach'],
} as const satisfies WireEnum;

const RELOCATION_OUTCOME = {
  name: 'relocation_outcome',
  prefix: 'relocation',
  meaning: 'What a loader did with an instruction: it wrote the value, made the instruction invalid, or ended the load.',
  words: ['patched', 'poisoned', 'failed'],
} as const satisfies WireEnum;

/** A command with its environment and working folder. */
const command = { timeoutMs: u32, folder: string, argv: list, env: variables };

/** The end of a command. `dropped` counts the bytes of output beyond the limit. */
const commandEnd = { end: oneOf(COMMAND_END, 'not-started'), value: u32, ms: duration, dropped: u64 };

/** The number of a frame is part of the protocol: it never changes, and the number of a removed frame is not used again. */
export const FRAMES = {
  object: toGuest(1, 'the object to load', { name: shortName, elf: bytes }),
  autoload: toGuest(2, 'whether a program is loaded', { wanted: oneOf(WANTED, 'yes'), program: string }),
  'map-setting': toGuest(32, 'an attribute of a map', { attribute: oneOf(MAP_ATTRIBUTE, 'type'), value: u32, map: string }),
  'inner-map': toGuest(33, 'the maps in a map of maps; 0 keeps the value in the object', {
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
  alternatives: toGuest(40, 'one of these is chosen; they are tried in this order', {
    kind: oneOf(ALTERNATIVES_KIND, 'programs'),
    names: strings,
  }),
  attach: toGuest(48, 'everything that was loaded is attached', {}),
  'attach-to': toGuest(49, 'the attach target of a program', { program: string, target: string }),
  run: toGuest(50, 'the triggers run the attached programs, then the checks are read', {}),
  trigger: toGuest(51, 'a built-in trigger', { index: u32, name: string }),
  'test-run': toGuest(52, 'a program is run on data', { index: u32, repeat: u32, program: string, data: counted, context: bytes }),
  'count-events': toGuest(53, 'the events in a buffer are counted', { index: u32, map: string }),
  'look-up': toGuest(54, 'a value of a map is read', { index: u32, map: string, key: bytes }),
  'trigger-command': toGuest(55, 'a command as a trigger; its files are in the archive', { index: u32, ...command }),
  archive: toGuest(64, 'a ustar archive, unpacked below /', { tar: bytes }),
  command: toGuest(65, 'the custom loader, which replaces the load', command),
  collect: toGuest(67, 'a file that the command writes; its bytes are sent back', { path: string }),
  module: toGuest(66, 'a kernel module, loaded before anything else', { name: string, ko: bytes }),

  hello: toHost(16, 'the guest is ready', { release: string, version: string, machine: string, libbpf: string, btfSize: u64 }),
  uptime: toHost(84, 'the time from the start of the kernel to hello', { uptimeMs: duration }),
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
  crash: toHost(22, 'the loading process ended without a response', { waitStatus: u32 }),
  end: toHost(23, 'the end of a response', { guestMs: duration }),
  'left-out': toHost(46, 'a program that is not loaded', { lacks: oneOf(LACKS, 'attach-target'), program: string, what: string }),
  chosen: toHost(47, 'the chosen one of alternatives', { kind: oneOf(ALTERNATIVES_KIND, 'programs'), name: string }),
  attached: toHost(56, 'a program or struct_ops map of the previous attempt; errno 0 if it is attached', {
    kind: oneOf(ATTACHED_KIND, 'map'),
    errno: u32,
    name: string,
    detail: string,
  }),
  triggered: toHost(57, 'the result of a trigger, and the return value of a test run', { index: u32, errno: u32, returned: u32 }),
  events: toHost(58, 'the number of events in a buffer', { index: u32, errno: u32, count: u64 }),
  'map-value': toHost(59, 'a value of a map; for a per-CPU map the values of all processors', { index: u32, errno: u32, value: bytes }),
  runs: toHost(60, 'the number of runs of a program', { count: u64, program: string }),
  'trigger-end': toHost(61, 'the end of a trigger command', { index: u32, ...commandEnd }),
  output: toHost(72, 'output of a command on stream 1 or 2', { stream: u32, bytes }),
  'command-end': toHost(73, 'the end of the custom loader', commandEnd),
  collected: toHost(75, 'the bytes of that file; errno 0 if it was read', { errno: u32, bytes }),
  target: toHost(62, 'a function that a program ("": of the last attempt) cannot attach to', {
    state: oneOf(TARGET_STATE, 'unknown'),
    program: string,
    function: string,
    variant: string,
  }),
  'module-end': toHost(74, 'a module; errno 0 if it is loaded', { errno: u32, name: string }),
  failure: toHost(80, 'the failure that ended an attempt, in the words of the loader; errno 0 if unknown', {
    about: oneOf(ABOUT, 'object'),
    errno: u32,
    name: string,
    text,
  }),
  'verifier-log': toHost(81, 'the log of the verifier for a program of the attempt', { program: string, text }),
  'core-relocation': toHost(82, 'what a CO-RE relocation changed; insn counts within the function', {
    outcome: oneOf(RELOCATION_OUTCOME, 'failed'),
    insn: u32,
    from: u64Text,
    to: u64Text,
    function: string,
    text,
  }),
  subprogram: toHost(83, 'a function that the loader appended to a program, as the verifier counts its instructions', {
    insns: u32,
    offset: u32,
    program: string,
    function: string,
  }),
} as const satisfies Record<string, FrameSpec<'guest' | 'host', Fields>>;

type Frames = typeof FRAMES;

/** The frames that the agent accepts from a loader program. Those with other names describe the guest, which only the agent knows. */
export const FROM_LOADER = [
  'program',
  'attempt-begin',
  'log',
  'attempt-end',
  'left-out',
  'chosen',
  'attached',
  'triggered',
  'events',
  'map-value',
  'runs',
  'failure',
  'verifier-log',
  'core-relocation',
  'subprogram',
] as const satisfies readonly Frame['type'][];

interface ControlFrame {
  from: 'agent' | 'loader';
  number: number;
  meaning: string;
  fields: Fields;
}

/** Frames on the pipes between the agent and a loader program. They are never in the mailbox. */
export const CONTROL_FRAMES = {
  ready: { from: 'loader', number: 96, meaning: 'the loader is warm; the release of its library', fields: { version: string } },
  end: { from: 'agent', number: 97, meaning: 'the end of the request', fields: {} },
  triggers: { from: 'loader', number: 98, meaning: 'everything is attached: the agent pulls the triggers', fields: {} },
  continue: { from: 'agent', number: 99, meaning: 'the triggers are pulled: the loader reads the checks', fields: {} },
  finished: { from: 'loader', number: 100, meaning: 'the loader has reported everything', fields: {} },
  'find-target': {
    from: 'loader',
    number: 101,
    meaning: 'whether the kernel has a target that the load of a program does not need',
    fields: { section: string, target: string },
  },
  'target-found': {
    from: 'agent',
    number: 102,
    meaning: 'the answer: no if a load would hide that the target is missing',
    fields: { found: flag },
  },
  'find-type': {
    from: 'loader',
    number: 103,
    meaning: 'whether the kernel knows a program type, in the words of libbpf',
    fields: { type: string },
  },
  'type-found': { from: 'agent', number: 104, meaning: 'the answer: no if the kernel certainly lacks the type', fields: { found: flag } },
} as const satisfies Record<string, ControlFrame>;

/** The values to write into fields. */
export type Written<F> = { readonly [Name in keyof F]: F[Name] extends Field<infer In, unknown> ? In : never };
/** The values that are read from fields. */
export type Read<F> = { [Name in keyof F]: F[Name] extends Field<never, infer Out> ? Out : never };

/** A frame of a request from the host to the guest: the object, or an action. */
export type RequestFrame = {
  [Name in keyof Frames]: Frames[Name] extends { to: 'guest'; fields: infer F } ? { readonly type: Name } & Written<F> : never;
}[keyof Frames];

/** A frame of a response from the guest to the host. */
export type Frame = {
  [Name in keyof Frames]: Frames[Name] extends { to: 'host'; fields: infer F } ? { type: Name } & Read<F> : never;
}[keyof Frames];

/** The facts of a guest that is ready: `uname`, its libbpf, and the size of its BTF, 0 if it has none. */
export type Hello = Read<Frames['hello']['fields']>;
/** A command with its environment and working folder. */
export type GuestCommand = Written<typeof command>;
/** The end of a command: `value` is its exit status, the signal, its time limit in ms, or the errno of the failed start. */
export type CommandEnd = Read<typeof commandEnd>;
/** A kernel function that a program was not attached to, or could not be attached to. */
export type TargetFacts = Read<Frames['target']['fields']>;
export type MapAttribute = (typeof MAP_ATTRIBUTE.words)[number];
