// Checks the options of a call: a program in JavaScript, or one with casts, can pass anything.
import { UserFaults } from '../base/errors.ts';
import { didYouMean } from '../base/similar.ts';
import { MAX_SECONDS } from '../base/time-limit.ts';
import { LOADER_NAMES, loaderSchema } from '../plan/settings/loader/schema.ts';
import type { Results } from '../results/schema.ts';

/** What values an option may have. */
export interface Rule {
  /** In words, after "expected". */
  expected: string;
  holds: (value: unknown) => boolean;
  /** What to write in place of a value that is nearly right; null if nothing is near. */
  instead?: (value: unknown) => string | null;
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

const listOf = (what: string, isElement: (each: unknown) => boolean = isText): Rule => ({
  expected: `an array of ${what}`,
  holds: (value) => isListOf(value, isElement),
  instead: (value) => (isText(value) && isElement(value) ? `[${JSON.stringify(value)}]` : null),
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

/** True for what looks like results. Their content was checked by `parseResults`, or comes from a run. */
function isResults(value: unknown): value is Results {
  return isRecord(value) && isRecord(value['run']) && ['kernels', 'objects', 'cells'].every((key) => Array.isArray(value[key]));
}

const results: Rule = {
  expected: 'results of run() or parseResults()',
  holds: isResults,
  instead: (value) => (typeof value === 'string' ? 'parseResults(text)' : null),
};

/** A rule for an object whose members have rules. */
export const membersOf = (rules: Rules): Rule => ({
  expected: `an object with ${Object.keys(rules).join(', ')}`,
  holds: (value) => isRecord(value) && Object.entries(value).every(([key, each]) => each === undefined || rules[key]?.holds(each) === true),
});

const inputs: Rule = {
  expected: 'an array of { name, results }',
  holds: (value) => isListOf(value, (each) => isRecord(each) && typeof each['name'] === 'string' && isResults(each['results'])),
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
  paths: listOf('paths'),
  selectors: listOf('kernel selectors'),
  loader,
  loaders: listOf(`loaders, each ${LOADER_NAMES}`, isLoader),
  words: listOf('words'),
  addresses: listOf('addresses'),
  accel: oneOf(['auto', 'kvm', 'tcg']),
  inputs,
} as const satisfies Rules;

const MAX_SHOWN = 60;

/** A value in a message, as a program writes it. */
function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'bigint') return `${value}n`;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array with other values';
  if (isRecord(value)) return 'an object';
  const written = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return written.length > MAX_SHOWN ? `${written.slice(0, MAX_SHOWN)}…` : written;
}

function faultOf(name: string, value: unknown, rule: Rule): string | null {
  if (rule.holds(value)) return null;
  const instead = rule.instead?.(value) ?? null;
  return `${name}: expected ${rule.expected}, got ${shown(value)}${instead === null ? '' : `; write ${instead}`}`;
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
  const given = new Map(optionNames(options, names).map((key) => [key, options[key]]));
  const faults = [...given].flatMap(([key, value]) => {
    const rule = Object.hasOwn(rules, key) ? rules[key] : undefined;
    if (!rule) return [`${key}: unknown option${didYouMean(key, names)}; possible here: ${names.join(', ')}`];
    return value === undefined ? [] : (faultOf(key, value, rule) ?? []);
  });
  const absent = required
    .filter((key) => given.get(key) === undefined)
    .map((key) => `${key}: missing; expected ${rules[key]?.expected ?? ''}`);
  const all = [...absent, ...faults].map((fault) => `${name}: ${fault}`);
  if (all.length > 0) throw new UserFaults(name, all);
  return { ...options, ...Object.fromEntries(given) };
}

/** The signal among options that are not checked yet. */
export function signalOf(options: unknown): AbortSignal | undefined {
  const found = isRecord(options) ? options['signal'] : undefined;
  return found instanceof AbortSignal ? found : undefined;
}
