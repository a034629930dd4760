// Writes the generated pages of docs/: `npm run docs`. With --check it writes nothing and names the pages that differ.
import { publish } from '../base/generated.ts';
import { PAGES } from './pages.ts';

await publish('npm run docs', PAGES);
