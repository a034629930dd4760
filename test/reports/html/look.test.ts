// Tests of the look of the report: readable text in both themes, narrow screens, paper.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cellAnchor } from '../../../reports/html/anchors.ts';
import { HOSTILE_SAMPLE } from '../hostile.ts';
import { SAMPLE } from '../sample.ts';
import { type ReportBrowser, startBrowser } from './browser.ts';

let browser: ReportBrowser;

beforeAll(async () => {
  browser = await startBrowser();
});

afterAll(async () => browser.stop());

const CELL = '#c/debian-5.10.262-amd64/task_state/log/verifier/L13';

/** Opens all folds and shows the keys, so that all text of the overview or view is visible. */
async function showAll(page: Page): Promise<void> {
  if (new URL(page.url()).hash !== '') await page.locator('#view h2').waitFor();
  await page.evaluate(() => {
    for (const box of document.querySelectorAll('details')) box.open = true;
  });
  if (new URL(page.url()).hash !== '') await page.locator('.line').first().waitFor({ state: 'attached' });
  await page.keyboard.press('?');
}

/**
 * The lowest contrast ratio of each look, for all visible text and all colours behind it, which include stripes.
 * @see WCAG 2.2, relative luminance and contrast ratio
 */
async function contrasts(page: Page): Promise<Record<string, number>> {
  return page.evaluate(() => {
    const numbers = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
    const over = (top: number[], below: number[]) => {
      const [, , , alpha = 1] = top;
      return below.map((value, index) => alpha * (top[index] ?? 0) + (1 - alpha) * value);
    };
    const luminance = (colour: number[]) => {
      const [red = 0, green = 0, blue = 0] = colour.map((value) => {
        const part = value / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const ratio = (one: number[], two: number[]) => {
      const [dark = 0, light = 0] = [luminance(one), luminance(two)].toSorted((a, b) => a - b);
      return (light + 0.05) / (dark + 0.05);
    };
    /** All colours that may be behind an element. */
    const behind = (element: Element | null): number[][] => {
      if (!element) return [[255, 255, 255]];
      const { backgroundColor, backgroundImage } = getComputedStyle(element);
      const stripes = backgroundImage.match(/rgba?\([^)]*\)/g) ?? [];
      const below = element.tagName === 'DIALOG' ? [[255, 255, 255]] : behind(element.parentElement);
      return [backgroundColor, ...stripes].flatMap((colour) => below.map((under) => over(numbers(colour), under)));
    };
    const lowest: Record<string, number> = {};
    for (const element of document.querySelectorAll<HTMLElement>('body *')) {
      const written = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim());
      if (!(written || element instanceof HTMLInputElement) || !element.checkVisibility()) continue;
      const look =
        element
          .closest('.good, .bad, .known, .odd, .quiet, .infra')
          ?.className.split(' ')
          .find((name) => name !== 'mark' && name !== 'number') ?? 'other';
      const ink = numbers(getComputedStyle(element, element instanceof HTMLInputElement ? '::placeholder' : null).color);
      for (const colour of behind(element)) lowest[look] = Math.min(lowest[look] ?? 21, ratio(over(ink, colour), colour));
    }
    return lowest;
  });
}

describe.each(['light', 'dark'] as const)('the %s theme', (colorScheme) => {
  it(`every text in the ${colorScheme} theme has a contrast of at least 4.5`, async () => {
    const looks = new Set<string>();
    for (const fragment of ['', CELL, '#compare/debian-5.10.262-amd64/debian-6.12.117-amd64/task_state']) {
      const { page } = await browser.open(SAMPLE, fragment, { colorScheme });
      await showAll(page);
      const found = await contrasts(page);
      for (const look of Object.keys(found)) looks.add(look);
      expect(Object.entries(found).filter(([, value]) => value < 4.5)).toEqual([]);
    }
    expect([...looks].toSorted()).toEqual(['bad', 'good', 'infra', 'known', 'odd', 'other', 'quiet']);
  });

  it(`the page is ${colorScheme} in the ${colorScheme} theme`, async () => {
    const { page } = await browser.open(SAMPLE, '', { colorScheme });
    const [paper = 0] = await page.evaluate(() => (getComputedStyle(document.body).backgroundColor.match(/\d+/g) ?? []).map(Number));
    expect(paper > 128 ? 'light' : 'dark').toBe(colorScheme);
  });
});

it('every status has a word and a shape, so that no colour is needed', async () => {
  const { page } = await browser.open(SAMPLE);
  expect((await page.locator('.counts li').allInnerTexts()).join(', ')).toMatchInlineSnapshot(
    `"● 5 pass, ✕ 2 fail, ◌ 1 xfail, ▲ 1 xpass, – 1 n/a, ↷ 2 skip, ⚠ 4 infra, · 2 not run, ↻ 1 flaky cell"`,
  );
});

describe.each([
  ['the sample', SAMPLE],
  ['hostile text', HOSTILE_SAMPLE],
] as const)('a screen of 400 pixels, %s', (sample, results) => {
  it(`the page of ${sample} does not scroll sideways on a screen of 400 pixels`, async () => {
    const { page } = await browser.open(results, '', { viewport: { width: 400, height: 800 } });
    const widths = [await page.evaluate(() => document.documentElement.scrollWidth)];
    await showAll(page);
    widths.push(await page.evaluate(() => document.documentElement.scrollWidth));
    const { kernel, object } = results.cells[0] ?? { kernel: '', object: '' };
    const view = await browser.open(results, `#${cellAnchor(kernel, object)}`, { viewport: { width: 400, height: 800 } });
    await showAll(view.page);
    widths.push(await view.page.evaluate(() => document.documentElement.scrollWidth));
    expect(widths).toEqual([400, 400, 400]);
  });
});

describe('the heads of the matrix', () => {
  const top = async (page: Page, selector: string) =>
    page.locator(selector).evaluate((element) => Math.round(element.getBoundingClientRect().top));

  it('the heads of a small matrix stay visible while the page scrolls', async () => {
    const { page } = await browser.open(SAMPLE, '', { viewport: { width: 1200, height: 300 } });
    await page.evaluate(() => scrollTo(0, 400));
    expect(await top(page, '#matrix thead')).toBe(0);
  });

  it('the heads of a large matrix stay visible while it scrolls in its box', async () => {
    const more = SAMPLE.kernels.map((kernel) => ({ ...kernel, id: `${kernel.id}-again` }));
    const wide = { ...SAMPLE, kernels: [...SAMPLE.kernels, ...more] };
    const { page } = await browser.open(wide, '', { viewport: { width: 620, height: 300 } });
    const box = page.locator('.wide', { has: page.locator('#matrix') });
    expect(await box.evaluate((element) => element.scrollWidth > element.clientWidth)).toBe(true);
    await box.evaluate((element) => element.scrollTo(50, 100));
    expect(await top(page, '#matrix thead')).toBe(await top(page, '.wide'));
    await page.locator('#search').fill('k:5.10');
    expect(await box.count()).toBe(0);
  });
});

it('the page prints on white paper without its controls', async () => {
  const { page } = await browser.open(SAMPLE, '', { colorScheme: 'dark' });
  await page.emulateMedia({ media: 'print' });
  expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe('rgb(255, 255, 255)');
  expect([await page.locator('.tools').isVisible(), await page.locator('#matrix').isVisible()]).toEqual([false, true]);
  expect(Object.entries(await contrasts(page)).filter(([, value]) => value < 4.5)).toEqual([]);
  expect((await page.pdf()).subarray(0, 5).toString()).toBe('%PDF-');
});
