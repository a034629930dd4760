// The messages in a built libbpf, as patterns of the lines that they become.
import { readFileSync } from 'node:fs';

/** A message of libbpf. */
export interface Format {
  /** With `7` for a number, `w` for a word and `y` for a character: a line as libbpf could print it. */
  example: string;
  pattern: RegExp;
  /** The number of characters that do not vary. Of two messages that match a line, the more exact one is meant. */
  fixed: number;
}

const CONVERSION = /%(?:\d\$)?[#-]?\d*(?:\.\*)?(?:l|ll|z|t)?([duxscpi])/g;

const EXAMPLE: Readonly<Record<string, string>> = { s: 'w', c: 'y' };
const PATTERN: Readonly<Record<string, string>> = { s: '.*', c: '.', x: '[0-9a-f]+', p: '(?:0x)?[0-9a-f]+' };

function formatOf(text: string): Format {
  const literals = text.split(CONVERSION).filter((_part, at) => at % 2 === 0);
  const kinds = [...text.matchAll(CONVERSION)].map(([, kind = '']) => kind);
  const pattern = literals.map(
    (literal, at) => literal.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&') + (at < kinds.length ? (PATTERN[kinds[at] ?? ''] ?? '-?\\d+') : ''),
  );
  return {
    example: text.replace(CONVERSION, (_all, kind: string) => EXAMPLE[kind] ?? '7').trim(),
    pattern: new RegExp(`^${pattern.join('')}$`),
    fixed: literals.join('').length,
  };
}

/** The messages of a built libbpf without those that only open, close or repeat a log. */
export function formatsOf(archive: string): Format[] {
  const texts = [...readFileSync(archive, 'latin1').matchAll(/libbpf: ([\t\n\x20-\x7e]+)\0/g)].flatMap(([, text = '']) => text.split('\n'));
  const formats = [...new Set(texts.map((text) => text.trim()))].filter((text) => text !== '' && !/^-- END|^%s(?:-- END.*)?$/.test(text));
  return [...new Map(formats.map(formatOf).map((format) => [format.example, format])).values()];
}

/** The message that a line is, or null. */
export function formatOfLine(formats: readonly Format[], line: string): Format | null {
  let best: Format | null = null;
  for (const format of formats) if (format.fixed > (best?.fixed ?? -1) && format.pattern.test(line)) best = format;
  return best;
}
