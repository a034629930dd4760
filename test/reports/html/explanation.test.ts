// Tests of the explanation in the report: in the list of causes, also without scripts, and in the failed cell.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { explanationText } from '../../../reports/terminal/explanation.ts';
import { explained } from '../explained.ts';
import { SAMPLE } from '../sample.ts';
import { type ReportBrowser, startBrowser } from './browser.ts';

const RESULTS = explained(SAMPLE);
let browser: ReportBrowser;

beforeAll(async () => {
  browser = await startBrowser();
});

afterAll(async () => browser.stop());

it('the list of root causes has the explanation, also without scripts', async () => {
  const { page } = await browser.open(RESULTS, '', { javaScriptEnabled: false });
  await page.locator('#unexpected + ul .why > summary').click();
  await page.locator('#unexpected + ul .why pre').waitFor();
  expect(await page.locator('#unexpected + ul li').first().innerText()).toMatchInlineSnapshot(`
    "✕ fail core-field-missing task_struct.__state: no such field (byte_off)

    task_state / new_name on 5.10

    Why, and what to write instead seen in a guest
    programs/task_state.bpf.c:23 seen = task->field_3; insn 10: (b7) r0 = 10, where R1=scalar()
    near programs/task_state.bpf.c:24 seen = task->field_3;

    5.10 struct task_struct has no member __state

    instead: state, volatile long int another name, likely

    no matching targets found
    in the log

    6.12 struct task_struct has no member __state here either

    instead: mm->count[1].state, int moved behind a pointer, possible

    similar names on this kernel: __state2

    of 2 kernels, 1 kernel has it: only 5.10; went between 5.10 and 6.12

    known: task_struct.state became __state

    not checked: later instructions

    check that it means the same

    static int read_it(void)
    {
    	return a < b && "c";
    }"
  `);
  expect(await page.locator('#suspicious + ul').innerText()).toMatchInlineSnapshot(`
    "! suspicious task_struct.field_3 signed in task_state / new_name

    reads 4 bytes of 8

    programs/task_state.bpf.c:23 seen = task->field_3;

    on 5.10 6.12"
  `);
  await page.locator('#relocations ~ .block > summary').first().click();
  expect(await page.locator('.guarded').innerText()).toMatchInlineSnapshot(
    `"∅ guarded task_struct.field_3 signed in old_name, missing on 6.12: kept out by task_struct.field_3 (field_exists), which is 0 there, at programs/task_state.bpf.c:23"`,
  );
});

it('the view of a cell has the explanation for its kernel, and its suggested C code can be copied', async () => {
  const { page, complaints } = await browser.open(RESULTS, '#c/debian-5.10.262-amd64/task_state');
  const why = page.locator('.cell-view .why');
  await why.waitFor();
  expect(await why.innerText()).toMatchInlineSnapshot(`
    "Why, and what to write instead seen in a guest
    programs/task_state.bpf.c:23 seen = task->field_3; insn 10: (b7) r0 = 10, where R1=scalar()
    near programs/task_state.bpf.c:24 seen = task->field_3;

    5.10 struct task_struct has no member __state

    instead: state, volatile long int another name, likely

    no matching targets found
    in the log

    of 2 kernels, 1 kernel has it: only 5.10; went between 5.10 and 6.12

    known: task_struct.state became __state

    not checked: later instructions

    check that it means the same

    static int read_it(void)
    {
    	return a < b && "c";
    }
    Copy

    All programs and kernels with this cause"
  `);
  await page.evaluate(() => {
    Object.defineProperty(navigator, 'clipboard', {
      value: { writeText: async (text: string) => Reflect.set(globalThis, 'copied', text) },
    });
  });
  await why.locator('.copy button').click();
  await expect.poll(async () => page.evaluate(() => Reflect.get(globalThis, 'copied'))).toBe(RESULTS.explanation?.causes[0]?.snippet);
  await why.getByRole('link', { name: 'All programs and kernels with this cause' }).click();
  await expect.poll(async () => page.locator('#unexpected + ul .why.marked').isVisible()).toBe(true);
  await page.locator('#unexpected + ul .why').getByRole('link', { name: 'in the log' }).click();
  await expect.poll(async () => page.locator('.line.marked').innerText()).toContain('R1 invalid mem access');
  expect(complaints).toEqual([]);
});

it('an argument that is another parameter on other kernels is shown with the parameter of each kernel', async () => {
  const [old, other] = RESULTS.kernels.map(({ id }) => id);
  const parameters = [
    { text: 'int <nonblock>', kernels: [old ?? ''] },
    { text: 'int flags', kernels: [other ?? ''] },
  ];
  const moved = [{ object: 'task_state', program: 'new_name', subject: 'argument 4 of function tcp_recvmsg', parameters }];
  const explanation = RESULTS.explanation && { ...RESULTS.explanation, semanticChanges: [], movedArguments: moved };
  const { page } = await browser.open({ ...RESULTS, explanation });
  expect(await page.locator('#suspicious + ul').innerText()).toMatchInlineSnapshot(`
    "! suspicious argument 4 of function tcp_recvmsg in task_state / new_name: another parameter on other kernels

    int <nonblock> on 5.10

    int flags on 6.12"
  `);
  const text = explanationText(
    { schemaVersion: 3, kernels: [], causes: [], semanticChanges: [], guarded: [], movedArguments: moved },
    { colour: false },
  );
  expect(text).toMatchInlineSnapshot(`
    "reads an argument that is another parameter on other kernels
      task_state/new_name argument 4 of function tcp_recvmsg
        int <nonblock> on debian-5.10.262-amd64
        int flags on debian-6.12.117-amd64

    nothing fails on 0 kernels
    "
  `);
});
