// Tests of the HTML template: inserted values are text.
import { expect, it } from 'vitest';
// Imported as `markup`, because the formatter reformats templates with the name `html`.
import { html as markup, raw, toText } from '../../../reports/html/html.ts';

it.each([
  [markup`<p>${'<b>&"\''}</p>`, '<p>&lt;b&gt;&amp;&quot;&#39;</p>'],
  [markup`<p title="${'" onclick="x'}"></p>`, '<p title="&quot; onclick=&quot;x"></p>'],
  [markup`${null}${undefined}${false}${''}${0}`, '0'],
  [markup`<ul>${['a', markup`<li>${'<'}</li>`, ['b', 1]]}</ul>`, '<ul>a<li>&lt;</li>b1</ul>'],
  [markup`${raw('<b>')}`, '<b>'],
  [markup`${'\u0000\u001b[1m\u202e\ud800\u2028\n\t'}`, String.raw`\x00\x1b[1m\u202e\ud800\u2028` + '\n\t'],
  [markup`<p>\n    ${'kept:\n    as it is'}\n  </p>`, '<p>\nkept:\n    as it is\n</p>'],
])('the HTML template inserts values as text, case %#', (page, text) => {
  expect(toText(page)).toBe(text);
});
