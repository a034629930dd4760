// What a run of an object is: its triggers and checks, with everything in them as the bytes it stands for.
import { type Btf, kindOf } from '../bpf/btf/btf.ts';
import { encodeValue, type Value } from '../bpf/btf/encode.ts';
import { isAnyEnum, resolveType } from '../bpf/btf/types.ts';
import { typeText } from '../bpf/btf/type-text.ts';
import type { CommandSettings } from './config/loader-settings.ts';
import type { ObjectSettings } from './config/object-settings.ts';
import { bytesOf, type Check, type Trigger, type TriggerName } from './config/run-check-settings.ts';
import { UserError } from '../base/errors.ts';
import { type ElementType, elementType } from '../bpf/object/map-types.ts';
import type { BpfObject } from '../bpf/object/object.ts';
import { variablesOf } from '../bpf/object/variables.ts';
import type { PlaceOf } from './settings/problem.ts';

export type PlannedTrigger =
  | { kind: 'built-in'; name: TriggerName }
  /** `path` is where its settings stand among those of the object. */
  | { kind: 'command'; settings: CommandSettings; path: readonly PropertyKey[] }
  | { kind: 'test-run'; program: string; repeat: number; data: Uint8Array; context: Uint8Array };

/** What bytes must be: these, a number that is large enough, or not all zero. */
export type Expected = { equals: Uint8Array; shown: string } | { atLeast: number } | { notZero: true };

/** `program` is the one that fails when the check does; null for all of them. */
export type PlannedCheck =
  | { kind: 'runs'; program: string; atLeast: number }
  | { kind: 'returns'; program: string; returned: number }
  | { kind: 'events'; program: string | null; map: string; atLeast: number }
  /** `what` is how a person calls it: `counts[3]`, `seen`. `size` is null where only the kernel knows it. */
  | {
      kind: 'bytes';
      program: string | null;
      what: string;
      map: string;
      key: Uint8Array;
      offset: number;
      size: number | null;
      expected: Expected;
    };

export interface RunCheckPlan {
  triggers: PlannedTrigger[];
  /** None: every program that was attached must have run. */
  checks: PlannedCheck[];
}

/** Types of programs whose test run needs a packet. */
const PACKET_TYPES: ReadonlySet<string> = new Set([
  'xdp',
  'sched_cls',
  'sched_act',
  'socket_filter',
  'cgroup_skb',
  'sk_skb',
  'flow_dissector',
]);
const EMPTY_PACKET = new Uint8Array(64);
const NOTHING = new Uint8Array();
const EVENT_MAPS: ReadonlySet<string> = new Set(['ringbuf', 'perf_event_array']);
const KINDS = ['runs', 'returns', 'events', 'map', 'variable'] as const;

/** Throws what is wrong at a place in the settings. */
type Fail = (path: readonly PropertyKey[], problem: string) => never;

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}

function checkName(name: string, names: readonly string[], what: string, path: readonly PropertyKey[], fail: Fail): void {
  if (!names.includes(name)) fail(path, `no ${what} "${name}" in the object; it has: ${listed(names)}`);
}

function planTrigger(trigger: Trigger, object: BpfObject, path: readonly PropertyKey[], fail: Fail): PlannedTrigger {
  if (typeof trigger === 'string') return { kind: 'built-in', name: trigger };
  if ('command' in trigger) return { kind: 'command', settings: trigger.command, path: [...path, 'command'] };
  const { program, data, context, repeat = 1 } = trigger.test_run;
  const names = object.programs.map(({ name }) => name);
  checkName(program, names, 'program', [...path, 'test_run', 'program'], fail);
  const type = object.programs.find(({ name }) => name === program)?.type ?? '';
  const packet = data === undefined ? (PACKET_TYPES.has(type) ? EMPTY_PACKET : NOTHING) : bytesOf(data);
  return { kind: 'test-run', program, repeat, data: packet ?? NOTHING, context: bytesOf(context ?? '') ?? NOTHING };
}

/** The bytes of a value, by the type it is for or as they are written. */
function encoded(
  btf: Btf | null,
  { type, size }: ElementType,
  value: Value,
  object: BpfObject,
  path: readonly PropertyKey[],
  fail: Fail,
): Uint8Array {
  const bytes = typeof value === 'string' ? bytesOf(value) : null;
  if (bytes) {
    if (size !== null && bytes.length !== size) return fail(path, `${bytes.length} bytes; expected ${size}`);
    return bytes;
  }
  if (!btf || type === null) return fail(path, 'the object does not say of which type it is; write it as hex:...');
  const result = encodeValue(btf, type, value, object.littleEndian);
  return result.ok ? result.bytes : fail(path, result.problem);
}

function expectedOf(check: Check, object: BpfObject, element: ElementType, path: readonly PropertyKey[], fail: Fail): Expected {
  const { equals, at_least: atLeast, not_zero: notZero } = check;
  const given = [equals, atLeast, notZero].filter((each) => each !== undefined);
  if (given.length !== 1) return fail(path, 'expected one of equals, at_least, not_zero');
  if (equals !== undefined) {
    return {
      equals: encoded(object.btf, element, equals, object, [...path, 'equals'], fail),
      shown: typeof equals === 'string' ? equals : JSON.stringify(equals),
    };
  }
  if (notZero) return { notZero };
  const kind = object.btf && element.type !== null ? kindOf(object.btf, resolveType(object.btf, element.type)) : null;
  if (object.btf && element.type !== null && kind !== null && kind !== 'int' && !isAnyEnum(kind))
    return fail([...path, 'at_least'], `what is there is no number, but ${typeText(object.btf, element.type)}`);
  return { atLeast: atLeast ?? 1 };
}

function planCheck(check: Check, object: BpfObject, path: readonly PropertyKey[], fail: Fail): PlannedCheck {
  const programs = object.programs.map(({ name }) => name);
  const { program } = check;
  if (program !== undefined) checkName(program, programs, 'program', [...path, 'program'], fail);
  const kinds = KINDS.filter((kind) => check[kind] !== undefined);
  const [kind] = kinds;
  if (!kind || kinds.length > 1) return fail(path, `expected one of ${KINDS.join(', ')}`);
  const own = program ?? null;
  if (check.runs !== undefined || check.returns !== undefined) {
    if (own === null) return fail(path, `"${kind}" needs the name of a program: ${listed(programs)}`);
    return check.runs === undefined
      ? { kind: 'returns', program: own, returned: (check.returns ?? 0) >>> 0 }
      : { kind: 'runs', program: own, atLeast: check.runs };
  }
  if (check.events !== undefined) {
    const maps = object.maps.filter(({ type }) => EVENT_MAPS.has(type)).map(({ name }) => name);
    checkName(check.events, maps, 'ring buffer or perf event array', [...path, 'events'], fail);
    return { kind: 'events', program: own, map: check.events, atLeast: check.at_least ?? 1 };
  }
  if (check.map !== undefined) {
    const { map, key } = check;
    const maps = object.maps.map(({ name }) => name);
    checkName(map, maps, 'map', [...path, 'map'], fail);
    if (key === undefined) return fail(path, '"map" needs a key to look at');
    const [keys, values] = object.btf
      ? [elementType(object.btf, map, 'key'), elementType(object.btf, map, 'value')]
      : [
          { type: null, size: null },
          { type: null, size: null },
        ];
    const bytes = encoded(object.btf, keys, key, object, [...path, 'key'], fail);
    const what = `${map}[${typeof key === 'string' ? key : JSON.stringify(key)}]`;
    return {
      kind: 'bytes',
      program: own,
      what,
      map,
      key: bytes,
      offset: 0,
      size: values.size,
      expected: expectedOf(check, object, values, path, fail),
    };
  }
  const variables = variablesOf(object);
  const variable = variables.find(({ name }) => name === check.variable);
  if (!variable) {
    const names = variables.map(({ name }) => name);
    return fail([...path, 'variable'], `no variable "${check.variable ?? ''}" in the object; it has: ${listed(names)}`);
  }
  const { name, section: map, offset, size } = variable;
  return {
    kind: 'bytes',
    program: own,
    what: name,
    map,
    key: new Uint8Array(4),
    offset,
    size,
    expected: expectedOf(check, object, variable, path, fail),
  };
}

/**
 * What a run of an object is; null where the settings ask for none.
 * @throws UserError naming the place, what is wrong and what the object has
 */
export function planRunCheck(settings: ObjectSettings, object: BpfObject, placeOf: PlaceOf): RunCheckPlan | null {
  const { mode, trigger = [], check = [] } = settings;
  if (mode !== 'run') return null;
  const fail: Fail = (path, problem) => {
    throw new UserError(`${placeOf(path)}: ${problem}`);
  };
  const triggers = Array.isArray(trigger)
    ? trigger.map((each, index) => planTrigger(each, object, ['trigger', index], fail))
    : [planTrigger(trigger, object, ['trigger'], fail)];
  if (triggers.length === 0) fail(['mode'], 'a run needs a trigger: open, exec, connect, write, spin, iterate, test_run or command');
  return { triggers, checks: check.map((each, index) => planCheck(each, object, ['check', index], fail)) };
}
