/// <reference lib="dom" />
// Measures the waiting time of a reader: opens the page of a report from disk in Chromium and filters it.
import { execa } from 'execa';
import { chromium, type Page } from 'playwright-core';

interface PageTimes {
  /** For each load, ms from the start of the navigation until the page has been drawn and its script waits for input. */
  interactive: number[];
  /** For each key pressed in the filter, ms until the end of the frame that shows its effect. */
  keystrokes: number[];
}

const QUERIES = ['s:fail', 'task', 'k:6.1', '!s:pass', 'is:different p:name', 'no such field'];
const LOADS = 5;
/** Pauses between keys in ms: of a fast typist, and of a reader who looks at the result of each letter. */
const PACES = [60, 300];

/** Runs in the page before its own script. Records when the frame after the document, and after each key, is done. */
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

/** Opens a report several times and types into its filter. Returns the measured times. */
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
