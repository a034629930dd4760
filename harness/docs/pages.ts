// The pages of docs/ that follow from the code.
import { commandLinePage } from './command-line.ts';
import { configurationPage } from './configuration.ts';
import { exitCodesPage } from './exit-codes.ts';
import { failuresPage } from './failures.ts';
import { resultsPage } from './results.ts';
import { wordsPage } from './words.ts';

export interface Page {
  /** From the root of the repository. */
  path: string;
  /** The text without the line break at its end. */
  render: () => string | Promise<string>;
}

export const PAGES: readonly Page[] = [
  { path: 'docs/failures.md', render: failuresPage },
  { path: 'docs/words.md', render: wordsPage },
  { path: 'docs/reference/configuration.md', render: configurationPage },
  { path: 'docs/reference/results.md', render: resultsPage },
  { path: 'docs/reference/command-line.md', render: commandLinePage },
  { path: 'docs/reference/exit-codes.md', render: exitCodesPage },
];
