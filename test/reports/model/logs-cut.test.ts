// What reports say about logs that were cut.
import { expect, it } from 'vitest';
import { FORMAT_NAMES, type FormatName } from '../../../harness/base/format-names.ts';
import type { CellResult, Results } from '../../../harness/results/schema.ts';
import { formatParts, FORMATS } from '../../../reports/formats.ts';
import { logsCutText } from '../../../reports/model/logs-cut.ts';
import { terminalReport } from '../../../reports/terminal/run.ts';
import { SAMPLE } from '../sample.ts';

const CUTS: CellResult['logsCut'][] = [
  { logs: 2, bytes: 50 << 20, limit: 'cell' },
  { logs: 3, bytes: 3 << 20, limit: 'run' },
  { logs: 1, bytes: 512, limit: 'run' },
];

const withCuts = (cuts: typeof CUTS): Results => ({
  ...SAMPLE,
  cells: SAMPLE.cells.map((cell, at) => ({ ...cell, ...(cuts[at] && { logsCut: cuts[at] }) })),
});

const LINE = 'logs cut: 6 logs, 53 MiB left out; 1 cell reached the limit of a cell; 2 cells had no room left in the limit of the run';

it('what was cut from logs is one line with the logs, the bytes, and the cells at each limit', () => {
  expect([logsCutText(withCuts(CUTS)), logsCutText(withCuts(CUTS.slice(0, 1))), logsCutText(SAMPLE)]).toEqual([
    LINE,
    'logs cut: 2 logs, 50 MiB left out; 1 cell reached the limit of a cell',
    null,
  ]);
});

/** A badge has only the number of kernels. */
const BADGES: readonly FormatName[] = ['badge', 'shields'];

it('every format except badges, and the terminal, say what was cut from logs, and only then', () => {
  const texts = (results: Results) => ({
    ...Object.fromEntries(FORMAT_NAMES.map((name: FormatName) => [name, [...formatParts(FORMATS[name], results, {})].join('')])),
    terminal: terminalReport(results, { width: 200, height: 60, colour: false }),
  });
  const saying = (results: Results) =>
    Object.entries(texts(results)).flatMap(([name, text]) =>
      /logs cut(?::|&#58;) /.test(text) || text.includes('"logsCut":') ? [name] : [],
    );
  expect([saying(withCuts(CUTS)).toSorted(), saying(SAMPLE)]).toEqual([
    [...FORMAT_NAMES.filter((name) => !BADGES.includes(name)), 'terminal'].toSorted(),
    [],
  ]);
  expect(texts(withCuts(CUTS)).terminal.split('\n').at(-3)).toBe(LINE);
});
