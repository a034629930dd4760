// Checks on real kernels which of them accept an addition to a pointer before its test for null.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compareKernelVersions, parseKernelVersion } from '../../../harness/base/kernel-version.ts';
import { cacheRoot } from '../../../harness/base/files.ts';
import { describeChange, LOOKUP_NOT_NULL } from '../../../harness/explain/verifier-changes.ts';
import type { Results } from '../../../harness/results/schema.ts';
import { ensureLibbpf } from '../../../harness/setup/libbpf.ts';
import { buildPrograms } from '../../../programs/build.ts';
import { testSelectors } from '../../kernels/pulled.ts';
import { realRun } from '../run/real-run.ts';

const SOURCE = `#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";

#define NUMBERS(name, kind)                                                                                            \\
	struct {                                                                                                       \\
		__uint(type, kind);                                                                                    \\
		__uint(max_entries, 1);                                                                                \\
		__type(key, int);                                                                                      \\
		__type(value, long[16]);                                                                               \\
	} name SEC(".maps");
NUMBERS(array, BPF_MAP_TYPE_ARRAY)
NUMBERS(percpu, BPF_MAP_TYPE_PERCPU_ARRAY)
NUMBERS(hash, BPF_MAP_TYPE_HASH)
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

#define ADD_BEFORE_TEST(value)                                                                                         \\
	long *sum = (value);                                                                                           \\
	asm volatile("%0 += 96" : "+r"(sum));                                                                          \\
	if (!(value))                                                                                                  \\
		return 0;                                                                                              \\
	*sum = 1;
#define LOOKUP(name, map, index)                                                                                       \\
	SEC("raw_tp/sched_process_exec") int name(void *ctx)                                                           \\
	{                                                                                                              \\
		int key = index;                                                                                       \\
		long *value = bpf_map_lookup_elem(&map, &key);                                                         \\
		ADD_BEFORE_TEST(value)                                                                                 \\
		return 0;                                                                                              \\
	}
LOOKUP(array_constant, array, 0)
LOOKUP(percpu_constant, percpu, 0)
LOOKUP(array_variable, array, bpf_get_prandom_u32())
LOOKUP(hash_constant, hash, 0)

SEC("raw_tp/sched_process_exec")
int ring_record(void *ctx)
{
	long *value = bpf_ringbuf_reserve(&ring, 128, 0);
	ADD_BEFORE_TEST(value)
	bpf_ringbuf_submit(value, 0);
	return 0;
}
`;

let folder = '';
let results: Results;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'verifier-changes-'));
  const sources = join(folder, 'src');
  await mkdir(sources);
  await writeFile(join(sources, 'added.bpf.c'), SOURCE);
  const { includeDir } = await ensureLibbpf({ cache: cacheRoot(), onNote: () => {} });
  results = await realRun(await buildPrograms({ includeDir, onNote: () => {}, sources }), await testSelectors());
}, 1_200_000);
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** The series on which a program has this status. */
function seriesWith(program: string, status: 'pass' | 'fail'): string[] {
  return results.kernels.flatMap(({ id, series }) => {
    const cell = results.cells.find(({ kernel }) => kernel === id);
    return cell?.programs.some((each) => each.name === program && each.status === status) ? [series] : [];
  });
}

const since = (series: string, release: string) => compareKernelVersions(parseKernelVersion(series), parseKernelVersion(release)) >= 0;

it.each(['array_constant', 'percpu_constant'])(
  '%s loads with an addition before the test exactly from the release of the change on',
  (program) => {
    const all = results.kernels.map(({ series }) => series);
    expect(all.length).toBeGreaterThan(3);
    expect(seriesWith(program, 'pass')).toEqual(all.filter((series) => since(series, LOOKUP_NOT_NULL.release)));
    expect(seriesWith(program, 'fail')).toEqual(all.filter((series) => !since(series, LOOKUP_NOT_NULL.release)));
    const [last, first] = LOOKUP_NOT_NULL.witness;
    expect(seriesWith(program, 'fail').at(-1)).toBe(last);
    // Tests read fewer series unless they are asked for all.
    expect(seriesWith(program, 'pass')[0]).toBe(all.includes(first) ? first : all.at(-1));
  },
);

it.each(['array_variable', 'hash_constant', 'ring_record'])(
  '%s is rejected with an addition before the test on every kernel',
  (program) => {
    expect(seriesWith(program, 'fail')).toEqual(results.kernels.map(({ series }) => series));
  },
);

it('the sentence about a change of the verifier names the release and both witnesses', () => {
  expect(describeChange(LOOKUP_NOT_NULL)).toMatch(/^Since Linux 6\.14, .* \(6\.12 rejects such a program, 6\.16 accepts it\)\.$/);
});
