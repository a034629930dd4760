// Tests of accessibility with all rules of axe-core: overview, every view, and keys, in both themes.
import axe from 'axe-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Destination } from '../../../reports/html/client/places.ts';
import { explained } from '../explained.ts';
import { SAMPLE } from '../sample.ts';
import { type ReportBrowser, startBrowser } from './browser.ts';

let browser: ReportBrowser;

beforeAll(async () => {
  browser = await startBrowser();
});

afterAll(async () => browser.stop());

interface Violation {
  id: string;
  nodes: { html: string }[];
}

/** An address of every view. */
const VIEWS = {
  cell: '#c/debian-5.10.262-amd64/task_state/log/verifier/L13',
  comparison: '#compare/debian-5.10.262-amd64/debian-6.12.117-amd64/task_state',
  relocation: '#relo/task_state/1/debian-5.10.262-amd64/debian-6.12.117-amd64',
} as const satisfies Record<Destination['view'], string>;

describe.each(['light', 'dark'] as const)('accessibility in the %s theme', (colorScheme) => {
  it.each([
    ['the overview', '', ''],
    ...Object.entries(VIEWS).map(([view, address]): [string, string, string] => [`the view of a ${view}`, address, '']),
    ['the sheet of keys', '', '?'],
  ])(`in the ${colorScheme} theme axe finds no problem in %s`, async (_, fragment, key) => {
    const { page } = await browser.open(explained(SAMPLE), fragment, { colorScheme });
    if (fragment !== '') await page.locator('#view h2').waitFor();
    await page.evaluate(() => {
      for (const box of document.querySelectorAll('details')) box.open = true;
    });
    if (key !== '') await page.keyboard.press(key);
    await page.addScriptTag({ content: axe.source });
    const found: Violation[] = await page.evaluate(async () => (await Reflect.get(globalThis, 'axe').run()).violations);
    expect(found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join('\n')}`)).toEqual([]);
  });
});
