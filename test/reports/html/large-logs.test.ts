// Tests of a page with more logs than it has room for: it stays small, and links to the logs that it does not hold.
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PAGE_LOG_LIMIT } from '../../../harness/base/log-limits.ts';
import { addLog, createLogStore, logText } from '../../../harness/results/logs.ts';
import type { CellResult, Results } from '../../../harness/results/schema.ts';
import { writeReportFolder } from '../../../reports/folder/write.ts';
import { logAnchor } from '../../../reports/html/anchors.ts';
import { logPath } from '../../../reports/model/log-path.ts';
import { SAMPLE } from '../sample.ts';
import { PAGE_TIMEOUT_MS } from './browser.ts';

const LINES = 10_000;
const KERNELS = 44;
/** Kernels on which the object fails: the last ones, which come too late for a page that takes logs in their order. */
const FAILING = 4;
const [KERNEL] = SAMPLE.kernels;
const CELL = SAMPLE.cells.find(({ status }) => status === 'fail');
const id = (number: number) => `kernel-${number}`;

/** About 0.9 MiB of lines that are in no other log. */
const text = (number: number) =>
  Array.from({ length: LINES }, (_, line) => `${line} ${createHash('sha512').update(`${number} ${line}`).digest('base64')} ${number}`).join(
    '\n',
  );

function largeResults(): Results {
  if (!KERNEL || !CELL) throw new Error('the sample has no such cell');
  const logs = createLogStore();
  const none = { warnings: null, verifier: null, kernel: null, console: null };
  const cells = Array.from({ length: KERNELS }, (_, number): CellResult => {
    const programs = CELL.programs.map((program) => ({ ...program, logs: { libbpf: null, verifier: null } }));
    const status = number >= KERNELS - FAILING ? 'fail' : 'pass';
    return { ...CELL, kernel: id(number), status, programs, logs: { ...none, libbpf: addLog(logs, text(number)) } };
  });
  const kernels = cells.map((cell) => ({ ...KERNEL, id: cell.kernel }));
  return {
    ...SAMPLE,
    kernels,
    cells,
    logs,
    objects: SAMPLE.objects.filter((object) => object.id === CELL.object),
    layouts: { types: [], omitted: [] },
  };
}

let folder = '';
const results = largeResults();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'large-logs-'));
  await writeReportFolder(results, folder);
}, 120_000);
afterAll(async () => rm(folder, { recursive: true, force: true }));

it('a page stays within its limit for logs, though the logs of the run are larger', async () => {
  const whole = results.cells.reduce((sum, cell) => sum + logText(results.logs, cell.logs.libbpf).length, 0);
  expect(whole).toBeGreaterThan(1.1 * PAGE_LOG_LIMIT);
  expect((await stat(join(folder, 'index.html'))).size).toBeLessThan(PAGE_LOG_LIMIT);
});

it('a page says how many logs it has no room for, keeps those of failures, and links to the others, where the whole log is', async () => {
  const { stdout: executablePath } = await execa('which', ['chromium']);
  const browser = await chromium.launch({ executablePath, chromiumSandbox: false, timeout: PAGE_TIMEOUT_MS });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(PAGE_TIMEOUT_MS);
    const object = CELL?.object ?? '';
    const at = (kernel: string) => `${pathToFileURL(join(folder, 'index.html')).href}#${logAnchor({ kernel, object }, 'libbpf')}`;
    await page.goto(at(id(KERNELS - 1)));
    const log = page.locator('.cell-view .log[open] pre');
    await log.locator('.line').first().waitFor();
    const said = await page.locator('header p').allInnerTexts();
    const count = /room for 32 MiB of logs; (\d+) more logs are in logs\/ beside it/.exec(said.join('\n'))?.[1];
    // Half of the room is for logs of cells that need no attention.
    expect(Number(count)).toBeGreaterThan(KERNELS / 2);
    expect(Number(count)).toBeLessThan(KERNELS - FAILING);
    await page.goto(at(id(KERNELS - FAILING - 1)));
    await log.getByText('This page has no room for the log').waitFor();
    const file = logPath({ kernel: id(KERNELS - FAILING - 1), object, program: null, kind: 'libbpf' });
    expect(await log.innerText()).toBe(`This page has no room for the log. It is in ${file}\n`);
    await log.getByRole('link').click();
    await page.waitForURL(pathToFileURL(join(folder, file)).href);
    const whole = text(KERNELS - FAILING - 1);
    expect(await readFile(join(folder, file), 'utf8')).toBe(`${whole}\n`);
    expect((await page.locator('pre').innerText()).trimEnd()).toBe(whole);
    const [left, right] = [id(KERNELS - FAILING - 2), id(KERNELS - FAILING - 1)];
    await page.goto(`${pathToFileURL(join(folder, 'index.html')).href}#compare/${left}/${right}/${object}`);
    const files = [left, right].map((kernel) => logPath({ kernel, object, program: null, kind: 'libbpf' }));
    const note = `loader log of the whole object: not compared, because the page has no room for ${files.join(' and ')}.`;
    await page.locator('.compare-view').getByText(note).waitFor();
  } finally {
    await browser.close();
  }
}, 120_000);
