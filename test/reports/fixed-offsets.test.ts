// Every format and the explanation say that programs of an object read at fixed offsets: a real object without relocations, on a real kernel.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { resultsSchema } from '../../harness/results/schema.ts';
import type { Results } from '../../harness/results/schema.ts';
import { plainSources, readInputs } from '../../harness/plan/inputs/inputs.ts';
import { explainRun, findingsOf } from '../../harness/explain/of-results.ts';
import { objectsOfResults } from '../../harness/explain/sources.ts';
import { cacheRoot } from '../../harness/base/files.ts';
import { findKernels } from '../../harness/kernel-btf/kernels.ts';
import { predictMatrix } from '../../harness/predict/result.ts';
import { renderCtrf } from '../../reports/ctrf.ts';
import { renderGithub } from '../../reports/github.ts';
import { toText } from '../../reports/html/html.ts';
import { header } from '../../reports/html/header.ts';
import { renderJunit } from '../../reports/junit.ts';
import { renderMarkdown } from '../../reports/markdown.ts';
import { renderSarif } from '../../reports/sarif.ts';
import { renderTap } from '../../reports/tap.ts';
import { compileBpf } from '../harness/bpf/object/compile.ts';
import { realRun, sample } from '../harness/run/real-run.ts';

const KERNEL = 'debian:6.12';
const SOURCE = `struct task_struct { long flags; int pid; }; u64 seen;
SEC("tp_btf/sched_switch") int reads(u64 *ctx) { struct task_struct *task = (void *)ctx[1]; seen = task->pid; return 0; }`;

let folder = '';
let path = '';
let results: Results;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fixed-offsets-'));
  path = await compileBpf(folder, 'plain', SOURCE);
  results = await realRun([path, sample('exec_watch')], [KERNEL]);
}, 300_000);
afterAll(async () => rm(folder, { recursive: true, force: true }));

test('results and predictions name the programs that read at fixed offsets, for this object alone', async () => {
  expect(results.objects.map(({ fixedOffsets }) => fixedOffsets)).toEqual([['reads'], undefined]);
  expect(resultsSchema.parse(results).objects[0]?.fixedOffsets).toEqual(['reads']);
  const { objects } = await readInputs(plainSources([path], folder));
  const { prediction } = await predictMatrix(objects, (await findKernels([KERNEL], cacheRoot())).kernels);
  expect(prediction.objects.map(({ fixedOffsets }) => fixedOffsets)).toEqual([['reads']]);
});

test('an explanation names the programs that read at fixed offsets, also if the file of the object is gone', async () => {
  const explained = async (objects: Awaited<ReturnType<typeof objectsOfResults>>) =>
    findingsOf(await explainRun(results, objects, cacheRoot(), () => {})).fixedOffsets;
  const objects = await objectsOfResults(results);
  const expected = [{ object: results.objects[0]?.id, programs: ['reads'] }];
  expect([await explained(objects), await explained(objects.map((object) => ({ ...object, bpf: null })))]).toEqual([expected, expected]);
});

const FORMATS = {
  ctrf: renderCtrf,
  github: renderGithub,
  html: (of: Results) => toText(header(of, { unexpected: 0, linkedLogs: 0 })),
  junit: renderJunit,
  markdown: renderMarkdown,
  sarif: renderSarif,
  tap: renderTap,
} as const;

test.each(Object.entries(FORMATS))('the format %s says once that programs read at fixed offsets', (_, render) => {
  const said = (of: Results) => render(of).split('the object has no CO-RE relocation').length - 1;
  const without = { ...results, objects: results.objects.slice(1), cells: results.cells.slice(1) };
  expect([said(results), said(without)]).toEqual([1, 0]);
});
