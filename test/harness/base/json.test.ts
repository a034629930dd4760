// Tests of the place of the first error in any text, compared with JSON.parse.
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
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
      expect(parseJson(text)).toEqual(expected(text));
    }),
    { numRuns: 3000 },
  );
});

it('the first error of random pieces of JSON is the character at which JSON.parse stops', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }), (pieces) => {
      expect(parseJson(pieces.join(''))).toEqual(expected(pieces.join('')));
    }),
    { numRuns: 5000 },
  );
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
  ];
  expect(texts.map((text) => parseJson(text)).map((read) => !read.ok && read.problem)).toEqual([
    'it nests deeper than 1000 levels',
    'the file ends too early',
    'the file ends too early',
    'unexpected "x"',
    'unexpected "x"',
    'the file ends too early',
  ]);
  const { user, system } = process.cpuUsage(started);
  expect((user + system) / 1000).toBeLessThan(15_000);
});
