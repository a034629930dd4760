// The pages of docs/ that follow from the code.
import type { GeneratedFile } from '../base/generated.ts';
import { commandLinePage } from './command-line.ts';
import { configurationPage } from './configuration.ts';
import { exitCodesPage } from './exit-codes.ts';
import { failuresPage } from './failures.ts';
import { resultsPage } from './results.ts';
import { wordsPage } from './words.ts';

/** A generated page. `render` gives its text without the line break at the end. */
const page = (path: string, render: GeneratedFile['render']): GeneratedFile => ({ path, render: async () => `${await render()}\n` });

export const PAGES: readonly GeneratedFile[] = [
  page('docs/failures.md', failuresPage),
  page('docs/words.md', wordsPage),
  page('docs/reference/configuration.md', configurationPage),
  page('docs/reference/results.md', resultsPage),
  page('docs/reference/command-line.md', commandLinePage),
  page('docs/reference/exit-codes.md', exitCodesPage),
];
