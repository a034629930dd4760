// Checks the options of a call: a program in JavaScript, or one with casts, can pass anything.
import { UserFaults } from '../base/errors.ts';
import { faultsOfResults } from '../../reports/json.ts';
import { pathText } from '../base/json.ts';
import { didYouMean } from '../base/similar.ts';
import { MAX_SECONDS } from '../base/time-limit.ts';
import { LOADER_NAMES, loaderSchema } from '../plan/settings/loader/schema.ts';

/** What values an option may have. */
export interface Rule {
  /** In words, after "expected". */
  expected: string;
  holds: (value: unknown) => boolean;
  /** What to write in place of a value that is nearly right; null if nothing is near. */
  instead?: (value: unknown) => string | null;
  /** The faults of the parts of a value that does not hold, each with the name of its part; empty if the value itself is at fault. */
  faultsIn?: (name: string, value: unknown) => string[];
}

export type Rules = Readonly<Record<string, Rule>>;

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isNumber = (value: unknown): value is number => typeof value === 'number';

const text: Rule = { expected: 'a string', holds: (value) => typeof value === 'string' };
const flag: Rule = { expected: 'true or false', holds: (value) => typeof value === 'boolean' };
const callback: Rule = { expected: 'a function', holds: (value) => typeof value === 'function' };
const wholeAbove0: Rule = { expected: 'a whole number above 0', holds: (value) => isNumber(value) && Number.isInteger(value) && value > 0 };
const whole: Rule = { expected: 'a whole number, 0 or more', holds: (value) => isNumber(value) && Number.isInteger(value) && value >= 0 };
const seconds: Rule = {
  expected: `a number of seconds above 0, at most ${MAX_SECONDS}`,
  holds: (value) => isNumber(value) && value > 0 && value <= MAX_SECONDS,
};
const signal: Rule = { expected: 'an AbortSignal', holds: (value) => value instanceof AbortSignal };

const isText = (value: unknown): value is string => typeof value === 'string';
const isLoader = (value: unknown): boolean => loaderSchema.safeParse(value).success;
const loader: Rule = { expected: LOADER_NAMES, holds: isLoader };

/** Whether a value is an array whose elements all hold. A hole is an element that is undefined. */
const isListOf = (value: unknown, holds: (each: unknown) => boolean): value is unknown[] =>
  Array.isArray(value) && Array.from(value).every(holds);

const textOf = (expected: string): Rule => ({ ...text, expected });

/** The faults of the elements of an array. */
const elementFaults = (name: string, value: unknown, rule: Rule): string[] =>
  Array.isArray(value) ? Array.from(value).flatMap((each, index) => faultsOf(`${name}[${index}]`, each, rule)) : [];

const listOf = (what: string, element: Rule): Rule => ({
  expected: `an array of ${what}`,
  holds: (value) => isListOf(value, element.holds),
  instead: (value) => (isText(value) && element.holds(value) ? `[${JSON.stringify(value)}]` : null),
  faultsIn: (name, value) => elementFaults(name, value, element),
});

export const oneOf = (words: readonly string[]): Rule => ({
  expected: `one of ${words.join(', ')}`,
  holds: (value) => typeof value === 'string' && words.includes(value),
  instead: (value) => /mean (.*)\?/.exec(typeof value === 'string' ? didYouMean(value, words) : '')?.[1] ?? null,
});

const config: Rule = {
  expected: 'a configuration that loadConfig() read',
  holds: (value) =>
    isRecord(value) && isRecord(value['config']) && typeof value['at'] === 'function' && typeof value['directory'] === 'string',
  instead: (value) => (typeof value === 'string' ? `await loadConfig(${JSON.stringify(value)})` : null),
};

/** Whether a value has the mark of results. Their parts can still be wrong. */
const isLikeResults = (value: unknown): value is Record<string, unknown> => isRecord(value) && 'schemaVersion' in value;

const results: Rule = {
  expected: 'results of run() or parseResults()',
  holds: (value) => isLikeResults(value) && faultsOfResults(value).length === 0,
  instead: (value) => (typeof value === 'string' ? 'parseResults(text)' : null),
  faultsIn: (name, value) =>
    isLikeResults(value) ? faultsOfResults(value).map(({ path, message }) => `${pathText([name, ...path])}: ${message}`) : [],
};

/** The faults of the members of an object: unknown ones, those of another kind, and required ones that are absent. */
function memberFaults(value: object, { rules, required = [] }: Omit<Call, 'name'>, at = ''): string[] {
  const names = Object.keys(rules);
  const given = new Map(Object.entries(value));
  const absent = required
    .filter((key) => given.get(key) === undefined)
    .map((key) => `${at}${key}: missing; expected ${rules[key]?.expected ?? ''}`);
  const faults = [...given].flatMap(([key, each]) => {
    const rule = Object.hasOwn(rules, key) ? rules[key] : undefined;
    if (!rule) return [`${at}${key}: unknown option${didYouMean(key, names)}; possible here: ${names.join(', ')}`];
    return each === undefined ? [] : faultsOf(`${at}${key}`, each, rule);
  });
  return [...absent, ...faults];
}

/** A rule for an object whose members have rules. */
export const membersOf = (rules: Rules, required: readonly string[] = []): Rule => {
  const faultsIn = (name: string, value: unknown) =>
    isRecord(value) && !Array.isArray(value) ? memberFaults(value, { rules, required }, `${name}.`) : [];
  return {
    expected: `an object with ${Object.keys(rules).join(', ')}`,
    holds: (value) => isRecord(value) && !Array.isArray(value) && faultsIn('', value).length === 0,
    faultsIn,
  };
};

/** One input of merge(). It may have other members. */
const namedResults: Rule = {
  expected: 'an object with name, results',
  holds: (value) => isRecord(value) && text.holds(value['name']) && results.holds(value['results']),
  faultsIn: (name, value) =>
    isRecord(value) && !isLikeResults(value)
      ? [...faultsOf(`${name}.name`, value['name'], text), ...faultsOf(`${name}.results`, value['results'], results)]
      : [],
  instead: (value) => (isLikeResults(value) ? '{ name, results }' : null),
};

const shard: Rule = {
  expected: '{ index, total }, whole numbers with 1 ≤ index ≤ total',
  holds: (value) =>
    isRecord(value) &&
    wholeAbove0.holds(value['index']) &&
    wholeAbove0.holds(value['total']) &&
    Number(value['index']) <= Number(value['total']),
};

/** The rules that tables of options are made of. */
export const RULES = {
  text,
  flag,
  callback,
  whole,
  wholeAbove0,
  seconds,
  signal,
  config,
  results,
  shard,
  path: { expected: 'a path', holds: (value) => isText(value) && value !== '' },
  paths: listOf('paths', textOf('a path')),
  selectors: listOf('kernel selectors', textOf('a kernel selector')),
  loader,
  loaders: listOf(`loaders, each ${LOADER_NAMES}`, loader),
  words: listOf('words', textOf('a word')),
  addresses: listOf('addresses', textOf('an address')),
  accel: oneOf(['auto', 'kvm', 'tcg']),
  inputs: listOf('{ name, results }', namedResults),
} as const satisfies Rules;

const MAX_SHOWN = 60;
/** Of the faults in the parts of one value. */
const MAX_PARTS = 20;

/** A value in a message, as a program writes it. */
function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'bigint') return `${value}n`;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array with other values';
  if (isRecord(value)) return 'an object';
  const written = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return written.length > MAX_SHOWN ? `${written.slice(0, MAX_SHOWN)}…` : written;
}

/** What is wrong with a value, in its parts if they are at fault. */
function faultsOf(name: string, value: unknown, rule: Rule): string[] {
  if (rule.holds(value)) return [];
  const inParts = rule.faultsIn?.(name, value) ?? [];
  if (inParts.length > 0) return inParts.slice(0, MAX_PARTS);
  const instead = rule.instead?.(value) ?? null;
  return [`${name}: expected ${rule.expected}, got ${shown(value)}${instead === null ? '' : `; write ${instead}`}`];
}

/** Which names are accepted, and which must be there. */
interface Call {
  /** Its name in messages: `run()`. */
  name: string;
  rules: Rules;
  required?: readonly string[];
}

/** The names of an object's own options, then those that it inherits. */
function optionNames(options: Readonly<Record<string, unknown>>, known: readonly string[]): string[] {
  const names = new Set(Object.keys(options));
  for (const name in options) names.add(name);
  for (const name of known) if (name in options) names.add(name);
  return [...names];
}

/**
 * Checks options. An option that is undefined counts as absent, and one that is inherited counts as the object's own.
 * @returns the options, all of them properties of the object itself
 * @throws UserFaults with all faults at once: unknown names, values of another kind, and required options that are absent
 */
export function checkOptions<Options>({ name, rules, required = [] }: Call, options: Options): Options {
  if (!isRecord(options) || Array.isArray(options))
    throw new UserFaults(name, [`${name}: expected an object with options, got ${shown(options)}`]);
  const names = Object.keys(rules);
  const given = Object.fromEntries(optionNames(options, names).map((key) => [key, options[key]]));
  const faults = memberFaults(given, { rules, required }).map((fault) => `${name}: ${fault}`);
  if (faults.length > 0) throw new UserFaults(name, faults);
  return { ...options, ...given };
}

/** The signal among options that are not checked yet. */
export function signalOf(options: unknown): AbortSignal | undefined {
  const found = isRecord(options) ? options['signal'] : undefined;
  return found instanceof AbortSignal ? found : undefined;
}
