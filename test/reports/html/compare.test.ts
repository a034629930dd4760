// Tests of the comparison of two kernels for an object or a program, opened by link, by key and by the fields of the page.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { addLog, createLogStore } from '../../../harness/results/logs.ts';
import type { Results } from '../../../harness/results/schema.ts';
import { SAMPLE } from '../sample.ts';
import { type ReportBrowser, startBrowser, tableText } from './browser.ts';

let browser: ReportBrowser;

beforeAll(async () => {
  browser = await startBrowser();
});

afterAll(async () => browser.stop());

const PAIR = '#compare/debian-5.10.262-amd64/debian-6.12.117-amd64';

/** The sample with a different verifier log for `new_name` on each kernel. */
function withVerifierLogs(texts: readonly string[]): Results {
  const logs = createLogStore();
  const none = { libbpf: null, warnings: null, verifier: null, kernel: null, console: null };
  const cells = SAMPLE.cells.map((cell) => {
    const text = texts[SAMPLE.kernels.findIndex(({ id }) => id === cell.kernel)] ?? '';
    const programs = cell.programs.map((program) => ({
      ...program,
      logs: { libbpf: null, verifier: program.name === 'new_name' ? addLog(logs, text) : null },
    }));
    return { ...cell, programs, logs: none };
  });
  return { ...SAMPLE, cells, logs };
}

async function openComparison(results: Results, fragment: string): Promise<Page> {
  const { page } = await browser.open(results, fragment);
  await page.locator('.compare-view').waitFor();
  return page;
}

it('the comparison shows verdicts and differing relocations side by side', async () => {
  const page = await openComparison(SAMPLE, `${PAIR}/task_state`);
  const tables = await page.locator('.compared').count();
  expect([await page.locator('#view h2').innerText(), tables]).toEqual(['task_state\n5.10 and 6.12 compared', 2]);
  expect(await tableText(page, '.compared >> nth=0')).toMatchInlineSnapshot(`
    "Program | 5.10 | 6.12
    old_name | ● pass | ◌ xfail verify · core-field-missing · errno 22task_struct.__state: no such field (byte_off)
    new_name | ✕ fail verify · core-field-missing · errno 22task_struct.__state: no such field (byte_off) | ● pass
    either_name | ▲ xpass | ● pass
    newer_hook | – n/a | ● pass"
  `);
  expect(await tableText(page, '.compared >> nth=1')).toMatchInlineSnapshot(`
    "Relocation | 5.10 | 6.12
    task_struct.field_0byte_off in old_name | = resolved 8 | → moved 8 → 18446744073709551615reads 4 bytes where the kernel has 8
    task_struct.field_1byte_sz in new_name | → moved 8 → 18446744073709551615reads 4 bytes where the kernel has 8 | = resolved 8
    task_struct.field_2field_exists in old_name | ∅ absent, guarded 8 → 0 | = resolved 8
    task_struct.field_3signed in new_name | ✕ poisoned 8 → — | = resolved 8
    task_struct.field_4lshift_u64 in old_name | ≠ incompatible 8 → — | = resolved 8
    task_struct.field_5rshift_u64 in new_name | ? ambiguous 8 → — | = resolved 8
    task_struct.field_6local_type_id in old_name | · not reached | = resolved 8"
  `);
  expect(await page.locator('.compare-view > div:has(.compared) > .expected').innerText()).toMatchInlineSnapshot(
    `"0 of 7 relocations are the same on both."`,
  );
});

it('the comparison shows differences of verifier logs without noise', async () => {
  const body = Array.from({ length: 20 }, (_, insn) => `${insn}: (b7) r0 = ${insn % 3}`);
  const old = ['0: R1=ctx() R10=fp0', ...body, 'R1 invalid mem access', 'processed 20 insns (limit 1000000)'];
  const recent = [
    '0: R1=ctx() R10=fp0',
    '0: (bf) r6 = r1',
    ...body.map((line, index) => line.replace(/^\d+/, String(index + 1))),
    'processed 21 insns (limit 1000000)',
  ];
  const page = await openComparison(withVerifierLogs([old.join('\n'), recent.join('\n')]), `${PAIR}/task_state/new_name`);
  expect(await page.locator('.log').first().innerText()).toMatchInlineSnapshot(`
    "verifier log of new_name 2 lines differ
      0: R1=ctx() R10=fp0

    + 0: (bf) r6 = r1

      0: (b7) r0 = 0

      1: (b7) r0 = 1

      2: (b7) r0 = 2

      … 14 equal lines

      17: (b7) r0 = 2

      18: (b7) r0 = 0

      19: (b7) r0 = 1

    − R1 invalid mem access

      processed 20 insns (limit 1000000)
    "
  `);
});

it('the comparison marks equal logs, logs on one side only, and too many differences', async () => {
  const numbers = (first: string) => Array.from({ length: 1200 }, (_, index) => `${first} line ${index}`).join('\n');
  const heads: string[] = [];
  for (const texts of [
    ['1: (95) exit', '2: (95) exit'],
    ['1: (95) exit', ''],
    ['', ''],
    [numbers('one'), numbers('two')],
  ]) {
    const page = await openComparison(withVerifierLogs(texts), `${PAIR}/task_state/new_name`);
    heads.push(await page.locator('.compare-view').getByText('verifier log of new_name').first().innerText());
  }
  expect(heads).toMatchInlineSnapshot(`
    [
      "verifier log of new_name 0 lines differ",
      "verifier log of new_name 1 line differs, only on the left",
      "verifier log of new_name: missing on both sides.",
      "verifier log of new_name more than 1000 lines differ",
    ]
  `);
});

it('each choice of kernels and programs in the comparison has its own link', async () => {
  const page = await openComparison(SAMPLE, `${PAIR}/task_state`);
  await page.locator('.controls').getByLabel('Program').selectOption('new_name');
  await expect.poll(() => new URL(page.url()).hash).toBe(`${PAIR}/task_state/new_name`);
  await page.locator('.controls').getByLabel('Right').selectOption('7.4-rc3');
  await expect.poll(() => new URL(page.url()).hash).toBe('#compare/debian-5.10.262-amd64/file-vmlinux-7.4/task_state/new_name');
  await expect.poll(async () => tableText(page, '.compared >> nth=0')).toContain('Program | 5.10 | 7.4-rc3\nnew_name');
  await page.goBack();
  await expect.poll(async () => tableText(page, '.compared >> nth=0')).toContain('Program | 5.10 | 6.12\nnew_name');
});

it('one key leads from the view of a cell to its comparison', async () => {
  const { page } = await browser.open(SAMPLE, '#c/debian-6.12.117-amd64/task_state');
  await page.locator('#view h2').waitFor();
  await page.keyboard.press('c');
  await page.locator('.compare-view').waitFor();
  expect(new URL(page.url()).hash).toBe('#compare/file-vmlinux-7.4/debian-6.12.117-amd64/task_state');
});

it('a comparison with a missing cell shows an error on the page', async () => {
  for (const fragment of [`${PAIR}/gone`, `${PAIR}/task_state/gone`, '#compare/gone/debian-6.12.117-amd64/task_state', '#compare/x']) {
    const { page } = await browser.open(SAMPLE, fragment);
    await expect.poll(async () => page.locator('#notice').innerText()).toBe(`This report has no place with the address “${fragment}”.`);
    expect(await page.locator('#matrix').isVisible()).toBe(true);
  }
});
