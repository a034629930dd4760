// Tests of reading the report: filter, Back, keys and theme.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manyResults } from '../../bench/many.ts';
import { SAMPLE } from '../sample.ts';
import { type ReportBrowser, startBrowser } from './browser.ts';

let browser: ReportBrowser;

beforeAll(async () => {
  browser = await startBrowser();
});

afterAll(async () => browser.stop());

/** Waits for the next frame, because elements that become visible have no text before it. */
const drawn = async (page: Page) =>
  page.evaluate(async () => new Promise<void>((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))));

const programs = async (page: Page) => page.locator('#matrix tr[data-program]:visible th').allInnerTexts();
const heads = async (page: Page) => page.locator('#matrix th[data-kernel]:visible').allInnerTexts();
const pressed = async (page: Page) => page.locator('[data-only][aria-pressed=true]').innerText();
const hash = (page: Page) => new URL(page.url()).hash;

const ALL = ['old_name', 'new_name', 'either_name', 'newer_hook', 'probe', 'hidden_on_purpose'];

describe('the filter', () => {
  it('the filter shows the matching rows, their objects and their number', async () => {
    const { page } = await browser.open(SAMPLE);
    const seen: string[] = [];
    for (const query of [
      's:fail',
      's:fail s:xfail',
      '!s:infra',
      'class:core-field !s:fail',
      '"no such field"',
      'o:probes p:"on_purpose"',
      'k:6.12 s:pass',
      'nothing of the kind',
    ]) {
      await page.locator('#search').fill(query);
      await drawn(page);
      const objects = await page.locator('#matrix .object:visible').allInnerTexts();
      seen.push(`${query} → ${(await programs(page)).join(', ')} (${objects.join(', ')}; ${await page.locator('#found').innerText()})`);
    }
    expect(seen.join('\n')).toMatchInlineSnapshot(`
      "s:fail → new_name, probe (task_state 7 relocations, probes; 2 of 6 programs)
      s:fail s:xfail → old_name, new_name, probe (task_state 7 relocations, probes; 3 of 6 programs)
      !s:infra → probe, hidden_on_purpose (probes; 2 of 6 programs)
      class:core-field !s:fail → old_name (task_state 7 relocations; 1 of 6 programs)
      "no such field" → old_name, new_name (task_state 7 relocations; 2 of 6 programs)
      o:probes p:"on_purpose" → hidden_on_purpose (probes; 1 of 6 programs)
      k:6.12 s:pass → new_name, either_name, newer_hook, hidden_on_purpose (task_state 7 relocations, probes; 4 of 6 programs)
      nothing of the kind →  (; 0 of 6 programs)"
    `);
  });

  it('the filter shows visible rows at once, and the rest of a large matrix when the reader pauses', async () => {
    const { page } = await browser.open(manyResults(SAMPLE, { kernels: 30, programs: 120 }));
    const after = (query: string) =>
      page.evaluate(async (text) => {
        const search = document.querySelector<HTMLInputElement>('#search');
        if (!search) return null;
        search.value = text;
        search.dispatchEvent(new Event('input'));
        const count = (what: string) => document.querySelectorAll(`#matrix ${what}`).length;
        const waiting = () => ['.later', '.near', '.gone'].reduce((sum, name) => sum + count(name), 0);
        const seen = () => [...document.querySelectorAll('#matrix tr[data-program] a')].filter((link) => link.checkVisibility()).length;
        const atOnce = { waiting: waiting() > 0, all: seen() };
        while (waiting() > 0) await new Promise(requestAnimationFrame);
        return { ...atOnce, all: seen() > atOnce.all, shown: count('tr[data-program]:not(.hidden)'), hidden: count('tr.hidden') };
      }, query);
    const none = await after('nothing of the kind');
    const some = await after('p:name');
    const few = await after('k:6.12 p:probe_3');
    const everything = await after('');
    expect({ none, some, few, everything }).toMatchInlineSnapshot(`
      {
        "everything": {
          "all": true,
          "hidden": 0,
          "shown": 120,
          "waiting": true,
        },
        "few": {
          "all": true,
          "hidden": 119,
          "shown": 1,
          "waiting": true,
        },
        "none": {
          "all": false,
          "hidden": 120,
          "shown": 0,
          "waiting": true,
        },
        "some": {
          "all": true,
          "hidden": 60,
          "shown": 60,
          "waiting": true,
        },
      }
    `);
    // A key that needs a waiting row draws it at once.
    await after('nothing of the kind');
    await page.locator('#search').fill('');
    await page.locator('#search').press('Escape');
    await page.keyboard.press('p');
    expect(await page.evaluate(() => document.activeElement?.closest('tr')?.matches(':nth-last-child(-n + 2)'))).toBe(true);
  });

  it('the filter hides other kernels in every row', async () => {
    const { page } = await browser.open(SAMPLE);
    await page.locator('#search').fill('k:5.10 k:7.4');
    expect(await heads(page)).toEqual(['5.10', '7.4-rc3']);
    expect(await page.locator('#matrix tr[data-program]').first().locator('td:visible').count()).toBe(3);
    await page.locator('#search').fill('!k:arm64');
    expect(await heads(page)).toEqual(['5.10', '7.4-rc3']);
    await page.locator('#search').fill('');
    expect([await heads(page), await programs(page)]).toEqual([['5.10', '7.4-rc3', '6.12'], ALL]);
  });

  it('the filter shows the rows of a loader', async () => {
    const objects = SAMPLE.objects.map((object) => (object.id === 'probes' ? { ...object, loader: 'cilium@0.22' } : object));
    const { page } = await browser.open({ ...SAMPLE, objects });
    const shown: string[][] = [];
    for (const query of ['loader:cilium', 'loader:libbpf', '!loader:cilium@0.22']) {
      await page.locator('#search').fill(query);
      await drawn(page);
      shown.push(await programs(page));
    }
    const [cilium, libbpf] = [ALL.slice(4), ALL.slice(0, 4)];
    expect(shown).toEqual([cilium, libbpf, libbpf]);
  });

  it('a click on a count sets the filter', async () => {
    const { page } = await browser.open(SAMPLE);
    await page.locator('.counts').getByText('1 xpass').click();
    expect([await programs(page), await page.locator('#search').inputValue()]).toEqual([['either_name'], 's:xpass']);
  });
});

describe('the address', () => {
  it('the address keeps the filter and restores it', async () => {
    const { page } = await browser.open(SAMPLE);
    await page.locator('#search').fill('o:probes "a b" !ünï');
    await page.locator('[data-only=differs]').click();
    const again = await browser.open(SAMPLE, hash(page));
    expect(await again.page.locator('#search').inputValue()).toBe('o:probes "a b" !ünï');
    expect(await pressed(again.page)).toBe('Only rows that differ');
  });

  it('Back removes one filter at a time until the whole matrix is shown', async () => {
    const { page } = await browser.open(SAMPLE);
    await page.locator('[data-only=failures]').click();
    await page.locator('[data-only=differs]').click();
    await page.locator('#search').fill('probe');
    await page.locator('#matrix td:visible a').first().click();
    const where = async () =>
      `${hash(page)} ${await pressed(page)} "${await page.locator('#search').inputValue()}" ${(await programs(page)).length}`;
    await page.locator('#view h2').waitFor();
    expect(hash(page)).toBe('#c/debian-5.10.262-amd64/probes');
    for (const step of ['#?q=probe&only=differs Only rows that differ "probe" 2', '#?only=failures Unexpected "" 5', ' All "" 6']) {
      await page.goBack();
      await expect.poll(where).toBe(step);
    }
  });

  it('an empty address shows the whole matrix', async () => {
    const { page, complaints } = await browser.open(SAMPLE, '#?q=probe');
    for (const fragment of ['#?', '#?only=gone&q=', '#?x=1', '#']) {
      await page.goto(await browser.addressOf(SAMPLE, fragment));
      await expect.poll(async () => [await pressed(page), await programs(page), complaints]).toEqual(['All', ALL, []]);
    }
  });
});

describe('a key', () => {
  it('the keys f, d and a choose rows', async () => {
    const { page } = await browser.open(SAMPLE);
    const seen: string[] = [];
    for (const key of ['f', 'd', 'a']) {
      await page.keyboard.press(key);
      seen.push(`${key}: ${await pressed(page)}, ${(await programs(page)).length}`);
    }
    expect(seen).toEqual(['f: Unexpected, 5', 'd: Only rows that differ, 6', 'a: All, 6']);
  });

  it('the key / moves to the filter, where keys type text, and Escape leaves it', async () => {
    const { page } = await browser.open(SAMPLE);
    await page.keyboard.press('/');
    await page.keyboard.type('fad/?');
    expect([await page.locator('#search').inputValue(), await pressed(page)]).toEqual(['fad/?', 'All']);
    await page.keyboard.press('Escape');
    await page.keyboard.press('f');
    expect([await page.locator('#search').evaluate((element) => element === document.activeElement), await pressed(page)]).toEqual([
      false,
      'Unexpected',
    ]);
  });

  it('the key ? shows the list of keys, and Escape closes it', async () => {
    const { page } = await browser.open(SAMPLE);
    await page.keyboard.press('?');
    expect((await page.locator('#keys div').allInnerTexts()).map((text) => text.replaceAll(/\s+/g, ' '))).toMatchInlineSnapshot(`
      [
        "/ filter",
        "a f d all rows, unexpected ones, ones that differ",
        "n p next, previous unexpected cell",
        "← → ↑ ↓ from cell to cell",
        "[ ] c in a cell: previous kernel, next kernel, compare",
        "Esc back to the matrix",
        "t ? theme; this",
        "text, "more text" in names, statuses and reasons",
        "o: p: type: loader: object, program, type of program, loader",
        "k: arch: kernels to show",
        "s: class: status, class of failure",
        "is: different, flaky, mispredicted",
        "! before a word: not",
      ]
    `);
    await page.keyboard.press('f');
    expect(await pressed(page)).toBe('All');
    await page.keyboard.press('Escape');
    expect(await page.locator('#keys').isVisible()).toBe(false);
  });

  it('keys with Control, Alt or Meta belong to the browser, and unknown keys do nothing', async () => {
    const { page, complaints } = await browser.open(SAMPLE);
    for (const key of ['Control+f', 'Alt+d', 'x', 'Home']) await page.keyboard.press(key);
    expect([await pressed(page), complaints]).toEqual(['All', []]);
  });

  it('the keyboard reaches tools, cells, folds and logs in the order of the page', async () => {
    const { page } = await browser.open(SAMPLE);
    await page.locator('#matrix a[tabindex="0"]').waitFor();
    await page.locator('#search').focus();
    const reached: string[] = [];
    for (let step = 0; step < 60; step += 1) {
      await page.keyboard.press('Tab');
      reached.push(
        await page.evaluate(() => `${document.activeElement?.tagName} ${document.activeElement?.textContent?.trim().slice(0, 20)}`),
      );
    }
    const order = ['BUTTON All', 'A 5.10', 'A old_name', 'SUMMARY task_state 7 reloc', 'SUMMARY task_state ✕ 1'];
    const places = order.map((name) => reached.findIndex((text) => text.replaceAll(/\s+/g, ' ').startsWith(name)));
    expect([places.includes(-1), places]).toEqual([false, places.toSorted((a, b) => a - b)]);
  });

  it('Tab reaches the last focused cell of the matrix, also after filtering', async () => {
    const { page } = await browser.open(SAMPLE);
    const stops = async () =>
      page
        .locator('#matrix [data-program] a[tabindex="0"]')
        .evaluateAll((links) => links.map((link) => `${link.closest('tr')?.dataset['program']} ${link.textContent}`));
    await expect.poll(stops).toEqual(['old_name old_name']);
    await page.keyboard.press('n');
    await page.keyboard.press('ArrowDown');
    await expect.poll(stops).toEqual(['new_name infra']);
    await page.locator('#search').fill('o:probes');
    await expect.poll(stops).toEqual(['probe probe']);
  });
});

describe('in the matrix', () => {
  const focused = async (page: Page) =>
    page.evaluate(() => {
      const cell = document.activeElement?.closest('td');
      return cell ? `${cell.parentElement?.dataset['program']} ${cell.cellIndex} ${cell.dataset['s']}` : null;
    });

  it('the keys n and p go to the next and the previous unexpected cell, and from the last to the first', async () => {
    const { page } = await browser.open(SAMPLE);
    const seen: (string | null)[] = [];
    for (const key of ['n', 'n', 'n', 'p', 'p', 'p']) {
      await page.keyboard.press(key);
      seen.push(await focused(page));
    }
    expect(seen).toEqual([
      'old_name 3 infra',
      'new_name 2 fail',
      'new_name 3 infra',
      'new_name 2 fail',
      'old_name 3 infra',
      'probe 4 fail',
    ]);
  });

  it('arrow keys go from one visible cell to the next', async () => {
    const { page } = await browser.open(SAMPLE, '#?q=!k%3A7.4%20o%3Atask');
    await page.keyboard.press('n');
    const seen = [await focused(page)];
    for (const key of ['ArrowRight', 'ArrowRight', 'ArrowDown', 'ArrowLeft', 'ArrowDown', 'ArrowDown', 'ArrowUp']) {
      await page.keyboard.press(key);
      seen.push(await focused(page));
    }
    expect(seen).toEqual([
      'new_name 2 fail',
      'new_name 4 pass',
      'new_name 4 pass',
      'either_name 4 pass',
      'either_name 2 xpass',
      'newer_hook 2 unsupported',
      'newer_hook 2 unsupported',
      'either_name 2 xpass',
    ]);
  });
});

describe('the theme', () => {
  const paper = async (page: Page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

  it('the theme is that of the system until the reader chooses one, which is kept', async () => {
    const { page, complaints } = await browser.open(SAMPLE, '', { colorScheme: 'dark' });
    const seen = [await paper(page)];
    for (let step = 0; step < 3; step += 1) {
      await page.keyboard.press('t');
      seen.push(`${await page.locator('#theme').innerText()} ${await paper(page)}`);
    }
    expect(seen).toEqual([
      'rgb(21, 24, 28)',
      'Theme: light rgb(255, 255, 255)',
      'Theme: dark rgb(21, 24, 28)',
      'Theme: system rgb(21, 24, 28)',
    ]);
    await page.keyboard.press('t');
    // The browser stores the theme with a delay, so a reload could be faster.
    const reloaded = async () => {
      await page.reload();
      return `${await page.locator('#theme').innerText()} ${await paper(page)}`;
    };
    await expect.poll(reloaded).toBe('Theme: light rgb(255, 255, 255)');
    expect(complaints).toEqual([]);
  });

  it('the theme can be chosen if the browser has no storage', async () => {
    const { page, complaints } = await browser.open(SAMPLE);
    await page.evaluate(() =>
      Object.defineProperty(globalThis, 'localStorage', {
        get: () => {
          throw new Error('denied');
        },
      }),
    );
    await page.locator('#theme').click();
    await page.locator('#theme').click();
    expect([await paper(page), complaints]).toEqual(['rgb(21, 24, 28)', []]);
  });
});
