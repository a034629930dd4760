// The words for a part of a JSON file that does not fit its schema, in place of those of the validator.
import type { z } from 'zod';
import { didYouMean } from './similar.ts';
import { shortened } from './visible.ts';

type Issue = z.core.$ZodIssue;
type RawIssue = z.core.$ZodRawIssue;
type Size = Pick<z.core.$ZodIssueTooSmall, 'origin' | 'inclusive'>;

const MAX_SHOWN = 60;
/** Longer lists of names are left out. */
const MAX_NAMES = 40;

/** The types of a schema in words. */
const TYPES: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'an array',
  tuple: 'an array',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

/** A value in a message, as JSON writes it: arrays and objects without their content. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'function') return 'a function';
  return shortened(typeof value === 'string' ? JSON.stringify(value) : String(value), MAX_SHOWN);
}

/** The values or types that an issue about a whole value expects; empty for an issue about a part of it. */
function expectedBy(issue: Issue | RawIssue): readonly string[] {
  if (issue.code === 'invalid_type') return [TYPES[issue.expected] ?? issue.expected];
  if (issue.code === 'invalid_value') return issue.values.map((value) => (typeof value === 'string' ? value : String(value)));
  if (issue.code !== 'invalid_union') return [];
  // No alternative has the value in the key that tells them apart.
  if ('options' in issue && Array.isArray(issue.options)) return issue.options.map(String);
  return [...new Set(issue.errors.flatMap(([first]) => (first && first.path.length === 0 ? expectedBy(first) : [])))];
}

const isNamed = ({ code }: RawIssue) => code === 'invalid_value';

function either(words: readonly string[]): string {
  return words.length > MAX_NAMES ? `${words.slice(0, MAX_NAMES).join(', ')}, …` : words.join(', ').replace(/, ([^,]*)$/, ' or $1');
}

/** The form of a string without the marks of a regular expression. */
function formOf(pattern: string): string {
  return `text of the form ${pattern.replace(/^\/\^?/, '').replace(/\$?\/[a-z]*$/, '')}`;
}

/** The value at fault: of alternatives that a key tells apart, that of the key. */
function valueOf(issue: RawIssue): unknown {
  const { input } = issue;
  const key = issue.code === 'invalid_union' && 'discriminator' in issue ? issue.discriminator : null;
  return typeof key === 'string' && typeof input === 'object' && input !== null ? Reflect.get(input, key) : input;
}

function sizeText(bound: 'at least' | 'at most', limit: number | bigint, { origin, inclusive = true }: Size): string {
  if (origin === 'array') return `${bound} ${limit} elements`;
  if (origin === 'string') return `${bound} ${limit} characters`;
  if (inclusive) return `a number of ${bound} ${limit}`;
  return `a number ${bound === 'at least' ? 'above' : 'below'} ${limit}`;
}

/** What was expected in place of a value that has the right type; null for a fault that has no words here. */
function expectedOfValue(issue: RawIssue): string | null {
  if (issue.code === 'too_small') return sizeText('at least', issue.minimum, issue);
  if (issue.code === 'too_big') return sizeText('at most', issue.maximum, issue);
  if (issue.code !== 'invalid_format') return null;
  if (issue.format === 'datetime') return 'a time such as 2026-01-31T12:00:00Z';
  return issue.pattern === undefined ? `text of the form "${issue.format}"` : formOf(issue.pattern);
}

/**
 * The fault in a part of a JSON value in one line: what was expected and what was found. Give it to the validator as `error`; messages of the
 * schema itself come before these.
 */
export function jsonFaultWords(issue: RawIssue): string | undefined {
  const found = valueOf(issue);
  if (issue.code === 'unrecognized_keys') return unknownKeys(issue.keys);
  const words = expectedBy(issue);
  if (words.length === 0) {
    const expected = expectedOfValue(issue);
    return expected === null ? undefined : `expected ${expected}, found ${shown(found)}`;
  }
  if (found === undefined) return `missing; expected ${either(words)}`;
  const meant = isNamed(issue) && typeof found === 'string' ? didYouMean(found, words) : '';
  return `expected ${either(words)}, found ${shown(found)}${meant}`;
}

/** The fault of keys that an object may not have. */
export function unknownKeys(keys: readonly string[]): string {
  return `unknown ${keys.length === 1 ? 'key' : 'keys'} ${keys.map((key) => JSON.stringify(key)).join(', ')}`;
}

/** The issues of the alternative that was meant in a union: the one that accepts the value itself and has the fewest faults in its parts. */
export function meantIssues(issue: Issue): readonly Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const inParts = issue.errors.filter((branch) => branch.length > 0 && branch.every(({ path }) => path.length > 0));
  const [meant] = inParts.toSorted((a, b) => a.length - b.length);
  return meant?.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })) ?? [issue];
}
