// Tests of the history in every report that shows it, and in reports that are made again from results.json.
import { describe, expect, it } from 'vitest';
import { historyFacts } from '../../harness/results/history/facts.ts';
import { lineOf } from '../../harness/results/history/line.ts';
import type { Results } from '../../harness/results/schema.ts';
import { renderHtml } from '../../reports/html/render.ts';
import { readResults, renderJson } from '../../reports/json.ts';
import { renderMarkdown } from '../../reports/markdown.ts';
import { terminalReport } from '../../reports/terminal/run.ts';
import { lines, type Night, night } from '../harness/results/history/nights.ts';

const NIGHTS: Night[] = [
  { day: 1, statuses: ['pass', 'pass'] },
  { day: 2, statuses: ['fail', 'pass'], flaky: true },
  { day: 3, statuses: ['fail', 'pass'] },
  { day: 4, statuses: ['fail', 'fail'], version: '6.12.118' },
];

function lastOf(nights: readonly Night[]): Results {
  const [last] = nights.slice(-1);
  if (!last) throw new Error('no nights were given');
  const results = night(last);
  return { ...results, history: historyFacts(lines(...nights), lineOf(results)) };
}

const RESULTS = lastOf(NIGHTS);
const plain = (results: Results) => terminalReport(results, { width: 90, height: 60, colour: false });

/** The text of a part of a page, without tags. */
function textOf(html: string): string {
  return html
    .replaceAll(/<span class="course"[^>]*aria-label="([^"]*)"[^>]*>/g, '$1: ')
    .replaceAll(/<\/(?:tr|h2|caption)>/g, '\n')
    .replaceAll(/<[^>]*>/g, ' ')
    .split('\n')
    .map((line) => line.replaceAll(/\s+/g, ' ').trim())
    .filter((line) => line !== '')
    .join('\n');
}

describe('a history', () => {
  it('the terminal shows the history before the matrix: new failures, then old ones, then flaky programs', () => {
    const text = plain(RESULTS);
    expect(text.slice(0, text.indexOf('\nprobes'))).toMatchInlineSnapshot(`
      "
      history of 4 runs since 2026-05-01; not as expected: 0, 1, 1, 2
      fails for the first time
           probes/probe on 6.12
      fails since 2026-05-02, 3 runs
           probes/probe on 5.10
      flaky 1 of 4 runs (25 %)
           probes/probe on 5.10, 6.12

                   5.10 6.12"
    `);
  });

  it('the numbers of earlier runs stay when their programs and kernels vanish', () => {
    const results = night({ day: 4, statuses: ['fail', 'fail'] });
    const objects = results.objects.map((object) => ({ ...object, id: 'renamed' }));
    const cells = results.cells.map((cell) => ({ ...cell, object: 'renamed' })).slice(0, 1);
    const later = { ...results, kernels: results.kernels.slice(0, 1), objects, cells };
    const text = plain({ ...later, history: historyFacts(lines(...NIGHTS.slice(0, 3)), lineOf(later)) });
    expect(text).toContain('history of 4 runs since 2026-05-01; not as expected: 0, 1, 1, 1');
  });

  it('the history is a section of summary.md', () => {
    const text = renderMarkdown(RESULTS);
    expect(text.slice(text.indexOf('## History'), text.indexOf('## Unexpected'))).toMatchInlineSnapshot(`
      "## History

      4 runs since 2026-05-01; not as expected: 0, 1, 1, 2.

      - **fails** for the first time
        - \`probes/probe\` on 6.12
      - **fails** since 2026-05-02, 3 runs
        - \`probes/probe\` on 5.10
      - **flaky** 1 of 4 runs (25 %)
        - \`probes/probe\` on 5.10, 6.12

      "
    `);
  });

  it('the history is a section of index.html with the trend of every failing or flaky program', () => {
    const text = renderHtml(RESULTS);
    const from = text.indexOf('<h2 id="history">');
    expect(textOf(text.slice(from, text.indexOf('<h2 id="cells">')))).toMatchInlineSnapshot(`
      "History 4 runs since 2026-05-01; not as expected: 0, 1, 1, 2
      What fails now or is flaky; the latest of 4 runs at the right
      program
      kernel
      not as expected
      flaky
      course
      probes/probe
      5.10
      since 2026-05-02, 3 runs
      1 of 4 runs (25 %)
      pass, fail, fail, fail: ● ✕ ✕ ✕
      probes/probe
      6.12
      for the first time
      1 of 4 runs (25 %)
      pass, pass, pass, fail: ● ● ● ✕"
    `);
  });

  it('results.json has the whole history, so that every report can be made again', () => {
    const again = readResults(renderJson(RESULTS), 'results.json');
    expect(again).toEqual(RESULTS);
    expect([plain(again), renderMarkdown(again), renderHtml(again)]).toEqual([
      plain(RESULTS),
      renderMarkdown(RESULTS),
      renderHtml(RESULTS),
    ]);
  });

  it('the history is shown only with more than one run, also if all is well', () => {
    const alone = lastOf(NIGHTS.slice(0, 1));
    for (const text of [plain(alone), renderMarkdown(alone), renderHtml(alone)])
      expect(text).not.toMatch(/history of|## History|id="history"/);
    const calm = lastOf([
      { day: 1, statuses: ['fail', 'pass'], version: '6.12.1' },
      { day: 2, statuses: ['unsupported', 'xfail'] },
    ]);
    expect(plain(calm)).toContain('\nhistory of 2 runs since 2026-05-01');
  });

  it.each([
    ['programs[0].trends', { programs: [{ object: 'probes', program: null, trends: ['pppp'] }] }, 'there are 2 kernels'],
    ['programs[0].trends[1]', { programs: [{ object: 'probes', program: null, trends: ['pppp', 'p'] }] }, 'there are 4 runs'],
    ['programs[0].object', { programs: [{ object: 'nothing', program: null, trends: [] }] }, 'there is no object "nothing"'],
    ['flaky[0]', { flaky: [{ object: 'probes', program: null, kernel: 'k', flaky: 1, runs: 1 }] }, 'there is no such kernel or object'],
  ])('a history that contradicts its results at %s is refused', (place, changes, reason) => {
    const { history } = RESULTS;
    if (!history) throw new Error('there is a history');
    const text = renderJson({ ...RESULTS, history: { ...history, ...changes } });
    expect(() => readResults(text, 'results.json')).toThrow(`results.json: history.${place}: ${reason}`);
  });
});
