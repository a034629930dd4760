// Plans a check for an object: resolves names, and turns keys and values into bytes.
import { kindOf } from '../../../bpf/btf/btf.ts';
import { encodeValue, type Value } from '../../../bpf/btf/encode.ts';
import { typeText } from '../../../bpf/btf/type-text.ts';
import { isAnyEnum, resolveType } from '../../../bpf/btf/types.ts';
import { type ElementType, elementType } from '../../../bpf/object/map-types.ts';
import type { BpfObject } from '../../../bpf/object/object.ts';
import { variablesOf } from '../../../bpf/object/variables.ts';
import { bytesOf } from '../bytes.ts';
import type { SettingInput } from '../definition.ts';
import { checkIsLoaded, type LoadSettings } from '../off-program.ts';
import { listed, notInObject, type Place } from '../place.ts';
import type { OneCheck } from './schema.ts';

/** The expected bytes: exactly these, a number of at least this, or not all zero. */
export type Expected = { equals: Uint8Array; shown: string } | { atLeast: number } | { notZero: true };

/** `program` is the one that fails if the check does; null for all of them. */
export type PlannedCheck =
  | { kind: 'runs'; program: string; atLeast: number }
  | { kind: 'returns'; program: string; returned: number }
  | { kind: 'events'; program: string | null; map: string; atLeast: number }
  /** `what` is its name in messages: `counts[3]`, `seen`. `size` is null if only the kernel knows it. */
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

const KINDS = ['runs', 'returns', 'events', 'map', 'variable'] as const;
const EVENT_MAPS: ReadonlySet<string> = new Set(['ringbuf', 'perf_event_array']);
const UNKNOWN: ElementType = { type: null, size: null };

/** A check, the object that it is about, and the place of the check in the configuration. */
interface Reading {
  check: OneCheck;
  object: BpfObject;
  place: Place;
}

function namesOf(all: readonly { name: string }[]): string[] {
  return all.map(({ name }) => name);
}

/** The bytes of a value: `hex:...` as it is written, everything else according to its type. */
function encoded(value: Value, { type, size }: ElementType, { object: { btf, littleEndian } }: Reading, place: Place): Uint8Array {
  const bytes = typeof value === 'string' ? bytesOf(value) : null;
  if (bytes) {
    if (size !== null && bytes.length !== size) throw place.problem(`${bytes.length} bytes; expected ${size}`);
    return bytes;
  }
  if (!btf || type === null) throw place.problem('the object does not define the type of this value; write it as hex:...');
  const result = encodeValue(btf, type, value, littleEndian);
  if (!result.ok) throw place.problem(result.problem);
  return result.bytes;
}

/** `at_least` compares numbers; a value of unknown type may be one. */
function checkNumber({ type }: ElementType, { object: { btf }, place }: Reading): void {
  if (!btf || type === null) return;
  const kind = kindOf(btf, resolveType(btf, type));
  if (kind !== 'int' && !isAnyEnum(kind)) throw place.at('at_least').problem(`the value is not a number, but ${typeText(btf, type)}`);
}

function expectedOf(element: ElementType, reading: Reading): Expected {
  const { check, place } = reading;
  const { equals, at_least: atLeast, not_zero: notZero } = check;
  const given = [equals, atLeast, notZero].filter((each) => each !== undefined);
  if (given.length !== 1) throw place.problem('expected one of equals, at_least, not_zero');
  if (equals !== undefined) {
    const bytes = encoded(equals, element, reading, place.at('equals'));
    return { equals: bytes, shown: typeof equals === 'string' ? equals : JSON.stringify(equals) };
  }
  if (notZero) return { notZero };
  checkNumber(element, reading);
  return { atLeast: atLeast ?? 1 };
}

function planOfProgram({ check, object, place }: Reading): PlannedCheck {
  const { program, runs, returns = 0 } = check;
  const kind = runs === undefined ? 'returns' : 'runs';
  if (program === undefined) throw place.problem(`"${kind}" needs the name of a program: ${listed(namesOf(object.programs))}`);
  return runs === undefined ? { kind: 'returns', program, returned: returns >>> 0 } : { kind: 'runs', program, atLeast: runs };
}

function planOfEvents({ check, object, place }: Reading, map: string): PlannedCheck {
  const maps = namesOf(object.maps.filter(({ type }) => EVENT_MAPS.has(type)));
  if (!maps.includes(map)) throw notInObject(place.at('events'), 'ring buffer or perf event array', map, maps);
  return { kind: 'events', program: check.program ?? null, map, atLeast: check.at_least ?? 1 };
}

function planOfMap(reading: Reading, map: string): PlannedCheck {
  const { check, object, place } = reading;
  const { key, program = null } = check;
  const maps = namesOf(object.maps);
  if (!maps.includes(map)) throw notInObject(place.at('map'), 'map', map, maps);
  if (key === undefined) throw place.problem('"map" needs a key to look at');
  const typeOf = (what: 'key' | 'value') => (object.btf ? elementType(object.btf, map, what) : UNKNOWN);
  const value = typeOf('value');
  return {
    kind: 'bytes',
    program,
    what: `${map}[${typeof key === 'string' ? key : JSON.stringify(key)}]`,
    map,
    key: encoded(key, typeOf('key'), reading, place.at('key')),
    offset: 0,
    size: value.size,
    expected: expectedOf(value, reading),
  };
}

function planOfVariable(reading: Reading, name: string): PlannedCheck {
  const { check, object, place } = reading;
  const variables = variablesOf(object);
  const variable = variables.find((each) => each.name === name);
  if (!variable) throw notInObject(place.at('variable'), 'variable', name, namesOf(variables));
  const { section, offset, size } = variable;
  // libbpf makes a data section the only element of an array.
  const key = new Uint8Array(4);
  const expected = expectedOf(variable, reading);
  return { kind: 'bytes', program: check.program ?? null, what: name, map: section, key, offset, size, expected };
}

/**
 * Plans one check.
 * @throws UserError with the place, the problem and the possible names
 */
export function planCheck(
  check: OneCheck,
  { object, settings }: Pick<SettingInput<LoadSettings>, 'object' | 'settings'>,
  place: Place,
): PlannedCheck {
  const reading = { check, object, place };
  const { program, events, map, variable } = check;
  const programs = namesOf(object.programs);
  if (program !== undefined && !programs.includes(program)) throw notInObject(place.at('program'), 'program', program, programs);
  if (program !== undefined) checkIsLoaded(program, object, settings, place.at('program'));
  if (KINDS.filter((kind) => check[kind] !== undefined).length !== 1) throw place.problem(`expected one of ${KINDS.join(', ')}`);
  if (events !== undefined) return planOfEvents(reading, events);
  if (map !== undefined) return planOfMap(reading, map);
  return variable === undefined ? planOfProgram(reading) : planOfVariable(reading, variable);
}
