// A real browser that opens reports from disk, and records its requests and errors.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Results } from '../../../harness/results/schema.ts';
import { renderHtml } from '../../../reports/html/render.ts';

interface Opened {
  page: Page;
  /** Requested addresses, the report itself first. */
  requests: string[];
  /** Errors and warnings of the console, and uncaught exceptions. */
  complaints: string[];
}

/** Time limit for a page, a field or a text to appear. */
export const PAGE_TIMEOUT_MS = 60_000;

export interface ReportBrowser {
  /** Opens a report of these results at a fragment such as `#?q=x`, in a new page that replaces the one before. */
  open: (results: Results, fragment?: string, options?: BrowserContextOptions) => Promise<Opened>;
  /** The address of a report. */
  addressOf: (results: Results, fragment: string) => Promise<string>;
  stop: () => Promise<void>;
}

/** The text of a table: one line for each row, with bars between cells. */
export async function tableText(page: Page, selector: string): Promise<string> {
  return page
    .locator(selector)
    .first()
    .evaluate((table) => {
      const rows = [...table.querySelectorAll('tr')].map((row) =>
        [...row.cells].map((cell) => cell.textContent?.replaceAll(/\s+/g, ' ').trim() ?? ''),
      );
      return rows.map((cells) => cells.join(' | ')).join('\n');
    });
}

/**
 * The scroll position of a page after everything has stopped moving: rows that become visible get their true height one frame later and
 * move the others.
 */
export async function restingPlace(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const places = () => `${scrollY} ${document.documentElement.scrollHeight}`;
    let last = '';
    for (let same = 0; same < 5; same = places() === last ? same + 1 : 0) {
      last = places();
      await new Promise(requestAnimationFrame);
    }
    return scrollY;
  });
}

/** Presses a copy button, and returns after the text is in the clipboard. */
export async function pressCopy(button: Locator): Promise<void> {
  // The button shows the word only for a moment, so checks at intervals could miss it.
  const said = await button.evaluateHandle((element) => {
    const change = new Promise<string | null>((resolve) => {
      new MutationObserver(() => resolve(element.textContent)).observe(element, { childList: true });
    });
    return { change };
  });
  await button.click();
  expect(await said.evaluate(async ({ change }) => change)).toBe('Copied');
}

/** Starts Chromium. `stop` ends it and removes its files. */
export async function startBrowser(): Promise<ReportBrowser> {
  const folder = await mkdtemp(join(tmpdir(), 'corematrix-browser-'));
  const { stdout: executablePath } = await execa('which', ['chromium']);
  const browser = await chromium.launch({ executablePath, chromiumSandbox: false, timeout: PAGE_TIMEOUT_MS });
  const files = new Map<Results, string>();

  const addressOf = async (results: Results, fragment: string) => {
    const known = files.get(results) ?? join(folder, `${files.size}.html`);
    if (!files.has(results)) await writeFile(known, renderHtml(results));
    files.set(results, known);
    return `${pathToFileURL(known).href}${fragment}`;
  };

  const open: ReportBrowser['open'] = async (results, fragment = '', options = {}) => {
    await Promise.all(browser.contexts().map(async (context) => context.close()));
    const page = await browser.newPage({ viewport: { width: 1200, height: 800 }, ...options });
    page.setDefaultTimeout(PAGE_TIMEOUT_MS);
    const requests: string[] = [];
    const complaints: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    await page.goto(await addressOf(results, fragment));
    // Parts that the page lays out only when they are visible have no text before the first frame. A screenshot waits for a frame.
    await page.screenshot({ clip: { x: 0, y: 0, width: 1, height: 1 } });
    return { page, requests, complaints };
  };

  const stop = async () => {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  };

  return { open, addressOf, stop };
}
