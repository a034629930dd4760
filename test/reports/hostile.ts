// The sample with hostile text in every free text.
import { type Results, resultsSchema } from '../../harness/results/schema.ts';
import { checkedResults } from '../../reports/json.ts';
import { explained } from './explained.ts';
import { SAMPLE } from './sample.ts';

const EXPLAINED = explained(SAMPLE);

/** Text that must have no effect in any output: markup, ends of sections, CI commands, mentions, control sequences, reversed text. */
const HOSTILE = [
  `<script>globalThis.hostile = 'script'</script><img src=x onerror="globalThis.hostile = 'image'">`,
  `</script><!--<script>]]>&amp;'"`,
  '|`**@mention** #1 [a](http://example.invalid) www.example.invalid ${x}|',
  '\n::error::command\n##[error]command\r\n##vso[task.complete]command',
  '\u0000\u0007\u001b[31m\u001b]0;title\u0007\u009b2J\u007f\ufffe\uffff',
  '\u2028\u2029\u200b\u202e\u2066\u{e0041}\ud800 \udc00',
].join('');

/** Makes a text hostile, always in the same way, so that references stay valid. Ids of logs are never foreign and stay unchanged. */
function spoiled(text: string): string {
  return /^t\d+$/.test(text) ? text : `::warning::${text}${HOSTILE}${text === 'hidden_on_purpose' ? 'long'.repeat(500) : ''}`;
}

function mapStrings(value: unknown, change: (text: string, path: string) => string, path = ''): unknown {
  if (typeof value === 'string') return change(value, path);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item, index) => mapStrings(item, change, `${path}/${index}`));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapStrings(item, change, `${path}/${key}`)]));
}

/** The sample with hostile text in every string that the schema leaves free. */
export const HOSTILE_SAMPLE: Results = (() => {
  const tried = resultsSchema.safeParse(mapStrings(EXPLAINED, spoiled));
  const fixed = new Set(tried.error?.issues.map(({ path }) => `/${path.join('/')}`));
  return checkedResults(
    mapStrings(EXPLAINED, (text, path) => (fixed.has(path) ? text : spoiled(text))),
    'the sample',
    new Map(),
  ).results;
})();
