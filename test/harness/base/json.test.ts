// Tests of the place of the first error in any text, compared with JSON.parse.
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { parseJson } from '../../../harness/base/json.ts';

/** True if JSON.parse finds no fault before the end of a text. */
function couldGoOn(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const position = /at position (\d+)/.exec(message)?.[1];
    return position === undefined ? message.includes('end of JSON') : Number(position) >= text.length;
  }
}

/** The place of the first error, found by trying every beginning of the text. */
function expected(text: string) {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    let at = 0;
    while (at < text.length && couldGoOn(text.slice(0, at + 1))) at++;
    const before = text.slice(0, at).split('\n');
    const code = text.codePointAt(at);
    const problem = code === undefined ? 'the file ends too early' : `unexpected "${String.fromCodePoint(code)}"`;
    return { ok: false, line: before.length, column: (before.at(-1)?.length ?? 0) + 1, problem };
  }
}

const PIECES = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  '\\',
  'u00e9',
  'u12',
  'n',
  'true',
  'fals',
  'null',
  '-',
  '0',
  '12',
  '.',
  'e',
  '+',
  ' ',
  '\n',
  '\t',
  'é',
  '😀',
  '\u0001',
  'a',
];

it('the first error of a damaged JSON text is the character at which JSON.parse stops', () => {
  const damaged = fc
    .tuple(fc.json({ maxDepth: 3 }), fc.nat(), fc.nat(3), fc.array(fc.constantFrom(...PIECES), { maxLength: 3 }))
    .map(([json, at, removed, added]) => {
      const place = at % (json.length + 1);
      return json.slice(0, place) + added.join('') + json.slice(place + removed);
    });
  fc.assert(
    fc.property(damaged, (text) => {
      fc.pre(firstRepeated(text) === null);
      expect(parseJson(text)).toEqual(expected(text));
    }),
    { numRuns: 3000 },
  );
});

it('the first error of random pieces of JSON is the character at which JSON.parse stops', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 10 }), (pieces) => {
      expect(parseJson(pieces.join(''))).toEqual(expected(pieces.join('')));
    }),
    { numRuns: 5000 },
  );
});

/** Where the yaml library, which reads JSON, finds the first key that its object has already; null if it finds none. */
function firstRepeated(text: string): { line: number; column: number } | null {
  const places = parseDocument(text, { prettyErrors: false }).errors.flatMap(({ code, pos }) => (code === 'DUPLICATE_KEY' ? [pos[0]] : []));
  if (places.length === 0) return null;
  const before = text.slice(0, Math.min(...places)).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

it('JSON with a key that occurs twice in an object is refused at the second, at any depth', () => {
  const key = fc.constantFrom('"a"', '"\\u0061"', '"b"', '"c"', '"__proto__"', '",\\":{"', '""');
  const { value } = fc.letrec<{ value: string }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom('1', 'null', '"a"', '"{\\"a\\":1,\\"a\\""', '[]', '{}'),
      fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items.join(', ')}]`),
      fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map((all) => `{${all.map((pair) => pair.join(': ')).join(',\n')}}`),
    ),
  }));
  const seen = { refused: 0, read: 0 };
  fc.assert(
    fc.property(value, (text) => {
      const read = parseJson(text);
      const place = read.ok ? null : { line: read.line, column: read.column };
      expect(place).toEqual(firstRepeated(text));
      seen[read.ok ? 'read' : 'refused'] += 1;
    }),
    { numRuns: 2000 },
  );
  expect([seen.read > 100, seen.refused > 100]).toEqual([true, true]);
});

it('the error for a key that occurs twice names its path', () => {
  const problem = (text: string, path?: readonly (string | number)[]) => {
    const read = parseJson(text, path);
    return read.ok ? null : [read.line, read.column, read.problem];
  };
  expect([
    problem('{"a": 1,\n "a": 1}'),
    problem('{"cells": [{"x": 1, "y": {}}, {"x": [{}, {"k": 1,\n  "\\u006b": 2}]}]}'),
    problem('{"status": 1, "status": 2}', ['cells', 3]),
    problem('[{"a": 1}, {"a": 1}]'),
  ]).toEqual([
    [2, 2, 'the key a occurs twice in its object; expected each key once'],
    [2, 3, 'the key cells[1].x[1].k occurs twice in its object; expected each key once'],
    [1, 15, 'the key cells[3].status occurs twice in its object; expected each key once'],
    null,
  ]);
});

it('JSON that nests too deeply is refused at the first bracket beyond the limit, and brackets in strings do not count', () => {
  expect(parseJson(`\n${'['.repeat(1001)}`)).toEqual({ ok: false, line: 2, column: 1001, problem: 'it nests deeper than 1000 levels' });
  expect(parseJson(`${'['.repeat(1000)}${']'.repeat(1000)}`).ok).toBe(true);
  expect(parseJson(JSON.stringify(`\\"${'['.repeat(5000)}`)).ok).toBe(true);
});

it('hostile JSON of several megabytes is refused in linear time', () => {
  // Processor time instead of clock time, because other tests run at the same time.
  const started = process.cpuUsage();
  const size = 5_000_000;
  const texts = [
    '['.repeat(size),
    `[${'1,'.repeat(size)}`,
    `"${'\\'.repeat(size)}`,
    `[${'"",'.repeat(size)}x`,
    `${'\n'.repeat(size)}x`,
    `"${'a'.repeat(size)}`,
    `[${'{"a":1},'.repeat(size / 8)}{"a":1,"a":1}]`,
    `{${Array.from({ length: size / 16 }, (_, key) => `"k${key}":0`).join(',')},"k0":0}`,
  ];
  expect(texts.map((text) => parseJson(text)).map((read) => !read.ok && read.problem)).toEqual([
    'it nests deeper than 1000 levels',
    'the file ends too early',
    'the file ends too early',
    'unexpected "x"',
    'unexpected "x"',
    'the file ends too early',
    `the key [${size / 8}].a occurs twice in its object; expected each key once`,
    'the key k0 occurs twice in its object; expected each key once',
  ]);
  const { user, system } = process.cpuUsage(started);
  expect((user + system) / 1000).toBeLessThan(15_000);
});
