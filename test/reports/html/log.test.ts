// Tests of the log viewer: search, the button that goes to the failure, and wrapped lines.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SAMPLE } from '../sample.ts';
import { type ReportBrowser, startBrowser } from './browser.ts';

let browser: ReportBrowser;

beforeAll(async () => {
  browser = await startBrowser();
});

afterAll(async () => browser.stop());

const LOG = '#c/debian-5.10.262-amd64/task_state/log/verifier';

async function openLog(): Promise<Page> {
  const { page } = await browser.open(SAMPLE, LOG);
  await page.locator('.log[open] .line').first().waitFor();
  return page;
}

const marked = (page: Page) => page.locator('.log[open] .line.marked').allInnerTexts();

describe('a log', () => {
  it('the log search goes through matches with Enter and back, and counts them', async () => {
    const page = await openLog();
    const field = page.getByLabel('Search in verifier', { exact: true });
    const seen: string[] = [];
    const look = async () =>
      seen.push(`${await page.locator('.log[open] .log-tools small').innerText()}: ${(await marked(page)).join().trim()}`);
    await field.fill('r0 = 1');
    await look();
    for (const key of ['Enter', 'Enter', 'Enter', 'Shift+Enter']) {
      await field.press(key);
      await look();
    }
    await field.fill('no such text');
    await look();
    expect(seen).toMatchInlineSnapshot(`
      [
        "1 of 3: 21: (b7) r0 = 1",
        "2 of 3: 1110: (b7) r0 = 10",
        "3 of 3: 1211: (b7) r0 = 11",
        "1 of 3: 21: (b7) r0 = 1",
        "3 of 3: 1211: (b7) r0 = 11",
        "nothing: 1211: (b7) r0 = 11",
      ]
    `);
  });

  it('a log leads to the failing line, and wraps its lines', async () => {
    const page = await openLog();
    await page.locator('.log[open]').getByRole('button', { name: 'Go to error' }).click();
    expect((await marked(page)).join().trim()).toBe('13R1 invalid mem access');
    const wrap = page.locator('.log[open]').getByRole('button', { name: 'Wrap' });
    const space = async () => page.locator('.log[open] pre').evaluate((block) => getComputedStyle(block).whiteSpace);
    const before = await space();
    await wrap.click();
    expect([before, await space(), await wrap.getAttribute('aria-pressed')]).toEqual(['pre', 'pre-wrap', 'true']);
  });
});
