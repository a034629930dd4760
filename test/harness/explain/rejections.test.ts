// Explains rejections by the object's own instructions and numbers, as seen in guests.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cacheRoot } from '../../../harness/base/files.ts';
import { explainRun } from '../../../harness/explain/of-results.ts';
import { parsePlacedConfig } from '../../../harness/plan/config/load.ts';
import { readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { objectSources } from '../../../harness/plan/inputs/object-sources.ts';
import type { Explanation } from '../../../harness/results/explanation.ts';
import type { Results } from '../../../harness/results/schema.ts';
import { ensureLibbpf } from '../../../harness/setup/libbpf.ts';
import { buildPrograms } from '../../../programs/build.ts';
import { realRun } from '../run/real-run.ts';

const HEAD = `#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
`;

const SOURCES: Readonly<Record<string, string>> = {
  rejected: `${HEAD}
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, long[16]);
} numbers SEC(".maps");
char text[16];

SEC("socket")
int added_before_test(void *ctx)
{
	int key = 0;
	long *value = bpf_map_lookup_elem(&numbers, &key);
	char *sum = (void *)value;

	asm volatile("%0 += 96" : "+r"(sum));
	if (!value)
		return 0;
	return *(long *)sum;
}

SEC("socket")
int added_behind_test(void *ctx)
{
	int key = 0;
	long *value = bpf_map_lookup_elem(&numbers, &key);

	if (!value)
		return 0;
	barrier_var(value);
	return value[12];
}

static __attribute__((noinline)) long callee(long index)
{
	long values[38];

	__builtin_memset(values, index, sizeof(values));
	asm volatile("" : : "r"(values) : "memory");
	return values[index & 31];
}

SEC("socket")
int large_stacks(struct __sk_buff *ctx)
{
	long values[38];

	__builtin_memset(values, ctx->len, sizeof(values));
	asm volatile("" : : "r"(values) : "memory");
	return callee(ctx->len & 31) + values[ctx->len & 31];
}

SEC("lsm.s/task_free")
int sleepable_hook(void *ctx)
{
	return 0;
}

SEC("socket")
int string_read(void *ctx)
{
	return bpf_probe_read_str(text, sizeof(text), ctx);
}

SEC("socket")
int kernel_string_read(void *ctx)
{
	return bpf_probe_read_kernel_str(text, sizeof(text), ctx);
}
`,
  ended: `${HEAD}
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} records SEC(".maps");

SEC("tp_btf/sched_switch")
int written_after_submit(void *ctx)
{
	volatile int *record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);

	if (!record)
		return 0;
	bpf_ringbuf_submit((void *)record, 0);
	*record = 4;
	return 0;
}

SEC("socket")
int submitted_twice(void *ctx)
{
	int *record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);

	if (!record)
		return 0;
	bpf_ringbuf_discard(record, 0);
	bpf_ringbuf_submit(record, 0);
	return 0;
}

SEC("xdp")
int read_after_move(struct xdp_md *ctx)
{
	volatile char *data = (void *)(long)ctx->data;

	if ((void *)(data + 1) > (void *)(long)ctx->data_end)
		return XDP_DROP;
	bpf_xdp_adjust_head(ctx, 4);
	return data[0] ? XDP_DROP : XDP_PASS;
}

static __attribute__((noinline)) int moves(struct xdp_md *ctx)
{
	volatile char *data = (void *)(long)ctx->data;

	if ((void *)(data + 1) > (void *)(long)ctx->data_end)
		return XDP_DROP;
	bpf_xdp_adjust_head(ctx, 4);
	return data[0] ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int moved_in_function(struct xdp_md *ctx)
{
	return moves(ctx);
}

SEC("tp_btf/sched_switch")
int number_after_submit(unsigned long long *ctx)
{
	volatile int *number = (void *)(ctx[0] & 0xffff);
	int *record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);

	if (!record)
		return 0;
	bpf_ringbuf_submit(record, 0);
	return *number;
}
`,
  scheduler: `${HEAD}
struct sched_ext_ops {
	void (*tick)(void *task);
	unsigned int timeout_ms;
	char name[128];
};

SEC("struct_ops/tick")
int tick(void *ctx)
{
	return 0;
}

SEC(".struct_ops.link")
struct sched_ext_ops slow = { .tick = (void *)tick, .timeout_ms = 120000, .name = "slow" };
`,
};

let folder = '';
let results: Results;
let explanation: Explanation;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rejections-'));
  const sources = join(folder, 'src');
  await mkdir(sources);
  for (const [name, source] of Object.entries(SOURCES)) await writeFile(join(sources, `${name}.bpf.c`), source);
  const { includeDir } = await ensureLibbpf({ cache: cacheRoot(), onNote: () => {} });
  const paths = await buildPrograms({ includeDir, onNote: () => {}, sources });
  const config = { objects: paths.map((path) => ({ path, ...(path.includes('scheduler') && { mode: 'attach' }) })) };
  const { objects, problems } = await readInputs(objectSources(parsePlacedConfig(JSON.stringify(config), 'c.yaml'), folder));
  if (problems.length > 0) throw new Error(problems.join('\n'));
  results = await realRun([], ['debian:5.10', 'debian:6.12', 'debian:7.3'], { objects });
  explanation = await explainRun(results, objects, cacheRoot(), (problem) => {
    throw new Error(problem);
  });
}, 1_200_000);
afterAll(async () => rm(folder, { recursive: true, force: true }));

const nameOf = (id: string) => explanation.kernels.find((kernel) => kernel.id === id)?.name ?? id;

/** The root causes of a program's failures, each with its situations and advice. */
function causesOf(program: string) {
  const own = explanation.causes.filter(({ places }) => places.some((place) => place.program === program));
  return own.flatMap(({ class: failure, situations, advice }) => [
    ...situations.map(({ kernels, summary, hints }) => `${kernels.map(nameOf).join(' ')}: ${failure}: ${[summary, ...hints].join('; ')}`),
    ...advice,
  ]);
}

it('the programs that follow the advice load on every kernel', () => {
  const passed = ['added_behind_test', 'kernel_string_read'].map((name) =>
    results.cells.flatMap(({ programs }) => programs.filter((program) => program.name === name).map(({ status }) => status)),
  );
  expect(passed).toEqual([
    ['pass', 'pass', 'pass'],
    ['pass', 'pass', 'pass'],
  ]);
});

it('a test for null that comes behind an addition is named, with the instruction of both', () => {
  expect(causesOf('added_before_test')).toMatchInlineSnapshot(`
    [
      "5.10 6.12: verifier-rejected: verifier: R1 pointer arithmetic on map_value_or_null prohibited, null-check it first at insn 8; the pointer is tested at insn 9, behind the addition at insn 8",
      "The compiler moved the addition to this pointer before the test for null. The verifier rejects that on every kernel on which the pointer may be null. Write barrier_var(POINTER) right behind the test, so that the addition stays behind it. Since Linux 6.14, bpf_map_lookup_elem() on an array or per-CPU array map does not return null for a constant key that the verifier can read and that is below max_entries (6.12 rejects such a program, 6.16 accepts it).",
    ]
  `);
});

it('a pointer that a call ended is explained by this call, not by the arguments of the hook', () => {
  expect(causesOf('submitted_twice')).toMatchInlineSnapshot(`
    [
      "6.12 7.3: verifier-rejected: verifier: R1 type=scalar expected=ringbuf_mem at insn 12; submitted_twice: the pointer that insn 12 uses ended at insn 9, which calls bpf_ringbuf_discard()",
      "bpf_ringbuf_discard() gives the memory back, and the pointer to it is only a number after the call. Read, write and pass it only before the call.",
      "5.10: verifier-rejected: verifier: R1 type=inv expected=mem at insn 12; submitted_twice: the pointer that insn 12 uses ended at insn 9, which calls bpf_ringbuf_discard()",
      "bpf_ringbuf_discard() gives the memory back, and the pointer to it is only a number after the call. Read, write and pass it only before the call.",
    ]
  `);
  expect(causesOf('written_after_submit')).toMatchInlineSnapshot(`
    [
      "6.12 7.3: verifier-rejected: verifier: R6 invalid mem access 'scalar' at insn 11; written_after_submit: the pointer that insn 11 uses ended at insn 9, which calls bpf_ringbuf_submit(); read_after_move: the pointer that insn 8 uses ended at insn 7, which calls bpf_xdp_adjust_head(); moved_in_function: the pointer that insn 8 uses ended at insn 7, which calls bpf_xdp_adjust_head()",
      "6.12 7.3: verifier-rejected: verifier: R6 invalid mem access 'scalar' at insn 12; written_after_submit: the pointer that insn 11 uses ended at insn 9, which calls bpf_ringbuf_submit(); read_after_move: the pointer that insn 8 uses ended at insn 7, which calls bpf_xdp_adjust_head(); moved_in_function: the pointer that insn 8 uses ended at insn 7, which calls bpf_xdp_adjust_head()",
      "6.12 7.3: verifier-rejected: verifier: R6 invalid mem access 'scalar' at insn 8; written_after_submit: the pointer that insn 11 uses ended at insn 9, which calls bpf_ringbuf_submit(); read_after_move: the pointer that insn 8 uses ended at insn 7, which calls bpf_xdp_adjust_head(); moved_in_function: the pointer that insn 8 uses ended at insn 7, which calls bpf_xdp_adjust_head()",
      "6.12 7.3: verifier-rejected: verifier: R6 invalid mem access 'scalar' at insn 10; written_after_submit: the pointer that insn 11 uses ended at insn 9, which calls bpf_ringbuf_submit(); read_after_move: the pointer that insn 8 uses ended at insn 7, which calls bpf_xdp_adjust_head(); moved_in_function: the pointer that insn 8 uses ended at insn 7, which calls bpf_xdp_adjust_head()",
      "bpf_ringbuf_submit() gives the memory back, and the pointer to it is only a number after the call. Read, write and pass it only before the call.",
      "The verifier sees a number here, not a pointer. If it is an argument, this kernel has a number at its position: compare the prototypes ("corematrix types diff btf_trace_sched_switch").",
      "bpf_xdp_adjust_head() may move the packet, so all addresses of it that the program knows are only numbers after the call. Read data and data_end from the context again behind the call, and compare them again.",
      "5.10: verifier-rejected: verifier: R6 invalid mem access 'inv' at insn 11; written_after_submit: the pointer that insn 11 uses ended at insn 9, which calls bpf_ringbuf_submit(); read_after_move: the pointer that insn 8 uses ended at insn 7, which calls bpf_xdp_adjust_head(); moved_in_function: the pointer that insn 8 uses ended at insn 7, which calls bpf_xdp_adjust_head()",
      "5.10: verifier-rejected: verifier: R6 invalid mem access 'inv' at insn 12; written_after_submit: the pointer that insn 11 uses ended at insn 9, which calls bpf_ringbuf_submit(); read_after_move: the pointer that insn 8 uses ended at insn 7, which calls bpf_xdp_adjust_head(); moved_in_function: the pointer that insn 8 uses ended at insn 7, which calls bpf_xdp_adjust_head()",
      "5.10: verifier-rejected: verifier: R6 invalid mem access 'inv' at insn 8; written_after_submit: the pointer that insn 11 uses ended at insn 9, which calls bpf_ringbuf_submit(); read_after_move: the pointer that insn 8 uses ended at insn 7, which calls bpf_xdp_adjust_head(); moved_in_function: the pointer that insn 8 uses ended at insn 7, which calls bpf_xdp_adjust_head()",
      "5.10: verifier-rejected: verifier: R6 invalid mem access 'inv' at insn 10; written_after_submit: the pointer that insn 11 uses ended at insn 9, which calls bpf_ringbuf_submit(); read_after_move: the pointer that insn 8 uses ended at insn 7, which calls bpf_xdp_adjust_head(); moved_in_function: the pointer that insn 8 uses ended at insn 7, which calls bpf_xdp_adjust_head()",
      "bpf_ringbuf_submit() gives the memory back, and the pointer to it is only a number after the call. Read, write and pass it only before the call.",
      "The verifier sees a number here, not a pointer. If it is an argument, this kernel has a number at its position: compare the prototypes ("corematrix types diff btf_trace_sched_switch").",
      "bpf_xdp_adjust_head() may move the packet, so all addresses of it that the program knows are only numbers after the call. Read data and data_end from the context again behind the call, and compare them again.",
    ]
  `);
  expect(causesOf('read_after_move')).toEqual(causesOf('written_after_submit'));
  expect(causesOf('number_after_submit')).toEqual(causesOf('written_after_submit'));
});

it('a stack that is too large is shown with the bytes of each function', () => {
  expect(causesOf('large_stacks')).toMatchInlineSnapshot(`
    [
      "5.10: verifier-rejected: verifier: combined stack size of 2 calls is 640. Too large; stack of each function: large_stacks 304 bytes, callee 304 bytes",
      "6.12 7.3: verifier-rejected: verifier: combined stack size of 2 calls is 608. Too large; stack of each function: large_stacks 304 bytes, callee 304 bytes",
      "A program and the functions that it calls share 512 bytes of stack. Put large values into a per-CPU array map.",
    ]
  `);
});

it('a sleepable program on a hook that cannot sleep has the section name as advice', () => {
  expect(causesOf('sleepable_hook')).toMatchInlineSnapshot(`
    [
      "5.10 6.12 7.3: verifier-rejected: verifier: bpf_lsm_task_free is not sleepable",
      "The kernel does not let sleepable programs attach to this function or hook. Remove ".s" from the section name: SEC("fentry/...") instead of SEC("fentry.s/..."), SEC("lsm/...") instead of SEC("lsm.s/...").",
    ]
  `);
});

it('a helper that only tracing programs may call has the helper that others may call as advice', () => {
  expect(causesOf('string_read')).toMatchInlineSnapshot(`
    [
      "5.10 6.12 7.3: helper-not-allowed: helper bpf_probe_read_str#45 is not available to program type socket_filter here",
      "Only tracing programs may call bpf_probe_read_str(), and only on some architectures. Call bpf_probe_read_kernel_str() for kernel memory, or bpf_probe_read_user_str() for user memory (both since Linux 5.5); programs of other types may call these, too, unless the kernel is locked down.",
    ]
  `);
});

it('a missing struct_ops type is explained by the release or the option, a refused number by its value', () => {
  expect(causesOf('tick')).toMatchInlineSnapshot(`
    [
      "5.10: attach-target-missing: struct_ops type sched_ext_ops is not in this kernel's BTF, and this kernel has no BTF of modules; struct sched_ext_ops came with Linux 6.12",
      "6.12: attach-target-missing: struct_ops type sched_ext_ops is not in this kernel's BTF; this kernel is built without CONFIG_SCHED_CLASS_EXT, which struct sched_ext_ops needs",
      "Put the map into SEC("?.struct_ops.link"), keep its programs from loading by default (SEC("?struct_ops/...")), and switch both on where the kernel has struct bpf_struct_ops_sched_ext_ops: bpf_map__set_autocreate(), bpf_program__set_autoload().",
      "7.3: attach-failed: struct_ops map 'slow': attaching fails (E2BIG)",
      "In struct sched_ext_ops slow, timeout_ms is 120000, and the kernel takes at most 30000.",
    ]
  `);
});
