// Tests of the report as a file: it makes no requests, runs no foreign code, is complete without scripts, and has a link to every cell.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { namePart, cellAnchor } from '../../../reports/html/anchors.ts';
import { visibleText } from '../../../harness/base/visible.ts';
import { contradicted } from '../contradicted.ts';
import { HOSTILE_SAMPLE } from '../hostile.ts';
import { SAMPLE } from '../sample.ts';
import { type ReportBrowser, startBrowser, tableText } from './browser.ts';

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

describe.each(samples)('a report of %s', (sample, results) => {
  it(`a report of ${sample} makes no request and logs no error with every part open`, async () => {
    const { page, requests, complaints } = await browser.open(results);
    await openAll(page);
    await page.locator('#search').fill('s:fail');
    const { kernel, object } = results.cells[0] ?? { kernel: '', object: '' };
    await page.goto(await browser.addressOf(results, `#${cellAnchor(kernel, object)}`));
    await page.locator('#view h2').waitFor();
    await openAll(page);
    await page.locator('.line').first().waitFor({ state: 'attached' });
    await page.waitForTimeout(100);
    expect(requests).toEqual([await browser.addressOf(results, '')]);
    expect(complaints).toEqual([]);
  });

  it(`a report of ${sample} runs only its own script`, async () => {
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

  it(`a report of ${sample} has no reversed, hidden or misplaced text`, async () => {
    const { page } = await browser.open(results);
    await openAll(page);
    const text = await page.evaluate(() => document.documentElement.textContent ?? '');
    expect(text.match(/[^\P{C}\n\t]|[\u2028\u2029\ufffd]/gu)).toBe(null);
  });

  it(`a report of ${sample} has unique ids, and all its links have targets`, async () => {
    const { page } = await browser.open(results);
    await openAll(page);
    const cells = results.cells.map(({ kernel, object }) => cellAnchor(kernel, object));
    const relocations = results.objects.flatMap(({ id, relocations: all }) => all.map((__, ref) => `relo/${namePart(id)}/${ref}`));
    const kernels = results.kernels.map(({ id }) => namePart(id));
    const pairs = kernels.flatMap((left) => kernels.map((right) => `${left}/${right}`));
    const views = [...cells, ...relocations.flatMap((relocation) => pairs.map((pair) => `${relocation}/${pair}`))];
    const { twins, dead } = await page.evaluate((known) => {
      const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
      const links = [...document.querySelectorAll<HTMLAnchorElement>('a')].map((link) => decodeURIComponent(link.hash.slice(1)));
      return {
        twins: ids.filter((id, index) => ids.indexOf(id) !== index),
        dead: links.filter(
          (link) => !link.startsWith('?') && !document.getElementById(link) && !known.includes(link.replace(/\/r\/\d+$/, '')),
        ),
      };
    }, views);
    expect([twins, dead]).toEqual([[], []]);
  });

  it(`a report of ${sample} opens every cell by its link`, async () => {
    const { page } = await browser.open(results);
    for (const { kernel, object } of results.cells) {
      await page.goto(await browser.addressOf(results, `#${cellAnchor(kernel, object)}`));
      const heading = visibleText(`${object} on `);
      await expect
        .poll(async () => (await page.locator('#view h2').innerText()).replaceAll(/\s+/g, ' '))
        .toContain(heading.replaceAll(/\s+/g, ' '));
      expect(await page.locator('#notice').textContent()).toBe('');
    }
  });
});

it('the page shows matrix, reasons and relocations without scripts', async () => {
  const { page } = await browser.open(SAMPLE, '', { javaScriptEnabled: false });
  expect(await tableText(page, '#matrix')).toMatchInlineSnapshot(`
    " | x86_64 | arm64
    Program | Loads since | 5.10 | 7.4-rc3 | 6.12
    task_state 7 relocations
    old_name | x86_64 5.10 ? arm64 — | passflaky | infra | xfail
    new_name | x86_64 — arm64 6.12 | failflaky | infra | pass
    either_name | x86_64 5.10 ? arm64 6.12 | xpassflaky | infra | pass
    newer_hook | x86_64 — arm64 6.12 | n/aflaky | infra | pass
    probes
    probe | x86_64 — arm64 — | skip | not run | fail
    hidden_on_purpose | x86_64 — arm64 6.12 | skip | not run | pass"
  `);
  expect(await page.locator('#unexpected + ul').innerText()).toMatchInlineSnapshot(`
    "✕ fail core-field-missing task_struct.__state: no such field (byte_off)

    task_state / new_name on 5.10

    ✕ fail attach-target-missing do_unlinkat is not in this kernel

    probes / probe on 6.12

    ▲ xpass passes, though it was expected to fail: this kernel has neither name

    task_state / either_name on 5.10"
  `);
  expect(await page.locator('.tools').isVisible()).toBe(false);

  await page.locator('#cells ~ .block > summary').first().click();
  expect(await page.locator('#cells ~ .block').first().innerText()).toMatchInlineSnapshot(`
    "task_state ✕ 1 fail ⚠ 1 infra ◌ 1 xfail

    Compiled by Debian clang version 14.0.6.

    5.10 flaky
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
    ▲ xpass either_name

    expected: this kernel has neither name

    – n/a newer_hook

    expected: the hook came with 6.1

    ● pass old_name
    → moved task_struct.field_1 byte_sz in new_name, programs/task_state.bpf.c:21, suspicious: reads 4 bytes where the kernel has 8
    ∅ absent, guarded task_struct.field_2 field_exists in old_name, programs/task_state.bpf.c:22
    ✕ poisoned task_struct.field_3 signed in new_name, programs/task_state.bpf.c:23, reached: yes
    ≠ incompatible task_struct.field_4 lshift_u64 in old_name, programs/task_state.bpf.c:24, reached: unknown
    ? ambiguous task_struct.field_5 rshift_u64 in new_name, programs/task_state.bpf.c:25
    7.4-rc3
    ⚠ infra old_name infra-timeout

    no word from the guest for 30 s

    ⚠ infra new_name infra-timeout

    no word from the guest for 30 s

    ⚠ infra either_name infra-timeout

    no word from the guest for 30 s

    ⚠ infra newer_hook infra-timeout

    no word from the guest for 30 s

    6.12
    ◌ xfail old_name verify · core-field-missing · errno 22

    task_struct.__state: no such field (byte_off)

    expected: state is called __state since 5.14

    ● pass new_name, either_name, newer_hook
    → moved task_struct.field_0 byte_off in old_name, programs/task_state.bpf.c:20, suspicious: reads 4 bytes where the kernel has 8"
  `);

  await page.locator('#relocations ~ .block > summary').first().click();
  expect(await tableText(page, '.map')).toMatchInlineSnapshot(`
    "Relocation | 5.10 | 7.4-rc3 | 6.12
    task_struct.field_0byte_off in old_name | = 8 |  | → 18446744073709551615 !
    task_struct.field_1byte_sz in new_name | → 18446744073709551615 ! |  | = 8
    task_struct.field_2field_exists in old_name | ∅ 0 |  | = 8
    task_struct.field_3signed in new_name | ✕ poisoned |  | = 8
    task_struct.field_4lshift_u64 in old_name | ≠ incompatible |  | = 8
    task_struct.field_5rshift_u64 in new_name | ? ambiguous |  | = 8
    task_struct.field_6local_type_id in old_name | · not reached |  | = 8"
  `);
});

it('the page shows contradicted predictions, and the filter finds them', async () => {
  const { page } = await browser.open(contradicted(SAMPLE), '#?q=is%3Amispredicted%20o%3Aprobes');
  expect(await page.locator('#matrix tr[data-program]:visible [data-is~=mispredicted]').allTextContents()).toMatchInlineSnapshot(`
    [
      "fail≠ predicted",
      "pass≠ predicted",
    ]
  `);
  expect(await page.locator('.counts').innerText()).toContain('not as predicted');
  await page.locator('#matrix tr[data-program=probe] [data-is~=mispredicted] a').click();
  await page.locator('.cell-view').waitFor();
  expect(await page.locator('.cell-view .disagrees').allTextContents()).toEqual([
    'not predicted to fail, but it fails with attach-target-missing',
    'predicted to fail with core-field-missing, but it loads',
  ]);
});

it('the relocation map joins equal outcomes on neighbouring kernels', async () => {
  const same = SAMPLE.cells.flatMap((cell) =>
    cell.kernel === 'debian-6.12.117-amd64' ? SAMPLE.kernels.map(({ id }) => ({ ...cell, kernel: id })) : [],
  );
  const { page } = await browser.open({ ...SAMPLE, cells: same }, '', { javaScriptEnabled: false });
  expect(await page.locator('.story h3').allTextContents()).toMatchInlineSnapshot(`
    [
      "5.10 7.4-rc3 6.12 the same on 3 kernels",
      "5.10 7.4-rc3 6.12 the same on 3 kernels",
    ]
  `);
});

it('a link opens its cell without scripts, too', async () => {
  const anchor = cellAnchor('debian-5.10.262-amd64', 'task_state');
  const { page } = await browser.open(SAMPLE, `#${anchor}`, { javaScriptEnabled: false });
  expect(await page.locator(`[id="${anchor}"]`).isVisible()).toBe(true);
  expect(await page.locator('.story:visible').count()).toBeGreaterThan(0);
});
