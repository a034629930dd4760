// Measures the size of the HTML report of a large matrix, and its speed in Chromium. Exits with 1 if a figure is above its goal.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { renderHtml } from '../../reports/html/render.ts';
import { manyResults } from './many.ts';
import { timePage } from './page.ts';
import { realResults } from './real.ts';

const SIZE = { kernels: 40, programs: 300 };
const MAX_MEGABYTES = 10;
const MAX_INTERACTIVE_MS = 1000;
const MAX_KEYSTROKE_MS = 50;

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

function say(name: string, value: number, unit: string, most?: number): void {
  const goal = most === undefined ? '' : `  (goal: under ${most} ${unit})${value < most ? '' : '  MISSED'}`;
  process.stdout.write(`${name.padEnd(58)}${`${value.toFixed(1)} ${unit}`.padStart(9)}${goal}\n`);
  if (most !== undefined && !(value < most)) process.exitCode = 1;
}

const { source, results: real } = await realResults();
const results = manyResults(real, SIZE);
const began = performance.now();
const page = renderHtml(results);
const rendered = performance.now() - began;
const folder = await mkdtemp(join(tmpdir(), 'corematrix-bench-'));
try {
  const file = join(folder, 'index.html');
  await writeFile(file, page);
  const { interactive, keystrokes } = await timePage(pathToFileURL(file).href);
  const programs = results.objects.flatMap((object) => object.programs).length;
  process.stdout.write(
    `report of ${results.kernels.length} kernels, ${programs} programs, ${results.cells.length} cells, made from ${source}\n`,
  );
  say('size of index.html', Buffer.byteLength(page) / 1e6, 'MB', MAX_MEGABYTES);
  say('time to make index.html', rendered, 'ms');
  say(`load to interactive (median of ${interactive.length})`, quantile(interactive, 0.5), 'ms', MAX_INTERACTIVE_MS);
  say('load to interactive (slowest)', Math.max(...interactive), 'ms');
  say(`keystroke to paint (median of ${keystrokes.length})`, quantile(keystrokes, 0.5), 'ms');
  say('keystroke to paint (95th percentile)', quantile(keystrokes, 0.95), 'ms', MAX_KEYSTROKE_MS);
  say('load of the machine meanwhile, in processes', loadavg()[0] ?? 0, `of ${cpus().length}`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
