// Suggested C runs in real guests, where helpers and other fields tell what it has to read.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig } from '../../../harness/plan/config/load.ts';
import { readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { objectSources } from '../../../harness/plan/inputs/object-sources.ts';
import type { Explanation } from '../../../harness/results/explanation.ts';
import { fourSelectors, testSelectors, ALL_SERIES } from '../../kernels/pulled.ts';
import { realRun } from '../run/real-run.ts';
import { sourceOf, type WrittenAccess } from './accesses.ts';
import { compiled, explainedByPrediction } from './predicted.ts';

interface Truth {
  access: WrittenAccess;
  /** C expression of the struct from which the suggestion reads. */
  from: string;
  /** C condition about `value` that is true only for the right value. */
  holds: string;
  /** Section of the program; each program starts with `ctx` and `task`. */
  section?: string;
}

/** Keyed by the subject of the root cause. */
const TRUTHS: Readonly<Record<string, Truth>> = {
  'task_struct.cpu': {
    access: { type: 'task_struct', members: 'unsigned int cpu;', path: 'cpu' },
    from: 'task',
    holds: 'value == bpf_get_smp_processor_id()',
  },
  // Processes of the guest are in the root of the cgroup tree, which is its own first ancestor.
  'cgroup.ancestor_ids[0]': {
    access: { type: 'cgroup', members: 'u64 ancestor_ids[0];', path: 'ancestor_ids[0]' },
    from: 'BPF_CORE_READ(task, cgroups, dfl_cgrp)',
    holds: 'value != 0 && value == bpf_get_current_cgroup_id()',
  },
  'cred.cap_effective.cap[0]': {
    access: { type: 'cred', members: 'kernel_cap_t cap_effective;', path: 'cap_effective.cap[0]' },
    from: 'BPF_CORE_READ(task, cred)',
    holds: 'value == 0xffffffffULL',
  },
  // Root has the capabilities 32 to 40.
  'cred.cap_effective.cap[1]': {
    access: { type: 'cred', members: 'kernel_cap_t cap_effective;', path: 'cap_effective.cap[1]' },
    from: 'BPF_CORE_READ(task, cred)',
    holds: 'value == 0x1ff',
  },
  'dentry.d_iname[1]': {
    access: { type: 'dentry', members: 'unsigned char d_iname[32];', path: 'd_iname[1]' },
    from: 'BPF_CORE_READ(task, mm, exe_file, f_path.dentry)',
    holds: 'value != 0 && value == second_letter(from)',
  },
  // The count is at least 1, which the new form stores as 0.
  'file.f_count.counter': {
    access: { type: 'file', members: 'atomic_long_t f_count;', path: 'f_count.counter' },
    from: 'BPF_CORE_READ(task, mm, exe_file)',
    holds: 'value >= 1 && value < 1000',
  },
  'inode.i_ctime.tv_sec': {
    access: { type: 'inode', members: 'struct timespec64 i_ctime;', path: 'i_ctime.tv_sec' },
    from: 'BPF_CORE_READ(task, mm, exe_file, f_inode)',
    holds: 'value > 1600000000 && value < 4000000000',
  },
  'task_struct.real_start_time': {
    access: { type: 'task_struct', members: 'u64 real_start_time;', path: 'real_start_time' },
    from: 'task',
    holds: 'value != 0 && value <= bpf_ktime_get_boot_ns()',
  },
  'inet_sock.is_icsk': {
    access: { type: 'inet_sock', members: 'u8 is_icsk : 1;', path: 'is_icsk' },
    from: '(void *)ctx[0]',
    holds: 'value == 1',
    section: 'raw_tp/inet_sock_set_state',
  },
  'inet_sock.transparent': {
    access: { type: 'inet_sock', members: 'u8 transparent : 1;', path: 'transparent' },
    from: '(void *)ctx[0]',
    holds: 'value == 0',
    section: 'raw_tp/inet_sock_set_state',
  },
};

const TYPES = `
#define access_index __attribute__((preserve_access_index))
struct qstr { const unsigned char *name; } access_index;
struct dentry { struct qstr d_name; } access_index;
struct path { struct dentry *dentry; } access_index;
struct file { struct path f_path; struct inode *f_inode; } access_index;
struct mm_struct { struct file *exe_file; } access_index;
struct css_set { struct cgroup *dfl_cgrp; } access_index;
struct task_struct { struct mm_struct *mm; struct css_set *cgroups; const struct cred *cred; } access_index;

static __always_inline __attribute__((unused)) unsigned char second_letter(const void *dentry)
{
	const struct dentry *named = dentry;
	const unsigned char *name = BPF_CORE_READ(named, d_name.name);
	unsigned char letter = 0;

	bpf_probe_read_kernel(&letter, 1, name + 1);
	return letter;
}
`;

function sourceComparing(snippet: string, { from, holds, section = 'raw_tp/sched_process_exec' }: Truth): string {
  const [, read = ''] = /__always_inline [\w *]*?\*?(read_\w+)\(const void \*from\)/.exec(snippet) ?? [];
  const [, exists = ''] = /__always_inline int (\w+_exists)\(void\)/.exec(snippet) ?? [];
  return `#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
${TYPES}
${snippet}

int right;
int wrong;

SEC("${section}")
int compare(__u64 *ctx)
{
	const struct task_struct *task __attribute__((unused)) = (void *)bpf_get_current_task();
	const void *from = ${from};
	unsigned long long value = (unsigned long long)${read}(from);

	if (${exists}() && (${holds}))
		right = 1;
	else
		wrong = 1;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
`;
}

let folder = '';
let explanation: Explanation = { schemaVersion: 3, kernels: [], causes: [], semanticChanges: [], guarded: [] };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'same-value-run-test-'));
  const accesses = Object.values(TRUTHS).map(({ access }, at) => [`access_${at}`, access] as const);
  explanation = await explainedByPrediction(folder, { reads: sourceOf(Object.fromEntries(accesses)) });
}, 600_000);
afterAll(async () => rm(folder, { recursive: true, force: true }));

it('suggested C reads the right value on every kernel, with the old form and with the new one', { timeout: 3_600_000 }, async () => {
  const sources = Object.entries(TRUTHS).map(([subject, truth], at) => {
    const snippet = explanation.causes.find((cause) => cause.subject === subject)?.snippet ?? '';
    return [`truth_${at}`, sourceComparing(snippet, truth)] as const;
  });
  expect(Object.keys(TRUTHS).filter((subject) => !explanation.causes.some((cause) => cause.subject === subject && cause.snippet))).toEqual(
    [],
  );
  const paths = await compiled(folder, Object.fromEntries(sources));
  const checks =
    '    mode: run\n    trigger: [exec, connect]\n    check:\n      - { variable: right, equals: 1 }\n      - { variable: wrong, equals: 0 }\n';
  const file = join(folder, 'corematrix.yaml');
  await writeFile(file, `objects:\n${paths.map((path) => `  - path: ${relative(folder, path)}\n${checks}`).join('')}`);
  const { objects, problems } = await readInputs(objectSources(await loadConfig(file), folder));
  expect(problems).toEqual([]);
  const selectors = ALL_SERIES ? await testSelectors() : (await fourSelectors()).filter((_, at, all) => at === 0 || at === all.length - 1);
  const { cells } = await realRun([], selectors, { objects, limits: { bootMs: 900_000 } });
  expect(cells.length).toBe(selectors.length * Object.keys(TRUTHS).length);
  expect(cells.filter(({ status }) => status !== 'pass').map(({ kernel, object, reason }) => `${kernel} ${object}: ${reason}`)).toEqual([]);
});
