// Tests of every form of a schema in a reference page.
import { expect, it } from 'vitest';
import { z } from 'zod';
import { schemaReference } from '../../../harness/docs/json-schema.ts';

const place = z.strictObject({
  file: z.string().describe('Path of a | b.'),
  line: z.number().int().nullable().describe('Line of `a|b`, 2 * 3 <x>.'),
});
const LETTERS = 'abcdefghijklmnop'.split('');

const schema = z.strictObject({
  version: z.literal(2).describe('Version.'),
  when: z.iso.datetime().optional().describe('Time.'),
  status: z.enum(['pass', 'fail']).describe('Known words.'),
  letter: z.enum(LETTERS).describe('Many words.'),
  pairs: z.array(z.tuple([z.number().int(), z.string()])).describe('Pairs.'),
  first: place.describe('A place.'),
  others: z.array(place).nullable().describe('The same kind of object.'),
  named: z.record(z.string(), z.strictObject({ letter: z.enum(LETTERS).optional().describe('The same words.') })).describe('A map.'),
  texts: z.record(z.string(), z.array(z.string())).describe('A map of lists.'),
  action: z
    .union([
      z.enum(['open', 'exec']),
      z.strictObject({ run: z.string().describe('One.') }),
      z.array(z.union([z.enum(['open', 'exec']), z.strictObject({ run: z.string().describe('One.') })])),
    ])
    .describe('Alternatives.'),
  choice: z
    .union([z.strictObject({ a: z.boolean().describe('This.') }), z.strictObject({ b: z.url().describe('Or that.') })])
    .describe('Choice.'),
  tagged: z
    .discriminatedUnion('kind', [
      z.strictObject({
        kind: z.literal('file').describe('A file.'),
        path: z.string().describe('Its path.'),
        size: z.number().int().optional().describe('Its size.'),
      }),
      z.strictObject({ kind: z.literal('none').describe('Nothing.') }),
    ])
    .describe('Tagged.'),
});

it('a schema becomes a table for every object and every alternative, with links, lists of words and marks', () => {
  const words = [{ words: ['fail', 'pass'], link: '[status](words.md)' }];
  expect(schemaReference(z.toJSONSchema(schema), { top: 'Top level', mark: 'optional', words }).join('\n\n')).toMatchInlineSnapshot(`
    "## Top level

    | key | value | meaning |
    | --- | --- | --- |
    | \`version\` | \`2\` | Version. |
    | \`when\` (optional) | time (ISO 8601) | Time. |
    | \`status\` | [status](words.md) | Known words. |
    | \`letter\` | a word, see below | Many words. |
    | \`pairs\` | list of [integer, string] | Pairs. |
    | \`first\` | [object](#first) | A place. |
    | \`others\` | list of [object](#first) or null | The same kind of object. |
    | \`named\` | map of [object](#namedname) | A map. |
    | \`texts\` | map of list of string | A map of lists. |
    | \`action\` | \`open\`, \`exec\` or [object](#action), or a list of them | Alternatives. |
    | \`choice\` | [object](#choice) | Choice. |
    | \`tagged\` | [object](#tagged) | Tagged. |

    Words for \`letter\`: \`a\`, \`b\`, \`c\`, \`d\`, \`e\`, \`f\`, \`g\`, \`h\`, \`i\`, \`j\`, \`k\`, \`l\`, \`m\`, \`n\`, \`o\`, \`p\`.

    ## first

    A place.

    | key | value | meaning |
    | --- | --- | --- |
    | \`file\` | string | Path of a \\| b. |
    | \`line\` | integer or null | Line of \`a\\|b\`, 2 \\* 3 \\<x>. |

    ## named.NAME

    | key | value | meaning |
    | --- | --- | --- |
    | \`letter\` (optional) | a word of [Top level](#top-level) | The same words. |

    ## action

    | key | value | meaning |
    | --- | --- | --- |
    | \`run\` | string | One. |

    ## choice

    One of these keys.

    | key | value | meaning |
    | --- | --- | --- |
    | \`a\` | boolean | This. |
    | \`b\` | address (URL) | Or that. |

    ## tagged

    The value of \`kind\` decides which other keys exist.

    If \`kind\` is \`file\`: A file.

    | key | value | meaning |
    | --- | --- | --- |
    | \`path\` | string | Its path. |
    | \`size\` (optional) | integer | Its size. |

    If \`kind\` is \`none\`: Nothing."
  `);
});

it('a reference page marks required keys on request, but no key of alternatives without a common key', () => {
  const text = schemaReference(z.toJSONSchema(schema), { top: 'Top', mark: 'required', words: [] }).join('\n');
  expect(text.match(/`\w+` \((?:required|optional)\)/g)).toMatchInlineSnapshot(`
    [
      "\`version\` (required)",
      "\`status\` (required)",
      "\`letter\` (required)",
      "\`pairs\` (required)",
      "\`first\` (required)",
      "\`others\` (required)",
      "\`named\` (required)",
      "\`texts\` (required)",
      "\`action\` (required)",
      "\`choice\` (required)",
      "\`tagged\` (required)",
      "\`file\` (required)",
      "\`line\` (required)",
      "\`run\` (required)",
      "\`path\` (required)",
    ]
  `);
});
