// Tests of the view of a cell: its facts, copy buttons, logs, and links to other kernels.
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Results } from '../../../harness/results/schema.ts';
import { SAMPLE } from '../sample.ts';
import { pressCopy, type ReportBrowser, startBrowser, tableText } from './browser.ts';

let browser: ReportBrowser;

beforeAll(async () => {
  browser = await startBrowser();
});

afterAll(async () => browser.stop());

const CELL = '#c/debian-5.10.262-amd64/task_state';
const hash = (page: Page) => new URL(page.url()).hash;

async function openCell(results: Results = SAMPLE, fragment = CELL, options = {}): Promise<Page> {
  const { page } = await browser.open(results, fragment, options);
  await page.locator('#view h2').waitFor();
  return page;
}

it('the view of a cell shows all its facts, the reason first', async () => {
  const page = await openCell();
  expect(await page.locator('#view h2').innerText()).toMatchInlineSnapshot(`
    "✕ fail task_state on 5.10 flaky
    5.10.262-amd64 · x86_64 · debian"
  `);
  expect(await page.locator('.cell-view').innerText()).toMatchInlineSnapshot(`
    "Flaky: an earlier attempt ended without a verdict.

    Predicted from BTF: pass.

    Programs
    ✕ fail new_name verify · core-field-missing · errno 22

    task_struct.__state: no such field (byte_off)

    Copy
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

    ● pass old_name
    libbpf log of old_name alone 2 lines
    – n/a newer_hook

    expected: the hook came with 6.1

    Relocations
    Program	Access	Outcome	Value	Candidates
    old_name
    insn 1, relo #0
    on other kernels
    Copy	task_struct.field_0
    byte_off struct task_struct.field_0 (0:0 @ offset 0)
    programs/task_state.bpf.c:20 seen = task->field_0;
    	= resolved
    prog: relo #0: matching candidate is of another size
    	8	none
    new_name
    insn 4, relo #1
    on other kernels
    Copy	task_struct.field_1
    byte_sz struct task_struct.field_1 (0:1 @ offset 8)
    programs/task_state.bpf.c:21 seen = task->field_1;
    	→ moved
    suspicious: reads 4 bytes where the kernel has 8
    	8 → 18446744073709551615	none
    old_name
    insn 7, relo #2
    on other kernels
    Copy	task_struct.field_2
    field_exists struct task_struct.field_2 (0:2 @ offset 16)
    programs/task_state.bpf.c:22 seen = task->field_2;
    	∅ absent, guarded	8 → 0	none
    new_name
    insn 10, relo #3
    on other kernels
    Copy	task_struct.field_3
    signed struct task_struct.field_3 (0:3 @ offset 24)
    programs/task_state.bpf.c:23 seen = task->field_3;
    	✕ poisoned; reached: yes	8 → —	none
    old_name
    insn 13, relo #4
    on other kernels
    Copy	task_struct.field_4
    lshift_u64 struct task_struct.field_4 (0:4 @ offset 32)
    programs/task_state.bpf.c:24 seen = task->field_4;
    	≠ incompatible; reached: unknown	8 → —	none
    new_name
    insn 16, relo #5
    on other kernels
    Copy	task_struct.field_5
    rshift_u64 struct task_struct.field_5 (0:5 @ offset 40)
    programs/task_state.bpf.c:25 (nearest line) seen = task->field_5;
    	? ambiguous	8 → —	
    2 tried

    old_name
    insn 19, relo #6
    on other kernels
    Copy	task_struct.field_6
    local_type_id struct task_struct.field_6 (0:6 @ offset 48)
    	· not reached		none
    Logs of the whole object
    libbpf 2 lines
    libbpf warnings 1 line
    verifier 14 lines
    kernel messages 1 line
    How to reproduce

    Run this cell again:

    corematrix run build/task_state.bpf.o -k debian:5.10.262
    Copy

    Run it in a fresh boot and keep all files (with --gdb, the guest waits for a debugger):

    corematrix rerun corematrix-report debian-5.10.262-amd64/task_state
    Copy

    The QEMU command that ran it:

    qemu-system-x86_64 -m 512M -append 'console=ttyS0 root='\\''none'\\'''
    Copy
    Time
    attempt 1, from a snapshot, 400 ms: infra-crash, the guest oopsed
    attempt 2, booted, 900 ms
    900 ms on this host
    31.3 ms of libbpf's work inside the guest"
  `);
  expect(await tableText(page, '.relocations')).toMatchInlineSnapshot(`
    "Program | Access | Outcome | Value | Candidates
    old_nameinsn 1, relo #0on other kernelsCopy | task_struct.field_0byte_off struct task_struct.field_0 (0:0 @ offset 0)programs/task_state.bpf.c:20 seen = task->field_0; | = resolvedprog: relo #0: matching candidate is of another size | 8 | none
    new_nameinsn 4, relo #1on other kernelsCopy | task_struct.field_1byte_sz struct task_struct.field_1 (0:1 @ offset 8)programs/task_state.bpf.c:21 seen = task->field_1; | → movedsuspicious: reads 4 bytes where the kernel has 8 | 8 → 18446744073709551615 | none
    old_nameinsn 7, relo #2on other kernelsCopy | task_struct.field_2field_exists struct task_struct.field_2 (0:2 @ offset 16)programs/task_state.bpf.c:22 seen = task->field_2; | ∅ absent, guarded | 8 → 0 | none
    new_nameinsn 10, relo #3on other kernelsCopy | task_struct.field_3signed struct task_struct.field_3 (0:3 @ offset 24)programs/task_state.bpf.c:23 seen = task->field_3; | ✕ poisoned; reached: yes | 8 → — | none
    old_nameinsn 13, relo #4on other kernelsCopy | task_struct.field_4lshift_u64 struct task_struct.field_4 (0:4 @ offset 32)programs/task_state.bpf.c:24 seen = task->field_4; | ≠ incompatible; reached: unknown | 8 → — | none
    new_nameinsn 16, relo #5on other kernelsCopy | task_struct.field_5rshift_u64 struct task_struct.field_5 (0:5 @ offset 40)programs/task_state.bpf.c:25 (nearest line) seen = task->field_5; | ? ambiguous | 8 → — | 2 tried✓ [132] struct task_struct.field_5 (0:1 @ offset 16)✕ [990] struct task_struct.field_5 (0:1 @ offset 96)
    old_nameinsn 19, relo #6on other kernelsCopy | task_struct.field_6local_type_id struct task_struct.field_6 (0:6 @ offset 48) | · not reached |  | none"
  `);
});

describe('a button', () => {
  const command = "qemu-system-x86_64 -m 512M -append 'console=ttyS0 root='\\''none'\\'''";

  const copyButton = (page: Page, nth: number) => page.locator('.cell-view .copy button').nth(nth);

  /** Presses a copy button and pastes into a field of the page. Returns the pasted text. */
  const pasted = async (page: Page, button: Locator) => {
    await pressCopy(button);
    await page.evaluate(() => {
      const area = document.createElement('textarea');
      area.id = 'pasted';
      document.body.append(area);
    });
    await page.locator('#pasted').press('Control+V');
    return page.locator('#pasted').inputValue();
  };

  it.each([
    ['the reason', 0, 'task_struct.__state: no such field (byte_off)'],
    ['the command of the cell', 1, 'corematrix run build/task_state.bpf.o -k debian:5.10.262'],
    ['the command that keeps everything', 2, 'corematrix rerun corematrix-report debian-5.10.262-amd64/task_state'],
    ['the QEMU command', 3, command],
  ])('a copy button copies %s', async (_, nth, text) => {
    const page = await openCell(SAMPLE, CELL, { permissions: ['clipboard-read', 'clipboard-write'] });
    expect(await pasted(page, copyButton(page, nth))).toBe(text);
  });

  it('a copy button copies a whole log', async () => {
    const page = await openCell(SAMPLE, `${CELL}/log/warnings`, { permissions: ['clipboard-read', 'clipboard-write'] });
    expect(await pasted(page, page.locator('.log[open]').getByRole('button', { name: 'Copy log' }))).toBe('libbpf: failed\n');
  });

  it('a copy button copies a relocation with all its facts', async () => {
    const page = await openCell(SAMPLE, CELL, { permissions: ['clipboard-read', 'clipboard-write'] });
    const row = page.locator('.relocations tr', { hasText: 'relo #5' });
    expect(await pasted(page, row.getByRole('button', { name: 'Copy' }))).toMatchInlineSnapshot(`
      "task_state on 5.10: new_name, insn 16, relo #5
      rshift_u64 task_struct.field_5 (struct task_struct.field_5 (0:5 @ offset 40))
      programs/task_state.bpf.c:25 (nearest line) seen = task->field_5;
      ambiguous, 8 → —
      candidate [132] struct task_struct.field_5 (0:1 @ offset 16): matches
      candidate [990] struct task_struct.field_5 (0:1 @ offset 96): does not match
      "
    `);
  });

  it('a copy button works without access to the clipboard interface', async () => {
    const page = await openCell();
    await page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }));
    expect(await pasted(page, copyButton(page, 3))).toBe(command);
  });
});

it('the command in a cell names its kernel with the architecture', async () => {
  const seen: string[] = [];
  for (const { id } of SAMPLE.kernels) {
    const page = await openCell(SAMPLE, `#c/${id}/probes`);
    seen.push(await page.locator('.cell-view .copy pre').first().innerText());
  }
  expect(seen).toEqual([
    'corematrix run build/probes.bpf.o -k debian:5.10.262',
    'corematrix run build/probes.bpf.o -k debian:6.12.117/arm64',
    'corematrix run build/probes.bpf.o -k file:/tmp/vmlinux',
  ]);
});

it('keys lead from a cell to the next kernel, to the comparison and back to the filtered matrix', async () => {
  const { page } = await browser.open(SAMPLE, '#?q=o%3Atask');
  await page.locator('#matrix td[data-s=fail] a').first().click();
  await page.locator('#view h2').waitFor();
  const heading = async () => page.evaluate(() => document.querySelector('#view h2')?.textContent ?? '');
  const seen = [hash(page)];
  for (const key of [']', ']', '[', 'c', 'Escape']) {
    const before = await heading();
    await page.keyboard.press(key);
    await expect.poll(heading).not.toBe(before);
    seen.push(hash(page));
  }
  expect(seen).toMatchInlineSnapshot(`
    [
      "#c/debian-5.10.262-amd64/task_state",
      "#c/file-vmlinux-7.4/task_state",
      "#c/debian-6.12.117-amd64/task_state",
      "#c/file-vmlinux-7.4/task_state",
      "#compare/debian-5.10.262-amd64/file-vmlinux-7.4/task_state",
      "#?q=o%3Atask",
    ]
  `);
});

describe('a log', () => {
  it('a log opens with line numbers that are links', async () => {
    const page = await openCell();
    const log = page.locator(`[id="${CELL.slice(1)}/log/verifier"]`);
    expect(await log.locator('.line').count()).toBe(0);
    await log.locator('summary').click();
    await log.locator('.line').first().waitFor();
    expect((await log.locator('.line').allInnerTexts()).slice(-2).map((text) => text.trimEnd())).toEqual([
      '13R1 invalid mem access',
      '14processed 13 insns',
    ]);
    await log.getByText('13', { exact: true }).click();
    await expect.poll(async () => (await page.locator('.marked').innerText()).trimEnd()).toBe('13R1 invalid mem access');
    expect(hash(page)).toBe(`${CELL}/log/verifier/L13`);
  });

  it('a very long log is shown from near its end with its real line numbers, and copied whole', async () => {
    const lines = Array.from({ length: 12_000 }, (_, index) => `line ${index + 1}`);
    const all = lines.map((_, index) => index);
    const logs = { lines, texts: Object.fromEntries(Object.keys(SAMPLE.logs.texts).map((id) => [id, all])) };
    const page = await openCell({ ...SAMPLE, logs }, `${CELL}/log/libbpf/L12000`);
    await page.locator('.marked').waitFor();
    expect(await page.locator('.marked').innerText()).toMatch(/^12000line 12000/);
    const log = page.locator(`[id="${CELL.slice(1)}/log/libbpf"] pre`);
    expect((await log.evaluate((block) => block.textContent ?? '')).split('\n').slice(0, 2)).toEqual([
      '… 2000 earlier lines are in logs/ beside this file',
      '2001line 2001',
    ]);
  });
});
