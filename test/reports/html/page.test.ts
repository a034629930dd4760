// The report as a file in a browser: it asks for nothing, lets nothing act, is complete without scripts, and opens every cell by its link.
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

const openAll = async (page: Page) =>
  page.evaluate(() => {
    for (const box of document.querySelectorAll('details')) box.open = true;
  });

const samples = [
  ['the sample', SAMPLE],
  ['hostile text', HOSTILE_SAMPLE],
] as const;

describe.each(samples)('a report of %s', (_, results) => {
  it('asks for nothing but itself and has nothing to complain of, every part of it opened', async () => {
    const { page, requests, complaints } = await browser.open(results);
    await openAll(page);
    await page.locator('#search').fill('s:fail');
    await page.locator('.line').first().waitFor({ state: 'attached' });
    await page.waitForTimeout(100);
    expect(requests).toEqual([await browser.addressOf(results, '')]);
    expect(complaints).toEqual([]);
  });

  it('runs its own script only', async () => {
    const { page } = await browser.open(results);
    await openAll(page);
    await page.mouse.move(300, 300);
    const found = await page.evaluate(() => ({
      hostile: 'hostile' in globalThis,
      scripts: document.querySelectorAll('script').length,
      images: document.querySelectorAll('img, iframe, object, embed').length,
      handlers: [...document.querySelectorAll('*')].filter((element) => element.getAttributeNames().some((name) => name.startsWith('on')))
        .length,
    }));
    expect(found).toEqual({ hostile: false, scripts: 2, images: 0, handlers: 0 });
  });

  it('has no text that is turned, hidden or out of place', async () => {
    const { page } = await browser.open(results);
    await openAll(page);
    const text = await page.evaluate(() => document.documentElement.textContent ?? '');
    expect(text.match(/[^\P{C}\n\t]|[\u2028\u2029\ufffd]/gu)).toBe(null);
  });

  it('has no two things of one id, and no link of its own leads nowhere', async () => {
    const { page } = await browser.open(results);
    await openAll(page);
    const { twins, dead } = await page.evaluate(() => {
      const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
      const links = [...document.querySelectorAll<HTMLAnchorElement>('a')].map((link) => decodeURIComponent(link.hash.slice(1)));
      return {
        twins: ids.filter((id, index) => ids.indexOf(id) !== index),
        dead: links.filter((link) => !link.startsWith('?') && !document.getElementById(link)),
      };
    });
    expect([twins, dead]).toEqual([[], []]);
  });

  it('opens every cell by its link', async () => {
    const { page } = await browser.open(results);
    for (const { kernel, object } of results.cells) {
      const anchor = cellAnchor(kernel, object);
      await page.goto(await browser.addressOf(results, `#${anchor}`));
      const cell = page.locator(`[id="${anchor}"]`);
      await expect.poll(async () => cell.isVisible()).toBe(true);
      expect(await cell.evaluate((element) => element.getBoundingClientRect().top)).toBeLessThan(780);
      expect(await page.locator('#notice').textContent()).toBe('');
    }
  });
});

it('shows matrix, reasons and relocations to a reader without scripts', async () => {
  const { page } = await browser.open(SAMPLE, '', { javaScriptEnabled: false });
  expect(await page.locator('#matrix').innerText()).toMatchInlineSnapshot(`
    "Programs by kernels, oldest kernel first. Each cell leads to what happened there.
    Program	5.10.262	6.12.117	7.4-rc3	Loads since
    task_state 7 relocations
    old_name	
    ● passflaky
    	
    ◌ xfail≠ predicted
    	
    ⚠ infra
    	—
    new_name	
    ✕ failflaky≠ predicted
    	
    ● pass
    	
    ⚠ infra
    	6.12.117 ?
    either_name	
    ▲ xpassflaky
    	
    ● pass
    	
    ⚠ infra
    	5.10.262 ?
    newer_hook	
    – n/aflaky
    	
    ● pass
    	
    ⚠ infra
    	6.12.117 ?
    probes
    probe	
    ↷ skip
    	
    ✕ fail
    	
    · not run
    	—
    hidden_on_purpose	
    ↷ skip
    	
    ● pass
    	
    · not run
    	6.12.117 ?"
  `);
  expect(await page.locator('#unexpected + ul').innerText()).toMatchInlineSnapshot(`
    "✕ fail core-field-missing task_struct.__state: no such field (byte_off)

    task_state / new_name on 5.10.262

    ✕ fail attach-target-missing do_unlinkat is not in this kernel

    probes / probe on 6.12.117

    ▲ xpass passes, though it was expected to fail: this kernel has neither name

    task_state / either_name on 5.10.262

    ⚠ infra infra-timeout no word from the guest for 30 s

    task_state / old_name on 7.4-rc3

    task_state / new_name on 7.4-rc3

    task_state / either_name on 7.4-rc3

    task_state / newer_hook on 7.4-rc3"
  `);
  expect(await page.locator('.tools').isVisible()).toBe(false);
  expect(await page.locator('[data-copy]').first().isVisible()).toBe(false);

  await page.locator('#cells ~ .block > summary').first().click();
  const cell = page.locator('.cell').first();
  await cell.locator('> summary').click();
  expect(await cell.locator('.programs').innerText()).toMatchInlineSnapshot(`
    "● pass old_name
    libbpf log of old_name alone 2 lines
    ✕ fail new_name verify · core-field-missing · errno 22

    task_struct.__state: no such field (byte_off)

    … 6 lines omitted
    6: (b7) r0 = 6
    7: (b7) r0 = 7
    8: (b7) r0 = 8
    9: (b7) r0 = 9
    10: (b7) r0 = 10
    11: (b7) r0 = 11
    R1 invalid mem access
    processed 13 insns
    verifier log of new_name 14 lines
    libbpf log of new_name alone 2 lines
    ▲ xpass either_name

    expected: this kernel has neither name

    – n/a newer_hook

    expected: the hook came with 6.1"
  `);
  expect((await cell.locator('.relocations tr').allInnerTexts()).join('\n\n')).toMatchInlineSnapshot(`
    "Program	Kind	Access	Outcome	Value	Candidates

    old_name
    insn 1, relo #0	byte_off	task_struct.field_0
    struct task_struct.field_0 (0:0 @ offset 0)
    programs/task_state.bpf.c:20 seen = task->field_0;	= resolved
    prog: relo #0: matching candidate is of another size	8	none

    new_name
    insn 4, relo #1	byte_sz	task_struct.field_1
    struct task_struct.field_1 (0:1 @ offset 8)
    programs/task_state.bpf.c:21 seen = task->field_1;	→ moved
    suspicious: reads 4 bytes where the kernel has 8	8 → 18446744073709551615	none

    old_name
    insn 7, relo #2	field_exists	task_struct.field_2
    struct task_struct.field_2 (0:2 @ offset 16)
    programs/task_state.bpf.c:22 seen = task->field_2;	∅ absent, guarded	8 → 0	none

    new_name
    insn 10, relo #3	signed	task_struct.field_3
    struct task_struct.field_3 (0:3 @ offset 24)
    programs/task_state.bpf.c:23 seen = task->field_3;	✕ poisoned; reached: yes	8 → —	none

    old_name
    insn 13, relo #4	lshift_u64	task_struct.field_4
    struct task_struct.field_4 (0:4 @ offset 32)
    programs/task_state.bpf.c:24 seen = task->field_4;	≠ incompatible; reached: unknown	8 → —	none

    new_name
    insn 16, relo #5	rshift_u64	task_struct.field_5
    struct task_struct.field_5 (0:5 @ offset 40)
    programs/task_state.bpf.c:25 (nearest line) seen = task->field_5;	? ambiguous	8 → —	
    2 tried

    old_name
    insn 19, relo #6	local_type_id	task_struct.field_6
    struct task_struct.field_6 (0:6 @ offset 48)	· not reached		none"
  `);
});

it('opens a cell by its link without scripts, too', async () => {
  const anchor = cellAnchor('debian-5.10.262-amd64', 'task_state');
  const { page } = await browser.open(SAMPLE, `#${anchor}`, { javaScriptEnabled: false });
  expect(await page.locator(`[id="${anchor}"]`).isVisible()).toBe(true);
});
