// Tests of the parts of the overview: changes since a baseline, times, and cells without a verdict.
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

it('the page shows the time by kernel, and cells without a verdict apart from failures', async () => {
  const { page } = await browser.open(SAMPLE, '', { javaScriptEnabled: false });
  expect(await tableText(page, '.time')).toMatchInlineSnapshot(`
    "Kernel | Boot | Cells | Guests | Loader | Share
    5.10 | 0.81 s | 2 | 1.42 s | 0.06 s | 
    7.4-rc3 | — | 2 | 30.0 s | 0.00 s | 
    6.12 | 0.81 s | 2 | 0.24 s | 0.06 s | "
  `);
  expect(await page.locator('.slowest').innerText()).toMatchInlineSnapshot(
    `"Slowest: task_state on 7.4-rc3 30.0 s, task_state on 5.10 1.30 s, probes on 5.10 0.12 s, task_state on 6.12 0.12 s, probes on 6.12 0.12 s"`,
  );
  expect([await page.locator('#unexpected + ul').innerText(), await page.locator('#infrastructure + ul').innerText()])
    .toMatchInlineSnapshot(`
    [
      "✕ fail core-field-missing task_struct.__state: no such field (byte_off)

    task_state / new_name on 5.10

    ✕ fail attach-target-missing do_unlinkat is not in this kernel

    probes / probe on 6.12

    ▲ xpass passes, though it was expected to fail: this kernel has neither name

    task_state / either_name on 5.10",
      "⚠ infra infra-timeout no word from the guest for 30 s

    task_state / old_name on 7.4-rc3

    task_state / new_name on 7.4-rc3

    task_state / either_name on 7.4-rc3

    task_state / newer_hook on 7.4-rc3",
    ]
  `);
});

it('the page shows changes since a baseline first', async () => {
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

    task_state/new_name on 5.10

    ▼ regression do_unlinkat is not in this kernel

    probes/probe on 6.12

    ✕ still failing passes, though it was expected to fail: this kernel has neither name

    task_state/either_name on 5.10

    ▲ fixed

    probes/(as a whole) on 6.12"
  `);
});

it('the page explains the statuses, outcomes and failure classes that occur, in the legend and beside each class', async () => {
  const { page } = await browser.open(SAMPLE);
  expect(await page.locator('.legend').allInnerTexts()).toMatchInlineSnapshot(`
    [
      "● pass
    It loads. With mode: attach or mode: run it also attaches, or runs as the configuration expects.
    ✕ fail
    It fails, and no expectation declares the failure.
    ◌ xfail
    It fails as an expectation declares.
    ▲ xpass
    It passes, although an expectation declares a failure.
    – n/a
    An expectation declares it out of scope on this kernel, whatever happens there.
    ↷ skip
    It was left out: it does not load by default, another alternative was chosen, or it is not meant for this kernel.
    ⚠ infra
    It has no verdict, because the guest or the machine failed.
    · not run
    It has no verdict, because the run ended before it, or because the results of its shard are missing.",
      "= resolved
    The target exists, and the value is the same as compiled.
    → moved
    The target exists, and the relocation put another value in place of the compiled one, such as a new offset.
    ∅ absent, guarded
    The target is missing, and the program gets 0 as the answer to its check.
    ✕ poisoned
    The target is missing, so the loader replaced the instruction by an invalid one. It fails only if the verifier reaches it.
    ≠ incompatible
    The kernel has a target of this name, but the compiled access does not fit it. The loader replaced the instruction as for a missing target.
    ? ambiguous
    Several types of the kernel match and give different values, so the loader refused the object.
    · not reached
    The load ended before the loader applied this relocation.",
      "core-field-missing
    Field missing. The kernel has the type but not the field, and the program uses the field without a check that avoids it.

    What to do: Test bpf_core_field_exists() before the access. If the field was renamed or moved, read it in the other branch through a flavor of the type (struct name___old).

    attach-target-missing
    Attach target missing. The kernel does not have the function, tracepoint, hook or struct_ops type that the program attaches to, or does not let programs attach there.

    What to do: Attach to a target that all your kernels have, or write one program for each target, keep them from loading by default, and switch on the one whose target exists.

    infra-timeout
    Cell took too long. The guest was alive but did not finish the cell in time. The cell has no verdict.

    What to do: Give it longer with --timeout, or command.timeout for a custom loader, or run fewer guests at a time (--jobs). A custom loader must end once the object is loaded.",
    ]
  `);
  const named = page.locator('#unexpected + ul a[href="#class/core-field-missing"]');
  expect(await named.getAttribute('title')).toMatchInlineSnapshot(
    `"Field missing: The kernel has the type but not the field, and the program uses the field without a check that avoids it."`,
  );
  await named.click();
  expect(await page.locator('.legend .marked dt').innerText()).toBe('core-field-missing');
  await page.locator('#matrix td[data-class=core-field-missing] a').first().click();
  expect(await page.locator('#view .programs small[title]').first().getAttribute('title')).toMatchInlineSnapshot(
    `"Field missing: The kernel has the type but not the field, and the program uses the field without a check that avoids it."`,
  );
});
