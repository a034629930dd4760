// Arguments of hooks that are another parameter on other kernels, although the number at the position stays a number.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { indexNames } from '../../../harness/bpf/btf/names.ts';
import { readBpfObject } from '../../../harness/bpf/object/object.ts';
import { openKernels } from '../../../harness/explain/kernel-cache.ts';
import { movedArguments } from '../../../harness/explain/moved-arguments.ts';
import { plainSources, readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { argumentChanges, changeText } from '../../../harness/predict/argument-changes.ts';
import { mergeFindings } from '../../../harness/results/merge-findings.ts';
import { offlineKernels, pulledBtf } from '../../kernels/pulled.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { mustReadBtf, sampleObjects } from '../bpf/object/samples.ts';
import { compiled } from './predicted.ts';

const SELECTORS = ['debian:5.10', 'debian:6.12', 'debian:7.3'];

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'moved-arguments-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** Linux 5.19 dropped `nonblock` from tcp_recvmsg(), so that `flags` is the fourth argument instead of the fifth. */
const SOURCE = `#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
typedef __u64 u64;
u64 value;
SEC("fentry/tcp_recvmsg") int moved(u64 *ctx) { value = ctx[3]; return 0; }
SEC("fentry/tcp_recvmsg") int kept(u64 *ctx) { value = ctx[2]; return 0; }
SEC("fentry/tcp_recvmsg") int unread(u64 *ctx) { return 0; }
SEC("fentry/tcp_sendmsg") int equal(u64 *ctx) { value = ctx[2]; return 0; }
SEC("fexit/capable_wrt_inode_uidgid") int result_moved(u64 *ctx) { value = ctx[2]; return 0; }
SEC("fentry/futex_wake") int to_pointer(u64 *ctx) { value = (int)ctx[2]; return 0; }
SEC("tp_btf/xdp_redirect") int traced(u64 *ctx) { value = ctx[5]; return 0; }
SEC("tp_btf/sched_switch") int traced_kept(u64 *ctx) { value = ctx[1]; return 0; }
struct pt_regs { unsigned long dx, si; } __attribute__((preserve_access_index));
SEC("kprobe/futex_wake") int probed(struct pt_regs *ctx) { value = ctx->dx; return 0; }
SEC("kprobe/futex_wake") int probed_kept(struct pt_regs *ctx) { value = ctx->si; return 0; }
SEC("kprobe/futex_wake+0x8") int probed_behind(struct pt_regs *ctx) { value = ctx->dx; return 0; }
SEC("kretprobe/futex_wake") int probed_at_return(struct pt_regs *ctx) { value = ctx->dx; return 0; }
char LICENSE[] SEC("license") = "GPL";
`;

/** The moved arguments of objects, as `OBJECT/PROGRAM: argument ...: TEXT on KERNELS; ...`. */
async function movedIn(paths: readonly string[], selectors: readonly string[] = SELECTORS): Promise<string[]> {
  const kernels = await offlineKernels([...selectors]);
  const cache = openKernels(kernels, (problem) => {
    throw new Error(problem);
  });
  const { objects } = await readInputs(plainSources(paths, folder));
  const series = (id: string) => kernels.find((kernel) => kernel.id === id)?.series ?? id;
  return (await movedArguments(objects, cache)).map(({ object, program, subject, parameters }) => {
    const each = parameters.map(({ text, kernels: own }) => `${text} on ${own.map(series).join(', ')}`);
    return `${basename(object)}/${program}: ${subject}: ${each.join('; ')}`;
  });
}

test('an argument that is another parameter on other kernels is named with the parameters of both', async () => {
  expect(await movedIn(await compiled(folder, { reads: SOURCE }))).toMatchInlineSnapshot(`
    [
      "reads/moved: argument 4 of function tcp_recvmsg: int nonblock on 5.10; int flags on 6.12, 7.3",
      "reads/result_moved: argument 3 of function capable_wrt_inode_uidgid: the result (bool) on 5.10; int cap on 6.12, 7.3",
      "reads/to_pointer: argument 3 of function futex_wake: int nr_wake on 5.10, 6.12; void *pop on 7.3",
      "reads/traced: argument 6 of tracepoint xdp_redirect: u32 index on 5.10; u32 map_id on 6.12, 7.3",
      "reads/probed: argument 3 of function futex_wake: int nr_wake on 5.10, 6.12; void *pop on 7.3",
    ]
  `);
});

test('no argument of the sample programs is another parameter on other kernels', async () => {
  const samples = await sampleObjects();
  expect(samples.length).toBeGreaterThan(20);
  expect(await movedIn(samples.map(({ path }) => path))).toEqual([]);
}, 120_000);

test('parts of a run that found one moved argument become one', () => {
  const part = (text: string, kernel: string) => ({
    kernels: [],
    causes: [],
    semanticChanges: [],
    guarded: [],
    movedArguments: [
      {
        object: 'o',
        program: 'p',
        subject: 'argument 4 of function f',
        parameters: [
          { text, kernels: [kernel] },
          { text: 'int last', kernels: ['c'] },
        ],
      },
    ],
  });
  const { movedArguments: merged } = mergeFindings([part('int a', 'a'), part('int a', 'b')], ['a', 'b', 'c']);
  expect(merged).toEqual([
    {
      object: 'o',
      program: 'p',
      subject: 'argument 4 of function f',
      parameters: [
        { text: 'int a', kernels: ['a', 'b'] },
        { text: 'int last', kernels: ['c'] },
      ],
    },
  ]);
  expect(mergeFindings([], [])).not.toHaveProperty('movedArguments');
});

/** Linux 5.12 gave vfs_unlink() a first argument more, so that the second is the directory. */
const PROBE = `#include <bpf/bpf_tracing.h>
struct dentry { void *d_parent; } access_index;
struct file { unsigned int f_flags; } access_index;
u64 value;
SEC("kprobe/vfs_unlink") int BPF_KPROBE(moved, void *dir, struct dentry *dentry) { value = (u64)BPF_CORE_READ(dentry, d_parent); return 0; }
SEC("kprobe/vfs_read") int BPF_KPROBE(kept, struct file *file) { value = BPF_CORE_READ(file, f_flags); return 0; }
`;

test('a struct that a kprobe reads from the register of another argument is named', async () => {
  const path = await compileBpf(
    folder,
    'probe',
    `#define __TARGET_ARCH_x86\nstruct pt_regs { unsigned long r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi; };\n${PROBE}`,
  );
  const object = readBpfObject(await readFile(path), 'probe');
  const changes = await Promise.all(
    ['debian:5.10', 'debian:6.12'].map(async (selector) => {
      const btf = mustReadBtf(await readFile((await pulledBtf(selector)).path));
      return [...argumentChanges(object, { vmlinux: indexNames(btf), modules: [] }).values()].map(changeText);
    }),
  );
  expect(changes).toEqual([
    [],
    ['argument 2 of function vfs_unlink is struct inode *dir here, but the program reads dentry.d_parent from it'],
  ]);
});
