// Random values for every field of the protocol.
import * as fc from 'fast-check';
import * as fields from '../../../../harness/guest/protocol/fields.ts';
import type { Fields } from '../../../../harness/guest/protocol/frames.ts';

const words = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'));
const buffers = fc.uint8Array().map((bytes) => Buffer.from(bytes));
const VALUES = new Map<fields.Field<never, unknown>, fc.Arbitrary<unknown>>([
  [fields.u32, fc.nat(0xffffffff)],
  [fields.u64, fc.nat(Number.MAX_SAFE_INTEGER)],
  [fields.u64Text, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String)],
  [fields.duration, fc.nat(1e9)],
  [fields.flag, fc.boolean()],
  [fields.string, words],
  [fields.strings, fc.array(words)],
  [fields.list, fc.array(words)],
  [
    fields.variables,
    fc.dictionary(
      words.filter((name) => !name.includes('=')),
      words,
    ),
  ],
  [fields.counted, buffers],
  [fields.shortName, fc.string({ maxLength: 60 })],
  [fields.bytes, buffers],
  [fields.text, words],
]);

function valuesOf(field: fields.Field<never, unknown>): fc.Arbitrary<unknown> {
  if (typeof field.c === 'object') return fc.constantFrom(...field.c.enum.words);
  const values = VALUES.get(field);
  if (!values) throw new Error('a kind of field without values to try');
  return values;
}

/** Values for all fields of a frame. */
export function valuesFor(spec: Fields): fc.Arbitrary<Record<string, unknown>> {
  return fc.record(Object.fromEntries(Object.entries(spec).map(([name, field]) => [name, valuesOf(field)])));
}
