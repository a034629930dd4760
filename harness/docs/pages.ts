// The pages of docs/ that follow from the code.
import { failuresPage } from './failures.ts';
import { wordsPage } from './words.ts';

export interface Page {
  /** From the root of the repository. */
  path: string;
  /** The text without the line break at its end. */
  render: () => string;
}

export const PAGES: readonly Page[] = [
  { path: 'docs/failures.md', render: failuresPage },
  { path: 'docs/words.md', render: wordsPage },
];
