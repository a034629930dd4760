// Writes the generated pages of docs/: `npm run docs`. With --check it writes nothing and names the pages that differ.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PACKAGE_ROOT } from '../base/package-root.ts';
import { differingPages } from './differing.ts';
import { PAGES } from './pages.ts';

const check = process.argv.includes('--check');
for (const { path, text, missing } of await differingPages(PACKAGE_ROOT, PAGES)) {
  if (check) {
    process.stderr.write(`${path} ${missing ? 'is missing' : 'differs from its source'}: type npm run docs\n`);
    process.exitCode = 1;
  } else {
    await mkdir(dirname(join(PACKAGE_ROOT, path)), { recursive: true });
    await writeFile(join(PACKAGE_ROOT, path), text);
    process.stdout.write(`${path} is written\n`);
  }
}
