// Tests that predict and explain say the same about each program on each kernel: status and class, for samples and for failures of every kind.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { OfflineKernel } from '../../../harness/kernel-btf/kernels.ts';
import { plainSources, readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { openKernels } from '../../../harness/explain/kernel-cache.ts';
import { failuresByPrediction } from '../../../harness/explain/sources.ts';
import { predictMatrix } from '../../../harness/predict/result.ts';
import { sampleObjects } from '../bpf/object/samples.ts';
import { offlineKernels, testSelectors } from '../../kernels/pulled.ts';
import { moreSources } from './more-failures.ts';
import { compiled, explainedByPrediction } from './predicted.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agreement-test-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** Objects that libbpf does not open or does not give to a kernel. */
const REFUSED = {
  common: `__attribute__((common)) int seen; __attribute__((section("xdp"), used)) int p(void *ctx) { return seen++; }`,
  sections: `__attribute__((section("unheard/of"), used)) int p(void *ctx) { return 0; }
__attribute__((section("freplace/f"), used)) int q(void *ctx) { return 0; }`,
};

it('predict and explain have the same status and class for each program on each kernel', async () => {
  const samples = await sampleObjects();
  const paths = [...samples.map(({ path }) => path), ...(await compiled(folder, { ...moreSources(), ...REFUSED }))];
  const found = await offlineKernels(await testSelectors());
  const [first] = found;
  if (!first) throw new Error('there is no kernel');
  const withoutBtf: OfflineKernel = { ...first, id: 'without-btf', path: null, index: null, config: null };
  const kernels = [...found, withoutBtf];
  const { objects, problems } = await readInputs(plainSources(paths, folder), { loaders: ['libbpf@default', 'libbpf@1.1'] });
  const cache = openKernels(kernels, (problem) => {
    throw new Error(problem);
  });
  const { prediction, problems: unread } = await predictMatrix(objects, kernels);
  const { failures } = await failuresByPrediction(objects, cache);

  const key = (...names: string[]) => names.join(' ');
  const explained = new Map(
    failures.flatMap(({ object, kernel, program, class: failure, certainty, reported }) =>
      reported ? [[key(object, kernel, program), `${certainty} ${failure}`] as const] : [],
    ),
  );
  const differing = prediction.cells.flatMap(({ object, kernel, programs }) =>
    programs.flatMap(({ name, predicted, possible }) => {
      const said = predicted ? `certain ${predicted.class}` : possible && `possible ${possible.class}`;
      const other = explained.get(key(object, kernel, name)) ?? null;
      return said === other ? [] : [`${key(object, kernel, name)}: predict ${said}, explain ${other}`];
    }),
  );
  expect({ differing, problems, unread }).toEqual({ differing: [], problems: [], unread: [] });
  const classes = new Set(failures.flatMap((failure) => (failure.reported ? [failure.class] : [])));
  expect([...classes].toSorted()).toMatchInlineSnapshot(`
    [
      "attach-target-missing",
      "btf-missing",
      "core-ambiguous",
      "core-enum-missing",
      "core-field-incompatible",
      "core-field-missing",
      "core-type-missing",
      "helper-unknown",
      "insn-unsupported",
      "kconfig-missing",
      "kfunc-missing",
      "ksym-missing",
      "map-create-failed",
      "map-type-unsupported",
      "object-invalid",
      "program-type-unsupported",
      "verifier-rejected",
    ]
  `);
});

/** Accesses through names that CO-RE does not find as meant. */
const NAMES = `#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
long seen;
struct task_struct__old { long state; } __attribute__((preserve_access_index));
typedef struct { int cmd; struct { unsigned count; } batch; } __attribute__((preserve_access_index)) wrapper;
SEC("raw_tp/x") int misspelt(long *ctx) { seen = BPF_CORE_READ((struct task_struct__old *)ctx[0], state); return 0; }
SEC("raw_tp/x") int anonymous(long *ctx) { typeof(((wrapper *)0)->batch) *batch = (void *)ctx[0]; seen = BPF_CORE_READ(batch, count); return 0; }
`;

it('a misspelt flavor and an anonymous struct are explained as such, without code', async () => {
  const { causes } = await explainedByPrediction(folder, { names: NAMES });
  const said = causes.map(({ places, situations, advice, snippet }) => [
    places[0]?.program,
    { snippet, hints: [...new Set(situations.flatMap(({ hints }) => hints))], advice },
  ]);
  expect(Object.fromEntries(said)).toMatchInlineSnapshot(`
    {
      "anonymous": {
        "advice": [
          "An anonymous struct has no name that CO-RE can find. Read the field through the named type that contains it: pass the address of that type, not of its anonymous member.",
        ],
        "hints": [],
        "snippet": null,
      },
      "misspelt": {
        "advice": [
          "None of these kernels has it. Check the name, or look in newer kernels and in modules.",
        ],
        "hints": [
          "most likely: a misspelt flavor of struct task_struct; three underscores begin a flavor: task_struct___old",
        ],
        "snippet": null,
      },
    }
  `);
});

const OTHER_TYPE = `#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
long seen;
struct file { struct { long count; } f_inode; } __attribute__((preserve_access_index));
struct task_struct { char *pid; } __attribute__((preserve_access_index));
SEC("raw_tp/x") int pointer(long *ctx) { seen = (long)BPF_CORE_READ((struct task_struct *)ctx[0], pid); return 0; }
SEC("raw_tp/x") int member(long *ctx) { seen = BPF_CORE_READ((struct file *)ctx[0], f_inode.count); return 0; }
`;

it('a kernel that has the field with another type is named so, one that has another field on the path is not', async () => {
  const { causes, kernels } = await explainedByPrediction(folder, { types: OTHER_TYPE });
  const found = Object.fromEntries(causes.map(({ subject, presence }) => [subject, presence?.otherType?.length]));
  expect(found).toEqual({ 'task_struct.pid': kernels.length, 'file.f_inode.count': undefined });
});

const BITFIELD = `#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
long seen;
struct inet_sock { unsigned char mc_loop : 1; } __attribute__((preserve_access_index));
SEC("raw_tp/x") int bits(long *ctx) { seen = BPF_CORE_READ_BITFIELD_PROBED((struct inet_sock *)ctx[0], mc_loop); return 0; }
`;

it('a missing bitfield is one place with the relocation that failed, which the evidence shows', async () => {
  const { causes } = await explainedByPrediction(folder, { bitfield: BITFIELD });
  const found = causes.map(({ subject, places, situations }) => ({
    subject,
    places: places.map(({ program, relocation, behind }) => ({
      program,
      relocation: `relo #${relocation?.index}: <${relocation?.kind}>`,
      behind,
    })),
    evidence: [...new Set(situations.flatMap(({ evidence }) => evidence[0]?.replace(/> .*/, '>') ?? []))],
  }));
  const first = 'relo #0: <byte_off>';
  expect(found).toEqual([
    { subject: 'inet_sock.mc_loop', places: [{ program: 'bits', relocation: first, behind: [] }], evidence: [first] },
  ]);
});

const BECAME_POINTER = `#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
long seen;
struct fown_struct { int signum; } __attribute__((preserve_access_index));
struct file { struct fown_struct f_owner; } __attribute__((preserve_access_index));
SEC("raw_tp/x") int owner(long *ctx) { seen = BPF_CORE_READ((struct file *)ctx[0], f_owner.signum); return 0; }
`;

const OTHER_MEANING = `
typedef unsigned long long u64;
#define SEC(n) __attribute__((section(n), used))
char LICENSE[] SEC("license") = "GPL";
struct maple_tree { void *ma_root; } __attribute__((preserve_access_index));
struct mm_struct { struct maple_tree mm_mt; } __attribute__((preserve_access_index));
SEC("raw_tp/x") int tree(u64 *ctx) { return (u64)((struct mm_struct *)ctx[0])->mm_mt.ma_root; }
`;

it('no alternative is called likely beside a sentence that it has another meaning', async () => {
  const { causes } = await explainedByPrediction(folder, { meaning: OTHER_MEANING });
  const contradicted = causes.flatMap(({ situations }) =>
    situations.flatMap(({ alternatives: [first], hints }) =>
      first && hints.some((hint) => hint.includes('has another meaning')) ? [`${first.certainty} ${first.paths.flat().join('.')}`] : [],
    ),
  );
  expect(new Set(contradicted)).toEqual(new Set(['possible mmap']));
});

it('a struct that became a pointer names the field behind the pointer, and offers no code because the pointer may be null', async () => {
  const { causes } = await explainedByPrediction(folder, { pointer: BECAME_POINTER });
  const found = causes.map(({ subject, situations, snippet }) => {
    const all = situations.flatMap(({ alternatives, hints }) => [
      ...alternatives.map(
        ({ paths, relation, certainty }) => `${certainty} ${relation} ${paths.map((steps) => steps.join('.')).join('->')}`,
      ),
      ...hints,
    ]);
    return { subject, said: [...new Set(all)], reads: snippet?.match(/BPF_CORE_READ\(.*?\)/g) };
  });
  expect(found).toEqual([
    {
      subject: 'file.f_owner.signum',
      said: ['possible behind-pointer f_owner->signum', 'f_owner->signum has another meaning: f_owner is now a pointer, which may be null'],
      reads: ['BPF_CORE_READ(a, f_owner.signum)'],
    },
  ]);
});
