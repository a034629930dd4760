// The words for values that do not fit the schema of corematrix.yaml, in place of those of the validator.
import type { z } from 'zod';
import { didYouMean } from '../../base/similar.ts';
import { either } from '../settings/place.ts';

type Issue = z.core.$ZodIssue;
type RawIssue = z.core.$ZodRawIssue;
type Size = Pick<z.core.$ZodIssueTooSmall, 'origin' | 'inclusive'>;

const MAX_SHOWN = 60;

/** The types of the schema in words. A type with several words has these values. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  string: ['text'],
  number: ['a number'],
  int: ['a whole number'],
  boolean: ['true', 'false'],
  array: ['a list'],
  object: ['keys with values'],
  record: ['keys with values'],
};

const FORMATS: Readonly<Record<string, string>> = {
  url: 'an address such as https://example.org/1',
  date: 'a day such as 2027-03-31',
};

const UNITS: Readonly<Record<string, string>> = { array: ' entries', string: ' characters' };

/** A value in a message: scalars as YAML writes them, cut to one line. */
function shown(value: unknown): string {
  if (Number.isNaN(value)) return '.nan';
  if (value === Infinity || value === -Infinity) return value < 0 ? '-.inf' : '.inf';
  // 5.10 would be shown as 5.1.
  if (typeof value === 'number' && !Number.isInteger(value)) return 'a number with a fraction';
  if (value === null) return 'an empty value';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return 'keys with values';
  const text = `"${value}"`;
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

/** The values that an issue about a whole value expects; empty for an issue about a part of it. */
function expectedBy(issue: Issue | RawIssue): readonly string[] {
  if (issue.code === 'invalid_type') return TYPES[issue.expected] ?? [issue.expected];
  if (issue.code === 'invalid_value') return issue.values.map(String);
  if (issue.code !== 'invalid_union') return [];
  return [...new Set(issue.errors.flatMap(([first]) => (first && first.path.length === 0 ? expectedBy(first) : [])))];
}

/** What to type instead, if a value only has another form. */
function advice(value: unknown, words: readonly string[]): string {
  if (value === null) return '; write a value, or remove the key';
  if (words.includes('text') && (typeof value === 'number' || typeof value === 'boolean')) return '; put it in quotes';
  if (words.includes('a list') && typeof value === 'string' && /^[\w.*:/-]+$/.test(value)) return `; write [${value}]`;
  return '';
}

/** Whether some of the words are values, not only the names of types. */
function haveValues(words: readonly string[]): boolean {
  const types = new Set(Object.values(TYPES).flatMap((each) => (each.length === 1 ? each : [])));
  return words.some((word) => !types.has(word));
}

/** A whole number that JavaScript would round; the configuration keeps its text. */
const BEYOND_NUMBERS = /^[-+]?(?:\d{16,}|0x[\da-fA-F]{14,})$/;

function wrongValue(value: unknown, words: readonly string[]): string {
  if (typeof value === 'string' && BEYOND_NUMBERS.test(value) && words.some((word) => word.endsWith('number')))
    return `expected ${either(words)} of at most ${Number.MAX_SAFE_INTEGER}, not ${shown(value).replaceAll('"', '')}`;
  if (typeof value !== 'string' || !haveValues(words)) return `expected ${either(words)}, not ${shown(value)}${advice(value, words)}`;
  return `unknown value ${shown(value)}${didYouMean(value, words)}; expected ${either(words)}`;
}

function wrongSize(bound: 'at least' | 'at most', limit: number | bigint, { origin, inclusive = true }: Size): string {
  if (bound === 'at least' && limit === 1 && origin === 'array') return 'expected at least one entry';
  if (bound === 'at least' && limit === 1 && origin === 'string') return 'expected text that is not empty';
  if (!inclusive) return `expected a number ${bound === 'at least' ? 'greater' : 'less'} than ${limit}`;
  return `expected ${bound} ${limit}${UNITS[origin] ?? ''}`;
}

function problemOf(issue: RawIssue): string | undefined {
  if (issue.code === 'too_small') return wrongSize('at least', issue.minimum, issue);
  if (issue.code === 'too_big') return wrongSize('at most', issue.maximum, issue);
  if (issue.code === 'invalid_format') return `expected ${FORMATS[issue.format] ?? 'another form'}`;
  if (issue.code === 'invalid_key') return issue.issues[0]?.message;
  const words = expectedBy(issue);
  return words.length === 0 ? undefined : wrongValue(issue.input, words);
}

/**
 * The problem with a value in one line: what was expected, what was found, and what was probably meant. The messages of the schema itself
 * come before these.
 * @returns undefined for a fault that has no words here, such as an unknown key
 */
export function faultWords(issue: RawIssue): string | undefined {
  if (issue.input !== undefined || issue.code === 'unrecognized_keys') return problemOf(issue);
  const words = expectedBy(issue);
  return `missing${words.length > 0 ? `; expected ${either(words)}` : ''}`;
}
