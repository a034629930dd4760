// The script of the page: the text of its parts, put together.
import { barControl } from './client/bar.ts';
import { cellView, ledger, relocationText } from './client/cell.ts';
import { columnControl } from './client/columns.ts';
import { compareView, logDiff, relocationDiff, typeDiffs } from './client/compare.ts';
import { diffLines, withoutNoise } from './client/diff.ts';
import { listenToKeys } from './client/keys.ts';
import { layoutTable } from './client/layout.ts';
import { firstTrouble, logFold } from './client/log.ts';
import { linkMaps } from './client/maps.ts';
import { matrixControl } from './client/matrix.ts';
import { outcomesOf, relocationHead, relocationView, turningPoints } from './client/relocation.ts';
import { followAddress } from './client/routes.ts';
import { rowControl } from './client/rows.ts';
import { type Parts, start } from './client/start.ts';
import { themeControl } from './client/theme.ts';
import { copyButton, element, select, unpack } from './client/tools.ts';
import { cellHead, comparisonHead } from './client/views.ts';
import { copySnippets, whyOf } from './client/why.ts';
import { parseFilter, wantsKernel, wantsRow } from './client/filter.ts';

const PARTS: Parts = {
  parseFilter,
  wantsKernel,
  wantsRow,
  element,
  unpack,
  copyButton,
  select,
  diffLines,
  withoutNoise,
  themeControl,
  columnControl,
  rowControl,
  matrixControl,
  barControl,
  linkMaps,
  copySnippets,
  whyOf,
  listenToKeys,
  followAddress,
  cellHead,
  cellView,
  ledger,
  relocationText,
  logFold,
  firstTrouble,
  comparisonHead,
  compareView,
  logDiff,
  relocationDiff,
  typeDiffs,
  layoutTable,
  outcomesOf,
  turningPoints,
  relocationHead,
  relocationView,
};

const TEXTS = Object.entries(PARTS).map(([name, part]: [string, unknown]) => `${name}: ${String(part)}`);

/** A classic script, which needs nothing but the page it is in. */
export const SCRIPT = `(${start.toString()})({\n${TEXTS.join(',\n')}\n});\n`;
