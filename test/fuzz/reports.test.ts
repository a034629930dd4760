// Fuzzes the reports with results in which every text may be hostile: no text becomes markup, a command or a control sequence.
import { XMLValidator } from 'fast-xml-parser';
import { expect, test } from 'vitest';
import type { Results } from '../../harness/results/schema.ts';
import { renderHtml } from '../../reports/html/render.ts';
import { readResults, renderJson } from '../../reports/json.ts';
import { renderJunit } from '../../reports/junit.ts';
import { renderMarkdown } from '../../reports/markdown.ts';
import { terminalReport } from '../../reports/terminal/run.ts';
import { fuzz } from './fuzz.ts';
import { type Random, randomFrom } from './mutate.ts';
import { seedFiles } from './seeds.ts';

const [SEED] = seedFiles('results.');
const VALID = readResults(SEED.toString('utf8'), 'results.json');

const HOSTILE = [
  '</script><script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  ']]></system-out><testcase name="x"/>',
  '<!--',
  '-->',
  '&lt;&#x3c;&amp',
  '\u001b]0;x\u0007\u001b[2J',
  '\u009b2J',
  '\u202egnp.exe',
  '\n::error::x\n##[error]x',
  '| a | b |\n|---|---|\n# x',
  '](javascript:alert(1))',
  '`` ` ```',
  '\ud800',
  '\uffff\u0000',
  '__proto__',
  'x'.repeat(5000),
] as const;

/** Makes some texts hostile. Texts whose form the schema checks stay unchanged. */
function hostile(value: unknown, random: Random, key = ''): unknown {
  if (Array.isArray(value)) return value.map((each) => hostile(each, random, key));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, hostile(each, random, name)]));
  }
  if (typeof value !== 'string' || random.below(6) > 0 || ['sha256', 'startedAt', 'finishedAt'].includes(key)) return value;
  return random.below(2) === 0 ? random.pick(HOSTILE) : `${value}${random.pick(HOSTILE)}`;
}

/** Results with hostile texts wherever the reader accepts them. References stay valid. */
function hostileResults(random: Random): Results | null {
  const copy: Results = structuredClone(VALID);
  const texts = { lines: copy.logs.lines.map((line) => hostile(line, random)), texts: copy.logs.texts };
  const objects = copy.objects.map(({ id, ...rest }) => ({ ...keepWords(rest, random), id }));
  const kernels = copy.kernels.map(({ id, arch, ...rest }) => ({ ...keepWords(rest, random), id, arch }));
  const cells = copy.cells.map((cell) => ({
    ...cell,
    reason: hostile(cell.reason, random),
    programs: cell.programs.map((program) => ({ ...program, reason: hostile(program.reason, random), expected: random.pick(HOSTILE) })),
    relocations: cell.relocations.map(({ candidates, warnings, suspicious, ...rest }) => ({
      ...rest,
      suspicious: hostile(suspicious, random),
      warnings: hostile(warnings, random),
      candidates: candidates.map(({ spec, matches }) => ({ spec: hostile(spec, random), matches })),
    })),
  }));
  try {
    return readResults(JSON.stringify({ ...copy, kernels, objects, cells, logs: texts }), 'results.json');
  } catch {
    return null;
  }
}

function keepWords(value: object, random: Random): object {
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, ['programs', 'relocations'].includes(name) ? each : hostile(each, random, name)]),
  );
}

/** Counts of dangerous tags in an HTML text, which hostile results must not change. */
function elements(html: string): string {
  return JSON.stringify(
    ['script', 'img', 'svg', 'iframe', 'a href="javascript', 'object', 'embed', 'link'].map((tag) => html.split(`<${tag}`).length),
  );
}

const PLAIN = elements(renderHtml(VALID));
const UNSAFE = /[^\P{Cc}\n]|[\p{Cf}\p{Cs}\u2028\u2029\uffff]/u;

fuzz({
  name: 'reports of hostile results',
  cost: 4,
  corpus: [Buffer.alloc(0)],
  read: (_, random) => {
    const results = hostileResults(random);
    if (!results) return;
    const html = elements(renderHtml(results));
    if (html !== PLAIN) throw new Error(`elements in the page: ${html} instead of ${PLAIN}`);
    const xml = XMLValidator.validate(renderJunit(results));
    if (xml !== true) throw new Error(`junit.xml: ${JSON.stringify(xml)}`);
    const texts = { junit: renderJunit(results), markdown: renderMarkdown(results), json: renderJson(results) };
    const terminal = terminalReport(results, { width: 80, height: 60, colour: false });
    for (const [name, text] of Object.entries({ ...texts, terminal })) {
      const found = UNSAFE.exec(text);
      if (found) throw new Error(`${name}: ${JSON.stringify(text.slice(Math.max(0, found.index - 30), found.index + 30))}`);
    }
    if (/^\s*(::|.*##\[)/m.test(terminal)) throw new Error('a CI command on the terminal');
  },
});

test('the reader accepts most of the hostile results that the reports are fuzzed with', () => {
  const taken = Array.from({ length: 50 }, (_, seed) => hostileResults(randomFrom(seed))).filter((results) => results !== null);
  expect(taken.length).toBeGreaterThan(25);
});
