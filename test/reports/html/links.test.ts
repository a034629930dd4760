// Tests of links: every part of the report has one that opens it and scrolls there, and a broken link shows a message.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cellAnchor, kernelAnchor, logAnchor, relocationAnchor, relocationsAnchor } from '../../../reports/html/anchors.ts';
import { SAMPLE } from '../sample.ts';
import { type ReportBrowser, restingPlace, startBrowser } from './browser.ts';

let browser: ReportBrowser;

beforeAll(async () => {
  browser = await startBrowser();
});

afterAll(async () => browser.stop());

describe('a link', () => {
  const where = { kernel: 'debian-5.10.262-amd64', object: 'task_state' };

  it.each([
    ['a relocation', relocationAnchor(where.kernel, where.object, 5), 'new_name\ninsn 16, relo #5'],
    ['a log of a program', logAnchor(where, 'libbpf', 'new_name'), 'libbpf log of new_name alone 2 lines'],
    ['a log', logAnchor(where, 'libbpf'), 'libbpf 2 lines'],
    ['a line of a log', `${logAnchor(where, 'verifier')}/L13`, '13R1 invalid mem access'],
    ['a line of the log of a program', `${logAnchor(where, 'verifier', 'new_name')}/L2`, '21: (b7) r0 = 1'],
    ['the relocations of an object', relocationsAnchor('task_state'), 'Relocation'],
    ['a kernel', kernelAnchor('file-vmlinux-7.4'), 'file-vmlinux-7.4 (did not boot)'],
  ])('a link to %s opens it and scrolls there', async (_, anchor, text) => {
    const { page } = await browser.open(SAMPLE, `#${anchor}`);
    const target = page.locator(`[id="${anchor}"]`);
    await target.waitFor();
    await expect.poll(async () => target.evaluate((element) => element.classList.contains('marked'))).toBe(true);
    await restingPlace(page);
    expect((await target.innerText()).trim().slice(0, text.length)).toBe(text);
    const top = await target.evaluate((element) => element.getBoundingClientRect().top);
    expect(top).toBeGreaterThan(-1);
    expect(top).toBeLessThan(780);
  });

  it('a link in the matrix leads to its cell, and Back to the matrix', async () => {
    const { page } = await browser.open(SAMPLE);
    await page.locator('#matrix td.bad a').first().click();
    await page.locator('#view h2').waitFor();
    expect(new URL(page.url()).hash).toBe(`#${cellAnchor(where.kernel, where.object)}`);
    expect(await page.locator('#matrix').isVisible()).toBe(false);
    await page.goBack();
    await expect.poll(async () => page.locator('#matrix').isVisible()).toBe(true);
    expect(new URL(page.url()).hash).toBe('');
  });

  it('Back restores the position and the focus', async () => {
    const { page } = await browser.open(SAMPLE, '', { viewport: { width: 1200, height: 300 } });
    await page.evaluate(() => scrollTo(0, 180));
    const link = page.locator('#matrix tr[data-program=probe] td[data-s=fail] a');
    await link.focus();
    const before = await restingPlace(page);
    await page.keyboard.press('Enter');
    await page.locator('#view h2').waitFor();
    expect(await page.evaluate(() => [scrollY, document.activeElement?.tagName])).toEqual([0, 'H2']);
    await page.keyboard.press('Escape');
    await expect.poll(async () => page.evaluate(() => scrollY)).toBe(before);
    expect(await link.evaluate((element) => element === document.activeElement)).toBe(true);
  });

  it('a link in a relocation map leads to the two kernels at its beginning, and from there to both cells', async () => {
    const { page } = await browser.open(SAMPLE, `#${relocationsAnchor('task_state')}`);
    await page.locator('.map tbody tr').nth(1).locator('td a').last().click();
    await page.locator('.relocation-view').waitFor();
    expect(new URL(page.url()).hash).toBe('#relo/task_state/1/file-vmlinux-7.4/debian-6.12.117-amd64');
    await page.locator('.relocation-view td a').first().click();
    await page.locator('.cell-view').waitFor();
    await page.goBack();
    await page.locator('.relocation-view td a').last().click();
    const id = relocationAnchor('debian-6.12.117-amd64', where.object, 1);
    await page.locator(`[id="${id}"].marked`).waitFor();
    expect(new URL(page.url()).hash).toBe(`#${id}`);
  });

  it('a link to a missing target shows a message', async () => {
    const { page, complaints } = await browser.open(SAMPLE, '#c/gone/task_state');
    const seen = [await page.locator('#notice').innerText()];
    for (const fragment of ['#%', '#%E0%A4%A', '#c/debian-5.10.262-amd64/task_state/log/libbpf/L99', '#<script>', '#%E2%80%AE']) {
      await page.goto(await browser.addressOf(SAMPLE, fragment));
      await expect.poll(async () => ['', seen.at(-1)].includes(await page.locator('#notice').innerText())).toBe(false);
      seen.push(await page.locator('#notice').innerText());
    }
    expect(seen).toMatchInlineSnapshot(`
      [
        "This report has no place with the address “#c/gone/task_state”.",
        "This report has no place with the address “#%”.",
        "This report has no place with the address “#%E0%A4%A”.",
        "This report has no place with the address “#c/debian-5.10.262-amd64/task_state/log/libbpf/L99”.",
        "This report has no place with the address “#%3Cscript%3E”.",
        "This report has no place with the address “#%E2%80%AE”.",
      ]
    `);
    expect([await page.locator('#matrix').isVisible(), complaints]).toEqual([true, []]);
  });
});
