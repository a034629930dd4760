// Reports show how two loaders differ on one kernel: a real object, in real guests.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Results } from '../../harness/results/schema.ts';
import { renderMarkdown } from '../../reports/markdown.ts';
import { compileBpf } from '../harness/bpf/object/compile.ts';
import { runLoaders } from '../harness/loaders/run-loaders.ts';
import { goIsMissing } from '../harness/loaders/toolchains.ts';
import { type ReportBrowser, startBrowser, tableText } from './html/browser.ts';

// libbpf gives the size of a missing type as 0; cilium/ebpf poisons the instruction.
const SOURCE = `struct gone { int x; } access_index;
int seen;
SEC("raw_tp/sched_switch") int size(u64 *ctx)
{
	seen = __builtin_preserve_type_info(*(struct gone *)0, 1);
	return 0;
}
`;

/** A report without the release of the kernel, which rises with each update of Debian. */
const steady = (text: string) => text.replaceAll(/6\.12\.\d+[\w+-]*/g, '6.12');

describe.skipIf(goIsMissing)('one object with two loaders on one kernel', () => {
  let browser: ReportBrowser;
  let folder = '';
  let results: Results;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'two-loaders-'));
    const path = await compileBpf(folder, 'gone', SOURCE);
    results = await runLoaders([{ pattern: path, name: 'gone' }], ['debian:6.12'], ['libbpf@default', 'cilium@0.22']);
    browser = await startBrowser();
  }, 300_000);
  afterAll(async () => {
    await browser.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('the matrix of the page has one row for each loader, with its verdict', async () => {
    const { page } = await browser.open(results);
    expect(steady(await tableText(page, '#matrix'))).toMatchInlineSnapshot(`
      "Program | Loads since | 6.12
      gone+cilium-0.22 1 relocation
      size | — | fail
      gone 1 relocation
      size | 6.12 | pass"
    `);
  });

  test('the comparison shows both loaders on one kernel, also from the cell by its key', async () => {
    const [kernel] = results.kernels;
    const { page } = await browser.open(results, `#c/${kernel?.id}/gone`);
    await page.locator('.cell-view').waitFor();
    expect(await page.locator('[data-go=compare]').allInnerTexts()).toEqual(['Compare with gone+cilium-0.22']);
    await page.keyboard.press('c');
    await page.locator('.compare-view').waitFor();
    expect(new URL(page.url()).hash).toBe(`#compare/${kernel?.id}/${kernel?.id}/gone=gone+cilium-0.22`);
    expect(steady(await page.locator('#view h2').innerText())).toBe('gone\ngone and gone+cilium-0.22 compared on 6.12');
    expect(await tableText(page, '.compared >> nth=0')).toMatchInlineSnapshot(`
      "Program | gone | gone+cilium-0.22
      size | ● pass | ✕ fail verify · core-type-missing · errno 22struct gone: no such type struct gone (type_size, gone.bpf.c:5)"
    `);
    expect(await tableText(page, '.compared >> nth=1')).toMatchInlineSnapshot(`
      "Relocation | gone | gone+cilium-0.22
      struct gonetype_size in size | ∅ absent, guarded 4 → 0the kernel has no struct of this name, so its size is 0 | ✕ poisoned"
    `);
    await page.getByLabel('Row on the right').selectOption('gone');
    await page.waitForURL((url) => url.hash === `#compare/${kernel?.id}/${kernel?.id}/gone`);
  });

  test('the summary in Markdown has one row for each loader, with its verdict', () => {
    const lines = renderMarkdown(results).split('\n');
    expect(steady(lines.filter((line) => line.includes('gone') || line.includes('size')).join('\n'))).toMatchInlineSnapshot(`
      "- **core-type-missing** (fail): \`struct gone: no such type struct gone (type_size, gone.bpf.c:5)\` (cause 6b6f9b15b8a8)
        - \`gone+cilium-0.22/size\` on 6.12
      | \`gone/size\` | ✓ |
      | \`gone+cilium-0.22/size\` | **✗ fail** |"
    `);
  });
});
