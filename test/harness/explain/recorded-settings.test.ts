// Explains results that have lost their explanation: settings of the run that change what a load finds must not get lost with it.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cacheRoot } from '../../../harness/base/files.ts';
import { explainRun } from '../../../harness/explain/of-results.ts';
import { objectsOfResults } from '../../../harness/explain/sources.ts';
import { loadConfig } from '../../../harness/plan/config/load.ts';
import { readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { objectSources } from '../../../harness/plan/inputs/object-sources.ts';
import type { Results } from '../../../harness/results/schema.ts';
import { pulledBtf } from '../../kernels/pulled.ts';
import { realRun } from '../run/real-run.ts';
import { compiled } from './predicted.ts';

/** An object that no kernel loads, so that only a prediction shows what its relocations would find. */
const source = (struct: string, section: string, read: string) => `#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
struct ${struct} __attribute__((preserve_access_index));
extern void bpf_no_such_function(void) __ksym;
long seen;
char LICENSE[] SEC("license") = "GPL";
SEC("${section}") int reader(void *ctx) { bpf_no_such_function(); seen = (long)${read}; return 0; }
`;

const TASK = '(struct task_struct *)bpf_get_current_task()';
const SOURCES = {
  off: source('task_struct { long no_such; }', '?raw_tp/sched_switch', `BPF_CORE_READ(${TASK}, no_such)`),
  custom: source('task_struct { long state; }', 'raw_tp/sched_switch', `BPF_CORE_READ(${TASK}, state)`),
  module: source(
    'nf_nat_lookup_hook_priv { void *entries; }',
    'raw_tp/sched_switch',
    'BPF_CORE_READ((struct nf_nat_lookup_hook_priv *)ctx, entries)',
  ),
} as const satisfies Readonly<Record<string, string>>;

/** 5.10 has \`task_struct.state\`, 6.12 does not. */
const settingsWith = (btf: string) => ({
  off: '{ programs: { reader: { autoload: true } } }',
  custom: `{ btf: ${btf} }`,
  module: '{ modules: [nf_nat] }',
});

let folder = '';
let results: Results;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'recorded-settings-'));
  const settings = settingsWith((await pulledBtf('debian:5.10')).path);
  const paths = await compiled(folder, SOURCES);
  const file = join(folder, 'corematrix.yaml');
  const entries = paths.map((path) => {
    const own = Object.entries(settings).find(([name]) => name === basename(path, '.bpf.o'))?.[1] ?? '{}';
    return `  - ${own.replace('{', `{ path: ${path}, `)}\n`;
  });
  await writeFile(file, `objects:\n${entries.join('')}`);
  const { objects, problems } = await readInputs(objectSources(await loadConfig(file), folder));
  if (problems.length > 0) throw new Error(problems.join('\n'));
  results = await realRun([], ['debian:6.12'], { objects });
}, 600_000);
afterAll(async () => rm(folder, { recursive: true, force: true }));

it('results without an explanation are explained with the programs, modules and custom BTF of the run', async () => {
  const { causes } = await explainRun(results, await objectsOfResults(results), cacheRoot(), (problem) => {
    throw new Error(problem);
  });
  const named = causes.flatMap(({ subject, places }) => places.map(({ object }) => `${object}: ${subject}`));
  expect(named.toSorted()).toEqual([
    'custom: kfunc bpf_no_such_function',
    'module: kfunc bpf_no_such_function',
    'off: kfunc bpf_no_such_function',
    'off: task_struct.no_such',
  ]);
});
