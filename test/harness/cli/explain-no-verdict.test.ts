// Tests of `corematrix explain` for results with cells that have no verdict: nothing is known of their failures.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Results } from '../../../harness/results/schema.ts';
import { renderJson } from '../../../reports/json.ts';
import { SAMPLE } from '../../reports/sample.ts';
import { corematrix } from './command.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'explain-no-verdict-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** The sample with the kernels on which its cells have some of the statuses, explained without a cause. */
function withStatuses(statuses: readonly string[]): Results {
  const ids = new Set(SAMPLE.cells.flatMap(({ kernel, status }) => (statuses.includes(status) ? [kernel] : [])));
  const { layouts: _, ...rest } = SAMPLE;
  const kernels = SAMPLE.kernels.filter(({ id }) => ids.has(id));
  const named = kernels.map(({ id, release }) => ({ id, name: release ?? id, btf: true }));
  const cells = SAMPLE.cells.filter(({ kernel }) => ids.has(kernel));
  return { ...rest, kernels, cells, explanation: { kernels: named, causes: [], semanticChanges: [], guarded: [] } };
}

async function explain(results: Results, ...args: string[]): Promise<string> {
  await writeFile(join(folder, 'results.json'), renderJson(results));
  const { exitCode, stdout, stderr } = await corematrix(folder, ['explain', 'results.json', ...args]);
  return [`exit ${exitCode}`, ...(stderr === '' ? [] : [stderr.trimEnd()]), stdout].join('\n');
}

it('explain names the cells that have no verdict, and why, in place of "nothing fails"', async () => {
  const results = withStatuses(['infra', 'not-run']);
  expect([await explain(results), await explain(results, 'task_state'), await explain(results, '--json')]).toMatchInlineSnapshot(`
    [
      "exit 3
    no verdict
      task_state on file-vmlinux-7.4
        infra-timeout: no word from the guest for 30 s
      probes on file-vmlinux-7.4
        the cell did not run

    no failure is known, 2 cells without a verdict on 1 kernel",
      "exit 3
    no verdict
      task_state on file-vmlinux-7.4
        infra-timeout: no word from the guest for 30 s

    no failure is known, 1 cell without a verdict on 1 kernel",
      "exit 3
    note: task_state has no verdict on file-vmlinux-7.4: infra-timeout: no word from the guest for 30 s
    note: probes has no verdict on file-vmlinux-7.4: the cell did not run
    {"schemaVersion":3,"kernels":[{"id":"file-vmlinux-7.4","name":"file-vmlinux-7.4","btf":true}],"causes":[],"semanticChanges":[],"guarded":[]}",
    ]
  `);
});
