// Writes the generated pages of docs/: `npm run docs`. With --check it writes nothing and names the pages that differ.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PACKAGE_ROOT } from '../base/package-root.ts';
import { PAGES } from './pages.ts';

const check = process.argv.includes('--check');
for (const { path, render } of PAGES) {
  const file = join(PACKAGE_ROOT, path);
  const text = `${render()}\n`;
  const committed = await readFile(file, 'utf8').catch(() => null);
  if (committed === text) continue;
  if (check) {
    process.stderr.write(`${path} ${committed === null ? 'is missing' : 'differs from its source'}: type npm run docs\n`);
    process.exitCode = 1;
  } else {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    process.stdout.write(`${path} is written\n`);
  }
}
