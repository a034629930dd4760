// Makes the pictures of the README from a real run of the samples: the matrix in the light theme, a cell in the dark theme, and more views.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { chromium } from 'playwright-core';
import type { Results } from '../../harness/results/schema.ts';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';
import { cellAnchor, namePart, relocationsAnchor } from '../../reports/html/anchors.ts';
import { renderHtml } from '../../reports/html/render.ts';
import { realResults } from './real.ts';

interface Shot {
  name: string;
  colorScheme: 'light' | 'dark';
  fragment: string;
  height: number;
}

const OBJECT = 'task_state';
const TARGET = join(PACKAGE_ROOT, 'reports/screenshots');

function shots({ kernels }: Results): Shot[] {
  const [first, second] = kernels;
  if (!first || !second) throw new Error('the run has fewer than two kernels');
  const comparison = `#compare/${namePart(first.id)}/${namePart(second.id)}/${OBJECT}`;
  const relocation = `#relo/${OBJECT}/1/${namePart(first.id)}/${namePart(second.id)}`;
  return [
    { name: 'matrix-light', colorScheme: 'light', fragment: '', height: 760 },
    { name: 'matrix-dark', colorScheme: 'dark', fragment: '', height: 760 },
    { name: 'relocations-light', colorScheme: 'light', fragment: `#${relocationsAnchor(OBJECT)}`, height: 420 },
    { name: 'relocation-light', colorScheme: 'light', fragment: relocation, height: 720 },
    { name: 'cell-dark', colorScheme: 'dark', fragment: `#${cellAnchor(first.id, OBJECT)}`, height: 900 },
    { name: 'compare-light', colorScheme: 'light', fragment: comparison, height: 900 },
  ];
}

const { results } = await realResults();
const folder = await mkdtemp(join(tmpdir(), 'corematrix-screenshots-'));
const { stdout: executablePath } = await execa('which', ['chromium']);
const browser = await chromium.launch({ executablePath, chromiumSandbox: false });
try {
  const file = join(folder, 'index.html');
  await writeFile(file, renderHtml(results));
  await mkdir(TARGET, { recursive: true });
  for (const { name, colorScheme, fragment, height } of shots(results)) {
    const page = await browser.newPage({ viewport: { width: 1240, height }, colorScheme });
    await page.goto(`${pathToFileURL(file).href}${fragment}`);
    if (/^#(c|compare|relo)\//.test(fragment)) await page.locator('#view h2').waitFor();
    await page.mouse.click(1, 1);
    await page.screenshot({ path: join(TARGET, `${name}.png`) });
    await page.close();
    process.stdout.write(`reports/screenshots/${name}.png\n`);
  }
} finally {
  await browser.close();
  await rm(folder, { recursive: true, force: true });
}
