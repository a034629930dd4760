/// <reference lib="dom" />
// What a reader waits for: the page of a report on disk, opened and filtered in Chromium.
import { execa } from 'execa';
import { chromium, type Page } from 'playwright-core';

interface PageTimes {
  /** From the start of the navigation until the page has been drawn and its script waits for the reader, in ms, one of each load. */
  interactive: number[];
  /** From each press of a key in the filter to the end of the frame that shows its effect, in ms. */
  keystrokes: number[];
}

const QUERIES = ['s:fail', 'task', 'k:6.1', '!s:pass', 'is:different p:name', 'no such field'];
const LOADS = 5;
/** Between keys, in ms: of one who types fast, and of one who looks at what each letter brings. */
const PACES = [60, 300];

/** Runs in the page before anything of it: notes when a frame is done after the document and after each key. */
function watch(): void {
  const seen: { interactive: number; keystrokes: number[] } = { interactive: 0, keystrokes: [] };
  const drawn = (then: () => void) => {
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.addEventListener('message', then, { once: true });
      port1.start();
      port2.postMessage(null);
    });
  };
  Object.assign(globalThis, { seen });
  document.addEventListener('DOMContentLoaded', () => {
    drawn(() => {
      seen.interactive = performance.now();
    });
  });
  addEventListener('keydown', (event) => drawn(() => seen.keystrokes.push(performance.now() - event.timeStamp)), { capture: true });
}

async function seenBy(page: Page): Promise<{ interactive: number; keystrokes: number[] }> {
  return page.evaluate(() => JSON.parse(JSON.stringify(Reflect.get(globalThis, 'seen'))));
}

async function type(page: Page): Promise<number[]> {
  await page.locator('#search').focus();
  for (const pace of PACES) {
    for (const query of QUERIES) {
      for (const key of query) {
        await page.keyboard.press(key === ' ' ? 'Space' : key);
        await page.waitForTimeout(pace);
      }
      await page.locator('#search').selectText();
      await page.keyboard.press('Delete');
      await page.waitForTimeout(pace);
    }
  }
  const { keystrokes } = await seenBy(page);
  return keystrokes;
}

/** Opens a report several times and types into its filter. */
export async function timePage(address: string): Promise<PageTimes> {
  const { stdout: executablePath } = await execa('which', ['chromium']);
  const browser = await chromium.launch({ executablePath, chromiumSandbox: false });
  try {
    const interactive: number[] = [];
    let keystrokes: number[] = [];
    for (let load = 0; load < LOADS; load += 1) {
      const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
      await page.addInitScript(watch);
      await page.goto(address);
      await page.waitForFunction(() => Reflect.get(globalThis, 'seen').interactive > 0, undefined, { timeout: 120_000 });
      const seen = await seenBy(page);
      interactive.push(seen.interactive);
      if (load === LOADS - 1) keystrokes = await type(page);
      await page.close();
    }
    return { interactive, keystrokes };
  } finally {
    await browser.close();
  }
}
