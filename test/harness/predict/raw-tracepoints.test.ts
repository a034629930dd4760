// Arguments of raw tracepoints, and arguments that a program keeps on its stack: predictions, and what guests do when they attach the programs.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cacheRoot } from '../../../harness/base/files.ts';
import { indexNames } from '../../../harness/bpf/btf/names.ts';
import { type BpfObject, readBpfObject } from '../../../harness/bpf/object/object.ts';
import { explainRun } from '../../../harness/explain/of-results.ts';
import { objectsOfResults } from '../../../harness/explain/sources.ts';
import { readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { argumentChanges, changeText } from '../../../harness/predict/argument-changes.ts';
import { predictCell } from '../../../harness/predict/predict.ts';
import type { Results } from '../../../harness/results/schema.ts';
import { fourSelectors, pulledBtf } from '../../kernels/pulled.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { mustReadBtf } from '../bpf/object/samples.ts';
import { realRun } from '../run/real-run.ts';

const HEAD = `#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
typedef _Bool bool;
struct task_struct { int pid; } access_index;
struct inode { unsigned long i_ino; } access_index;
struct dentry { struct inode *d_inode; } access_index;
struct iattr { unsigned int ia_valid; } access_index;
u64 seen;
`;

/** @see TP_PROTO of sched_switch in include/trace/events/sched.h: three arguments, since 5.18 with prev_state as the fourth */
const RAW = `${HEAD}
struct bpf_raw_tracepoint_args { u64 args[0]; } access_index;
SEC("raw_tp/sched_switch") int BPF_PROG(fits, bool preempt, struct task_struct *prev, struct task_struct *next) { seen = BPF_CORE_READ(next, pid); return 0; }
SEC("raw_tp/sched_switch") int BPF_PROG(fourth, bool preempt, void *prev, void *next, unsigned int state) { seen = state; return 0; }
SEC("raw_tracepoint/sched_switch") int fourth_of_context(struct bpf_raw_tracepoint_args *ctx) { seen = ctx->args[3]; return 0; }
SEC("raw_tp.w/sched_switch") int BPF_PROG(fourth_writable, bool preempt, void *prev, void *next, unsigned int state) { seen = state; return 0; }
SEC("raw_tp/sched_switch") int BPF_PROG(fourth_as_task, bool preempt, void *state, void *prev, struct task_struct *next) { seen = BPF_CORE_READ(next, pid); return 0; }
SEC("raw_tp/sched_switch") int fourth_never_read(u64 *ctx) { if (bpf_core_field_exists(((struct inode *)0)->i_ino)) return 0; seen = ctx[3]; return 0; }
SEC("raw_tp/sched_process_exec") int task_as_inode(struct bpf_raw_tracepoint_args *ctx) { seen = BPF_CORE_READ((struct inode *)ctx->args[0], i_ino); return 0; }
SEC("raw_tp/sched_process_exec") int BPF_PROG(direct, struct task_struct *task) { seen = task->pid; return 0; }
`;

/** @see security_inode_setattr(): (dentry, attr), since 6.x (idmap, dentry, attr) */
const STACK = `${HEAD}
static __noinline void put(void *volatile *place, void *value) { *place = value; }
#define HOOK(name) SEC("lsm/inode_setattr") int BPF_PROG(name, struct dentry *dentry, struct iattr *attr)
HOOK(kept) { struct iattr *volatile kept = attr; seen = kept->ia_valid; return 0; }
HOOK(kept_for_helper) { struct iattr *volatile kept = attr; seen = BPF_CORE_READ(kept, ia_valid); return 0; }
HOOK(overwritten) { void *volatile kept = attr; kept = dentry; seen = ((struct iattr *)kept)->ia_valid; return 0; }
HOOK(paths_differ) { void *volatile kept = attr; if (seen) kept = dentry; seen = BPF_CORE_READ((struct iattr *)kept, ia_valid); return 0; }
HOOK(written_by_helper) { struct iattr *volatile kept = attr; bpf_probe_read_kernel((void *)&kept, 8, &seen); seen = BPF_CORE_READ(kept, ia_valid); return 0; }
HOOK(helper_writes_above) {
	struct { struct iattr *volatile kept; volatile u64 other; } own = { attr, 0 };
	bpf_probe_read_kernel((void *)&own.other, 8, &seen);
	struct iattr *again = own.kept;
	seen = BPF_CORE_READ(again, ia_valid);
	return 0;
}
HOOK(half_written) {
	union { struct iattr *volatile whole; volatile u32 half[2]; } kept = { attr };
	kept.half[1] = seen;
	struct iattr *again = kept.whole;
	seen = BPF_CORE_READ(again, ia_valid);
	return 0;
}
HOOK(context_kept) { u64 *volatile kept = ctx; seen = ((struct iattr *)kept[1])->ia_valid; return 0; }
HOOK(written_by_function) { void *volatile kept = attr; put(&kept, dentry); seen = BPF_CORE_READ((struct iattr *)kept, ia_valid); return 0; }
HOOK(address_kept) {
	void *volatile kept = attr;
	void *volatile *volatile place = &kept;
	*place = (void *)seen;
	seen = BPF_CORE_READ((struct iattr *)kept, ia_valid);
	return 0;
}
static long store_in(u32 index, void **place) { *place = (void *)seen; return 0; }
HOOK(written_by_callback) {
	void *volatile kept = attr;
	bpf_loop(1, store_in, (void *)&kept, 0);
	seen = BPF_CORE_READ((struct iattr *)kept, ia_valid);
	return 0;
}
extern int LINUX_KERNEL_VERSION __kconfig;
HOOK(chosen_by_version) {
	if (LINUX_KERNEL_VERSION < 0x60300) seen = BPF_CORE_READ(attr, ia_valid);
	else seen = BPF_CORE_READ((struct iattr *)ctx[2], ia_valid) + 1;
	return 0;
}
SEC("tp_btf/sched_switch") int BPF_PROG(number_kept, bool preempt, unsigned int state, struct task_struct *prev, struct task_struct *next) {
	struct task_struct *volatile kept = next;
	seen = kept->pid;
	return 0;
}
`;

let folder = '';
const paths: string[] = [];
let raw: BpfObject;
let stack: BpfObject;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'raw-tracepoints-'));
  paths.push(await compileBpf(folder, 'raw', RAW), await compileBpf(folder, 'stack', STACK));
  const [first, second] = await Promise.all(paths.map(async (path) => readBpfObject(await readFile(path), path)));
  if (!first || !second) throw new Error('an object is missing');
  [raw, stack] = [first, second];
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

async function typesOf(selector: string) {
  return { vmlinux: indexNames(mustReadBtf(await readFile((await pulledBtf(selector)).path))), modules: [] };
}

function failuresOn(object: BpfObject, types: Awaited<ReturnType<typeof typesOf>>): string[] {
  return predictCell(object, types).programs.flatMap(({ name, failure, possible }) => {
    if (failure) return [`${name} fails: ${failure.reason}`];
    return possible ? [`${name} may fail: ${possible.class}: ${possible.reason}`] : [];
  });
}

it('a raw tracepoint program that reads too many arguments may fail to attach, and one that reads memory directly fails', async () => {
  expect(failuresOn(raw, await typesOf('debian:5.10'))).toMatchInlineSnapshot(`
    [
      "fourth may fail: attach-failed: argument 4 of tracepoint sched_switch: this kernel has only 3 arguments there, so it does not attach the program",
      "fourth_as_task may fail: attach-failed: argument 4 of tracepoint sched_switch: this kernel has only 3 arguments there, so it does not attach the program",
      "fourth_of_context may fail: attach-failed: argument 4 of tracepoint sched_switch: this kernel has only 3 arguments there, so it does not attach the program",
      "fourth_writable may fail: attach-failed: argument 4 of tracepoint sched_switch: this kernel has only 3 arguments there, so it does not attach the program",
      "direct fails: argument 1 of tracepoint sched_process_exec: struct task_struct * on this kernel, which the verifier does not follow, but the program reads memory through it",
    ]
  `);
  expect(failuresOn(raw, await typesOf('debian:6.12'))).toMatchInlineSnapshot(`
    [
      "direct fails: argument 1 of tracepoint sched_process_exec: struct task_struct * on this kernel, which the verifier does not follow, but the program reads memory through it",
    ]
  `);
});

it('a raw tracepoint program that reads another type through an argument has a semantic change', async () => {
  expect([...argumentChanges(raw, await typesOf('debian:5.10')).values()].map(changeText)).toMatchInlineSnapshot(`
    [
      "argument 1 of tracepoint sched_process_exec is struct task_struct * here, but the program reads inode.i_ino from it",
    ]
  `);
  expect([...argumentChanges(raw, await typesOf('debian:6.12')).values()].map(changeText)).toMatchInlineSnapshot(`
    [
      "argument 4 of tracepoint sched_switch is unsigned int here, a number, but the program reads task_struct.pid at this address",
      "argument 1 of tracepoint sched_process_exec is struct task_struct * here, but the program reads inode.i_ino from it",
    ]
  `);
});

it('an argument that is kept on the stack is followed unless anything else may be there, and on no path that the version of the kernel chooses', async () => {
  const types = await typesOf('debian:6.12');
  const changes = [...argumentChanges(stack, types)].map(([ref, change]) => `${stack.relocations[ref]?.program}: ${changeText(change)}`);
  expect(changes).toMatchInlineSnapshot(`
    [
      "kept: argument 2 of LSM hook inode_setattr is struct dentry *dentry here, but the program reads iattr.ia_valid from it",
      "kept_for_helper: argument 2 of LSM hook inode_setattr is struct dentry *dentry here, but the program reads iattr.ia_valid from it",
      "overwritten: argument 1 of LSM hook inode_setattr is struct mnt_idmap *idmap here, but the program reads iattr.ia_valid from it",
      "helper_writes_above: argument 2 of LSM hook inode_setattr is struct dentry *dentry here, but the program reads iattr.ia_valid from it",
      "context_kept: argument 2 of LSM hook inode_setattr is struct dentry *dentry here, but the program reads iattr.ia_valid from it",
      "written_by_function: argument 1 of LSM hook inode_setattr is struct mnt_idmap *idmap here, but the program reads iattr.ia_valid from it",
    ]
  `);
  expect(failuresOn(stack, types)).toMatchInlineSnapshot(`
    [
      "number_kept fails: argument 4 of tracepoint sched_switch: unsigned int on this kernel, a number, but the program reads memory through it",
    ]
  `);
});

it('guests attach and refuse the programs as predicted, and the explanation names the argument', async () => {
  const selectors = (await fourSelectors()).filter((selector) => selector !== 'debian:6.1');
  const { objects, problems } = await readInputs({
    sources: [{ pattern: paths[0] ?? '', settings: { mode: 'attach' } }, { pattern: paths[1] ?? '' }],
    directory: '/',
  });
  expect(problems).toEqual([]);
  const results: Results = await realRun([], selectors, { objects, limits: { bootMs: 900_000 } });
  const outcomes = results.cells.map(({ kernel, programs }) => [
    `${/\d+\.\d+/.exec(kernel)?.[0]}`,
    ...programs.flatMap(({ name, status, class: failure, predicted }) => {
      return status === 'pass' ? [] : [`${name}: ${status} ${failure}, predicted ${predicted?.status}, agrees ${predicted?.agrees}`];
    }),
  ]);
  expect(outcomes).toMatchInlineSnapshot(`
    [
      [
        "5.10",
        "fourth: fail attach-failed, predicted may-fail, agrees true",
        "fourth_as_task: fail attach-failed, predicted may-fail, agrees true",
        "fourth_of_context: fail attach-failed, predicted may-fail, agrees true",
        "fourth_writable: fail attach-failed, predicted may-fail, agrees true",
        "direct: fail verifier-rejected, predicted fail, agrees true",
      ],
      [
        "5.10",
        "written_by_callback: fail insn-unsupported, predicted fail, agrees true",
        "number_kept: fail verifier-rejected, predicted fail, agrees true",
      ],
      [
        "6.12",
        "direct: fail verifier-rejected, predicted fail, agrees true",
      ],
      [
        "6.12",
        "number_kept: fail verifier-rejected, predicted fail, agrees true",
      ],
      [
        "7.3",
        "direct: fail verifier-rejected, predicted fail, agrees true",
      ],
      [
        "7.3",
        "number_kept: fail verifier-rejected, predicted fail, agrees true",
      ],
    ]
  `);
  const explanation = await explainRun(results, await objectsOfResults(results), cacheRoot(), (problem) => {
    throw new Error(problem);
  });
  const causes = explanation.causes.map(({ class: failure, subject, situations, advice }) => ({
    cause: `${failure}: ${subject}`,
    situations: situations.map(({ kernels, summary, hints }) => [`${kernels.length} kernels`, summary, ...hints].join('; ')),
    advice,
  }));
  expect(causes.toSorted((a, b) => a.cause.localeCompare(b.cause))).toMatchInlineSnapshot(`
    [
      {
        "advice": [
          "A program reads the arguments of tracepoint sched_switch by position. "corematrix types diff btf_trace_sched_switch" shows how the kernels differ.",
          "The kernel loads a raw tracepoint program that reads too many arguments, and refuses it only when it is attached.",
          "Write one program for each prototype, keep them from loading by default (SEC("?...")), and switch on the one that fits the kernel (alternatives: in the configuration).",
        ],
        "cause": "attach-failed: argument 4 of tracepoint sched_switch",
        "situations": [
          "1 kernels; argument 4 of tracepoint sched_switch: this kernel has only 3 arguments there, so it does not attach the program; prototype here: (bool, struct task_struct *, struct task_struct *); prototype on 6.12, where the program attaches: (bool, struct task_struct *, struct task_struct *, unsigned int)",
        ],
      },
      {
        "advice": [
          "The program passes a function to a helper as a callback, which needs Linux 5.13. A check around the call does not help, because libbpf adds the function to the program anyway. Keep such calls in programs that load only where enum bpf_func_id has the helper.",
        ],
        "cause": "insn-unsupported: this kernel does not know functions as callbacks: func_info lists more functions than it finds",
        "situations": [
          "1 kernels; this kernel does not know functions as callbacks: func_info lists more functions than it finds",
        ],
      },
      {
        "advice": [
          "A program reads the arguments of tracepoint sched_process_exec by position. "corematrix types diff btf_trace_sched_process_exec" shows how the kernels differ.",
          "A program of a raw tracepoint gets each argument as a number. Read the memory behind a pointer with BPF_CORE_READ() or bpf_probe_read_kernel(), or use SEC("tp_btf/...").",
        ],
        "cause": "verifier-rejected: argument 1 of tracepoint sched_process_exec",
        "situations": [
          "3 kernels; argument 1 of tracepoint sched_process_exec: struct task_struct * on this kernel, which the verifier does not follow, but the program reads memory through it; prototype here: (struct task_struct *, pid_t, struct linux_binprm *)",
        ],
      },
      {
        "advice": [
          "A program reads the arguments of tracepoint sched_switch by position. "corematrix types diff btf_trace_sched_switch" shows how the kernels differ.",
          "On no kernel looked at can a program read memory through this argument. Compare its position with the prototypes.",
          "Do not read memory through a number with a helper or BPF_CORE_READ(): it is no address.",
        ],
        "cause": "verifier-rejected: argument 4 of tracepoint sched_switch",
        "situations": [
          "1 kernels; argument 4 of tracepoint sched_switch: this kernel has only 3 arguments there; prototype here: (bool, struct task_struct *, struct task_struct *)",
          "2 kernels; argument 4 of tracepoint sched_switch: unsigned int on this kernel, a number, but the program reads memory through it; prototype here: (bool, struct task_struct *, struct task_struct *, unsigned int)",
        ],
      },
    ]
  `);
}, 900_000);
