// Parts of the overview: what changed since a baseline, where the time went, what gave no verdict.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compareResults } from '../../../harness/results/compare.ts';
import { renderHtml } from '../../../reports/html/render.ts';
import { SAMPLE } from '../sample.ts';
import { type ReportBrowser, startBrowser, tableText } from './browser.ts';

let browser: ReportBrowser;

beforeAll(async () => {
  browser = await startBrowser();
});

afterAll(async () => browser.stop());

it('say where the time went, and what gave no verdict apart from what failed', async () => {
  const { page } = await browser.open(SAMPLE, '', { javaScriptEnabled: false });
  expect(await tableText(page, '.time')).toMatchInlineSnapshot(`
    "Kernel | Boot | Cells | Guests | libbpf | Share
    5.10.262 | 0.81 s | 2 | 1.42 s | 0.06 s | 
    7.4-rc3 | — | 2 | 30.0 s | 0.00 s | 
    6.12.117 | 0.81 s | 2 | 0.24 s | 0.06 s | "
  `);
  expect(await page.locator('.slowest').innerText()).toMatchInlineSnapshot(
    `"Slowest: task_state on 7.4-rc3 30.0 s, task_state on 5.10.262 1.30 s, probes on 5.10.262 0.12 s, task_state on 6.12.117 0.12 s, probes on 6.12.117 0.12 s"`,
  );
  expect([await page.locator('#unexpected + ul').innerText(), await page.locator('#infrastructure + ul').innerText()])
    .toMatchInlineSnapshot(`
    [
      "✕ fail core-field-missing task_struct.__state: no such field (byte_off)

    task_state / new_name on 5.10.262

    ✕ fail attach-target-missing do_unlinkat is not in this kernel

    probes / probe on 6.12.117

    ▲ xpass passes, though it was expected to fail: this kernel has neither name

    task_state / either_name on 5.10.262",
      "⚠ infra infra-timeout no word from the guest for 30 s

    task_state / old_name on 7.4-rc3

    task_state / new_name on 7.4-rc3

    task_state / either_name on 7.4-rc3

    task_state / newer_hook on 7.4-rc3",
    ]
  `);
});

it('say first what changed since a baseline', async () => {
  const before = {
    ...SAMPLE,
    cells: SAMPLE.cells.map((cell) => ({
      ...cell,
      programs: cell.programs.map((program) =>
        program.status === 'fail' ? { ...program, status: 'pass' as const, stage: null, class: null, errno: null, reason: null } : program,
      ),
    })),
  };
  const { page } = await browser.open(SAMPLE);
  await page.setContent(renderHtml(SAMPLE, { comparison: compareResults(before, SAMPLE) }));
  expect(await page.locator('#changes').innerText()).toMatchInlineSnapshot(
    `"Since 2026-05-04 10:00 UTC 2 regressions, 1 still failing, 1 fixed"`,
  );
  expect(await page.locator('#changes + ul').innerText()).toMatchInlineSnapshot(`
    "▼ regression task_struct.__state: no such field (byte_off)

    task_state/new_name on 5.10.262

    ▼ regression do_unlinkat is not in this kernel

    probes/probe on 6.12.117

    ✕ still failing passes, though it was expected to fail: this kernel has neither name

    task_state/either_name on 5.10.262

    ▲ fixed

    probes/(as a whole) on 6.12.117"
  `);
});
