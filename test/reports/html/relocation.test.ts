// Tests of the view of a relocation on two kernels: both outcomes, and the types that it goes through side by side.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Results } from '../../../harness/results/schema.ts';
import { SAMPLE } from '../sample.ts';
import { type ReportBrowser, startBrowser, tableText } from './browser.ts';

let browser: ReportBrowser;

beforeAll(async () => {
  browser = await startBrowser();
});

afterAll(async () => browser.stop());

const hash = (page: Page) => new URL(page.url()).hash;

async function openRelocation(ref: number, results: Results = SAMPLE): Promise<Page> {
  const { page } = await browser.open(results, `#relo/task_state/${ref}/debian-5.10.262-amd64/debian-6.12.117-amd64`);
  await page.locator('.relocation-view').waitFor();
  return page;
}

it('the view of a relocation shows both outcomes and the changes of its type', async () => {
  const page = await openRelocation(1);
  expect(await page.locator('#view h2').innerText()).toMatchInlineSnapshot(`
    "task_struct.field_1
    byte_sz in new_name, insn 4, relo #1 of task_state
    programs/task_state.bpf.c:21 seen = task->field_1;"
  `);
  expect(await tableText(page, '.relocation-view .compared')).toMatchInlineSnapshot(`
    " | Left 5.107.4-rc36.12 | Right 5.107.4-rc36.12
    Outcome | → moved | = resolved
    Value | 8 → 18446744073709551615 | 8
    Candidates | — | —
    Notes | suspicious: reads 4 bytes where the kernel has 8 | prog: relo #0: matching candidate is of another size
    Cell | task_state on 5.10 | task_state on 6.12"
  `);
  expect(await page.locator('.type h4').innerText()).toMatchInlineSnapshot(`"struct task_struct 3 differ, 5 only moved, 1 the sameAll 9"`);
  expect(await tableText(page, '.layout')).toMatchInlineSnapshot(`
    " | 5.10 72 bytes | 6.12 80 bytes; the first of 2 of this name
    Change | Offset | Size | Member | Type | Offset | Size | Member | Type
    same | 0 | 8 | field_0 | long int | 0 | 8 | field_0 | long int
    ~ type, size | 8 | 8 | field_1 | long int | 8 | 4 | field_1 | unsigned int
    + added | — | 12.3 | :1 | flag | unsigned int
    › offset | 16 | 8 | field_2 | long int | 24 | 8 | field_2 | long int
    … 3 more
    › offset | 48 | 8 | field_6 | long int | 56 | 8 | field_6 | long int
    − removed | 56 | 4 | cpu | unsigned int | —"
  `);
  expect(await page.locator('.layout .accessed').count()).toBe(1);
});

it('the view of a relocation shows all members on demand, and then only changed ones again', async () => {
  const page = await openRelocation(1);
  const rows = async () => page.locator('.layout tbody tr').count();
  const before = await rows();
  await page.getByRole('button', { name: 'All 9' }).click();
  expect([await rows(), await page.locator('.layout .skipped').count()]).toEqual([9, 0]);
  await page.getByRole('button', { name: 'All 9' }).click();
  expect(await rows()).toBe(before);
});

it('the view of a relocation goes to other kernels by choices, keys and Back', async () => {
  const page = await openRelocation(0);
  await page.getByLabel('Left').selectOption('6.12');
  await expect.poll(() => hash(page)).toBe('#relo/task_state/0/debian-6.12.117-amd64/debian-6.12.117-amd64');
  await page.goBack();
  await expect.poll(async () => page.getByLabel('Left').inputValue()).toBe('5.10');
  await page.keyboard.press('Escape');
  await expect.poll(async () => page.locator('#matrix').isVisible()).toBe(true);
});

it('the relocation table of a cell leads to the view of a relocation', async () => {
  const { page } = await browser.open(SAMPLE, '#c/debian-5.10.262-amd64/task_state');
  await page.locator('.relocations').getByRole('link', { name: 'on other kernels' }).nth(3).click();
  await page.locator('.relocation-view').waitFor();
  expect(hash(page)).toBe('#relo/task_state/3/debian-5.10.262-amd64/debian-6.12.117-amd64');
});

it('the view of a relocation marks unknown layouts, and shows hostile names as text', async () => {
  const { layouts: _, ...older } = SAMPLE;
  const page = await openRelocation(1, older);
  expect(await page.locator('.relocation-view > .expected').innerText()).toBe('These results contain no layout of the type.');
  const name = `<img src=x onerror="globalThis.hostile = 1">\u202e`;
  const [type] = SAMPLE.layouts?.types ?? [];
  if (!type) throw new Error('the sample has a type');
  const members = type.members.map((member) => (member.name === 'cpu' ? { ...member, name, type: name } : member));
  const hostile = await openRelocation(1, { ...SAMPLE, layouts: { types: [{ ...type, members }], omitted: [] } });
  expect(await hostile.locator('.layout .removed td').allInnerTexts()).toMatchInlineSnapshot(`
    [
      "56",
      "4",
      "<img src=x onerror="globalThis.hostile = 1">\\u202e",
      "<img src=x onerror="globalThis.hostile = 1">\\u202e",
      "—",
    ]
  `);
  expect(await hostile.evaluate(() => Reflect.get(globalThis, 'hostile'))).toBe(undefined);
});
