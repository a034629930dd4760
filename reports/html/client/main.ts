// Runs in the reader's browser: everything begins here.
import { barControl } from './bar.ts';
import { cellView, ledger, relocationText } from './cell.ts';
import { columnControl } from './columns.ts';
import { compareView, logDiff, relocationDiff, typeDiffs } from './compare.ts';
import { diffLines, withoutNoise } from './diff.ts';
import { listenToKeys } from './keys.ts';
import { layoutTable } from './layout.ts';
import { firstTrouble, logFold } from './log.ts';
import { linkMaps } from './maps.ts';
import { matrixControl } from './matrix.ts';
import { outcomesOf, relocationHead, relocationView, turningPoints } from './relocation.ts';
import { followAddress } from './routes.ts';
import { rowControl } from './rows.ts';
import { type Parts, start } from './start.ts';
import { themeControl } from './theme.ts';
import { copyButton, element, select, unpack } from './tools.ts';
import { cellHead, comparisonHead } from './views.ts';
import { copySnippets, whyOf } from './why.ts';
import { parseFilter, wantsKernel, wantsRow } from './filter.ts';

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

start(PARTS);
