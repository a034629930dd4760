// Reads JSON that other programs or people wrote. JSON.parse does not tell the place of every error.

/** Deeper than any JSON of corematrix. Every level costs memory, and hostile text has as many levels as characters. */
const MAX_LEVELS = 1000;

/** A value, or the place and the kind of the first error. Lines and columns are from 1, columns in UTF-16 units. */
export type Json = { ok: true; value: unknown } | { ok: false; line: number; column: number; problem: string };

/** What a scan of a token ends with: the position behind it, or the first character that cannot be there. */
interface Scanned {
  at: number;
  isFault: boolean;
}

type Expected = 'value' | 'value or end' | 'key' | 'key or end' | 'colon' | 'comma or end';

const ESCAPED = '"\\/bfnrt';
const LITERALS = { t: 'true', f: 'false', n: 'null' } as const;
const fault = (at: number): Scanned => ({ at, isFault: true });
const behind = (at: number): Scanned => ({ at, isFault: false });

function isIn(text: string, at: number, characters: string): boolean {
  return at < text.length && characters.includes(text.charAt(at));
}

function skip(text: string, from: number, characters: string): number {
  let at = from;
  while (isIn(text, at, characters)) at++;
  return at;
}

/** An escape sequence, from its backslash. */
function scanEscape(text: string, from: number): Scanned {
  if (isIn(text, from + 1, ESCAPED)) return behind(from + 2);
  if (text[from + 1] !== 'u') return fault(from + 1);
  for (let at = from + 2; at < from + 6; at++) if (!isIn(text, at, '0123456789abcdefABCDEF')) return fault(at);
  return behind(from + 6);
}

function scanString(text: string, from: number): Scanned {
  if (text[from] !== '"') return fault(from);
  let at = from + 1;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return behind(at + 1);
    if (code < 0x20) return fault(at);
    if (code !== 0x5c) at++;
    else {
      const escape = scanEscape(text, at);
      if (escape.isFault) return escape;
      at = escape.at;
    }
  }
  return fault(at);
}

function scanDigits(text: string, from: number): Scanned {
  const at = skip(text, from, '0123456789');
  return at === from ? fault(at) : behind(at);
}

function scanNumber(text: string, from: number): Scanned {
  const start = from + (text[from] === '-' ? 1 : 0);
  const whole = text[start] === '0' ? behind(start + 1) : scanDigits(text, start);
  if (whole.isFault) return whole;
  const fraction = text[whole.at] === '.' ? scanDigits(text, whole.at + 1) : whole;
  if (fraction.isFault || !isIn(text, fraction.at, 'eE')) return fraction;
  return scanDigits(text, fraction.at + (isIn(text, fraction.at + 1, '+-') ? 2 : 1));
}

function scanLiteral(text: string, from: number, literal: string): Scanned {
  for (let index = 0; index < literal.length; index++) if (text[from + index] !== literal[index]) return fault(from + index);
  return behind(from + literal.length);
}

/** A value that holds no other: a string, a number, a literal. */
function scanScalar(text: string, at: number): Scanned {
  const character = text[at];
  if (character === 't' || character === 'f' || character === 'n') return scanLiteral(text, at, LITERALS[character]);
  return character === '"' ? scanString(text, at) : scanNumber(text, at);
}

/** The position of the first character that cannot be there; the length if the text ends too early. */
function firstFault(text: string): number {
  const open: ('[' | '{')[] = [];
  let expected: Expected = 'value';
  let at = 0;
  for (;;) {
    at = skip(text, at, ' \t\n\r');
    const character = text[at];
    const ends = expected === 'comma or end' || expected === 'value or end' || expected === 'key or end';
    const isEnd = ends && ((character === ']' && open.at(-1) === '[') || (character === '}' && open.at(-1) === '{'));
    const isValue: boolean = expected === 'value' || expected === 'value or end';
    if (isEnd) {
      open.pop();
      expected = 'comma or end';
      at++;
    } else if (isValue && (character === '[' || character === '{')) {
      open.push(character);
      expected = character === '[' ? 'value or end' : 'key or end';
      at++;
    } else if (expected === 'comma or end' || expected === 'colon') {
      if (character !== (expected === 'colon' ? ':' : ',') || (expected === 'comma or end' && open.length === 0)) return at;
      expected = expected === 'colon' || open.at(-1) === '[' ? 'value' : 'key';
      at++;
    } else {
      const scanned = isValue ? scanScalar(text, at) : scanString(text, at);
      if (scanned.isFault) return scanned.at;
      expected = isValue ? 'comma or end' : 'colon';
      at = scanned.at;
    }
  }
}

/** The position behind a string that begins at a quotation mark; the length for one that does not end. */
function behindString(text: string, from: number): number {
  for (let end = text.indexOf('"', from + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === '\\') slashes++;
    if (slashes % 2 === 0) return end + 1;
  }
  return text.length;
}

/** The position of the bracket that begins a level too many; null for a text without. */
function tooDeep(text: string): number | null {
  let level = 0;
  let at = 0;
  while (at < text.length) {
    const character = text[at];
    if (character === '"') {
      at = behindString(text, at);
      continue;
    }
    if (character === '[' || character === '{') level++;
    if (character === ']' || character === '}') level--;
    if (level > MAX_LEVELS) return at;
    at++;
  }
  return null;
}

/** Keys and positions that lead to a value. */
export type JsonPath = readonly (string | number)[];

/** A path in readable form: `cells[3].status`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((place, key) => {
    if (typeof key === 'number') return `${place}[${key}]`;
    return place === '' ? String(key) : `${place}.${String(key)}`;
  }, '');
}

/** The fault of a key that occurs twice in an object. */
export function repeatedKey(path: JsonPath): string {
  return `the key ${pathText(path)} occurs twice in its object; expected each key once`;
}

/** An object or a list that is open during a scan. */
interface OpenLevel {
  /** The keys of an object; null for a list. */
  keys: Set<string> | null;
  /** The key, or the position, of its member that is read now. */
  member: string | number;
}

/** The first key that its object has already, in JSON without faults: the position of the key and its path. */
function firstRepeated(text: string): { at: number; path: JsonPath } | null {
  const open: OpenLevel[] = [];
  let isKey = false;
  for (let at = 0; at < text.length;) {
    const character = text[at];
    const level = open.at(-1);
    if (character === '"') {
      const end = behindString(text, at);
      if (isKey && level?.keys) {
        const raw = text.slice(at, end);
        const key = raw.includes('\\') ? String(JSON.parse(raw)) : raw.slice(1, -1);
        level.member = key;
        if (level.keys.has(key)) return { at, path: open.map(({ member }) => member) };
        level.keys.add(key);
        isKey = false;
      }
      at = end;
      continue;
    }
    if (character === '{') open.push({ keys: new Set(), member: '' });
    else if (character === '[') open.push({ keys: null, member: 0 });
    else if (character === '}' || character === ']') open.pop();
    else if (character === ',' && typeof level?.member === 'number') level.member += 1;
    if (character === '{' || character === ',') isKey = open.at(-1)?.keys !== null;
    else if (character === '[') isKey = false;
    at++;
  }
  return null;
}

function failure(text: string, at: number, problem: string): Json {
  let line = 1;
  let start = 0;
  for (let end = text.indexOf('\n'); end >= 0 && end < at; end = text.indexOf('\n', start)) {
    line++;
    start = end + 1;
  }
  return { ok: false, line, column: at - start + 1, problem };
}

/**
 * Reads JSON in time and memory that grow with the length of the text, whatever it is. An object that has a key twice is refused, because
 * its readers would disagree about the value.
 * @param path where the text is in a larger value, for errors
 * @see RFC 8259, section 4 (Objects)
 */
export function parseJson(text: string, path: JsonPath = []): Json {
  const deep = tooDeep(text);
  if (deep !== null) return failure(text, deep, `it nests deeper than ${MAX_LEVELS} levels`);
  try {
    const value: unknown = JSON.parse(text);
    const repeated = firstRepeated(text);
    return repeated ? failure(text, repeated.at, repeatedKey([...path, ...repeated.path])) : { ok: true, value };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const at = Math.min(firstFault(text), text.length);
    const code = text.codePointAt(at);
    return failure(text, at, code === undefined ? 'the file ends too early' : `unexpected "${String.fromCodePoint(code)}"`);
  }
}
