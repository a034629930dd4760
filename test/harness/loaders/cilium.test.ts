// Tests of the loader program with cilium/ebpf: it loads objects in real guests, and its verdicts are about the same things as libbpf's.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cacheRoot } from '../../../harness/base/files.ts';
import { explainRun } from '../../../harness/explain/of-results.ts';
import { objectsOfResults } from '../../../harness/explain/sources.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { sample } from '../run/real-run.ts';
import { contradictions, runLoaders, verdicts } from './run-loaders.ts';
import { goIsMissing } from './toolchains.ts';

const LOADERS = ['cilium@0.22', 'cilium@0.17'];

test.skipIf(goIsMissing)(
  'both releases of cilium/ebpf give each program of an object its own verdict, with the relocation that failed',
  async () => {
    const results = await runLoaders([sample('task_state')], ['debian:5.10', 'debian:6.12'], LOADERS);
    expect(verdicts(results)).toMatchInlineSnapshot(`
      [
        "task_state+cilium-0.22/old_name 5.10 pass",
        "task_state+cilium-0.22/new_name 5.10 fail core-field-missing: task_struct.__state: no such field (byte_off, task_state.bpf.c:34)",
        "task_state+cilium-0.22/either_name 5.10 pass",
        "task_state+cilium-0.17/old_name 5.10 pass",
        "task_state+cilium-0.17/new_name 5.10 fail core-field-missing: task_struct.__state: no such field (byte_off, task_state.bpf.c:34)",
        "task_state+cilium-0.17/either_name 5.10 pass",
        "task_state+cilium-0.22/old_name 6.12 fail core-field-missing: task_struct___before_5_14.state: no such field (byte_off, task_state.bpf.c:26)",
        "task_state+cilium-0.22/new_name 6.12 pass",
        "task_state+cilium-0.22/either_name 6.12 pass",
        "task_state+cilium-0.17/old_name 6.12 fail core-field-missing: task_struct___before_5_14.state: no such field (byte_off, task_state.bpf.c:26)",
        "task_state+cilium-0.17/new_name 6.12 pass",
        "task_state+cilium-0.17/either_name 6.12 pass",
      ]
    `);
    expect(results.run.otherAgents?.map(({ loader, library, release }) => `${loader} is ${library} ${release}`)).toEqual([
      'cilium@0.22 is cilium/ebpf 0.22.0',
      'cilium@0.17 is cilium/ebpf 0.17.3',
    ]);
  },
  600_000,
);

/** An object as projects in Go write it: libbpf refuses it for each of its four oddities. */
const BPF2GO = `
struct event { __u32 pid; __u64 at; };
static long (*update)(void *, const void *, const void *, __u64) = (void *)2;
static void *(*reserve)(void *, __u64, __u64) = (void *)131;
static void (*submit)(void *, __u64) = (void *)132;
struct {
  int (*type)[27]; /* BPF_MAP_TYPE_RINGBUF */
  int (*max_entries)[1 << 16];
  struct event *value;
} events SEC(".maps");
struct bpf_map_def { unsigned int type, key_size, value_size, max_entries, map_flags; };
struct bpf_map_def counts SEC("maps") = { 1 /* BPF_MAP_TYPE_HASH */, 4, 8, 16, 0 };
SEC("classifier/count") int count_packets(void *ctx)
{
  __u32 key = 1; __u64 one = 1;
  update(&counts, &key, &one, 0);
  return 0;
}
SEC("tracepoint/syscalls/sys_enter_openat") int on_open(void *ctx)
{
  struct event *event = reserve(&events, sizeof(*event), 0);
  if (!event) return 0;
  event->pid = 1;
  submit(event, 0);
  return 0;
}
SEC("kprobe/do_exit") static int on_exit(void *ctx) { return 0; }
SEC("made_up/section") int unknown_section(void *ctx) { return 0; }
`;

test.skipIf(goIsMissing)(
  'an object that only cilium/ebpf takes loads with it: legacy maps, a ring buffer with a value, static programs, classifier/NAME',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cilium-test-'));
    try {
      const object = await compileBpf(folder, 'bpf2go', BPF2GO);
      const results = await runLoaders([{ pattern: object, name: 'bpf2go' }], ['debian:6.12'], ['libbpf@default', ...LOADERS]);
      expect(verdicts(results)).toMatchInlineSnapshot(`
        [
          "bpf2go/count_packets 6.12 fail object-invalid: libbpf cannot open the object: sec 'kprobe/do_exit': program 'on_exit' is static and not supported",
          "bpf2go/on_open 6.12 fail object-invalid: libbpf cannot open the object: sec 'kprobe/do_exit': program 'on_exit' is static and not supported",
          "bpf2go/on_exit 6.12 fail object-invalid: libbpf cannot open the object: sec 'kprobe/do_exit': program 'on_exit' is static and not supported",
          "bpf2go/unknown_section 6.12 fail object-invalid: libbpf cannot open the object: sec 'kprobe/do_exit': program 'on_exit' is static and not supported",
          "bpf2go+cilium-0.22/count_packets 6.12 pass",
          "bpf2go+cilium-0.22/on_open 6.12 pass",
          "bpf2go+cilium-0.22/on_exit 6.12 pass",
          "bpf2go+cilium-0.22/unknown_section 6.12 skip",
          "bpf2go+cilium-0.17/count_packets 6.12 pass",
          "bpf2go+cilium-0.17/on_open 6.12 pass",
          "bpf2go+cilium-0.17/on_exit 6.12 pass",
          "bpf2go+cilium-0.17/unknown_section 6.12 skip",
        ]
      `);
      const reasons = results.cells.flatMap(({ programs }) =>
        programs.filter(({ status }) => status === 'skip').map(({ reason }) => reason),
      );
      expect(reasons).toEqual(LOADERS.map(() => "cilium/ebpf takes no program type from section 'made_up/section'"));
    } finally {
      await rm(folder, { recursive: true });
    }
  },
  600_000,
);

const MANY = `
SEC("kprobe.session/vfs_open") int session(void *ctx) { return 0; }
SEC("uprobe.multi//proc/self/exe:main") int no_symbol(void *ctx) { return 0; }
SEC("uprobe.session//proc/self/exe:main") int user_session(void *ctx) { return 0; }
`;

test.skipIf(goIsMissing)(
  'cilium/ebpf attaches kprobe sessions, and what it has no function for is its own refusal and not the fault of the kernel',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cilium-test-'));
    try {
      const object = await compileBpf(folder, 'many', MANY);
      const results = await runLoaders([{ pattern: object, name: 'many' }], ['debian:7.3'], ['cilium@0.22'], 'attach');
      expect(verdicts(results)).toMatchInlineSnapshot(`
        [
          "many+cilium-0.22/session 7.3 pass",
          "many+cilium-0.22/no_symbol 7.3 fail attach-failed: symbol main: not found (EINVAL)",
          "many+cilium-0.22/user_session 7.3 fail object-invalid: cilium/ebpf 0.22.0 has no function that attaches programs of section uprobe.session: operation not supported",
        ]
      `);
      expect(contradictions(results)).toEqual([]);
      const predicted = results.cells.flatMap(({ programs }) =>
        programs.map(({ name, predicted: of }) => `${name} ${of?.status} ${of?.class}`),
      );
      expect(predicted).toContain('user_session fail object-invalid');
    } finally {
      await rm(folder, { recursive: true });
    }
  },
  600_000,
);

test.skipIf(goIsMissing)(
  'a function that cilium/ebpf refuses because the kernel has two of its name is not a program type that the kernel refuses',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cilium-test-'));
    try {
      const object = await compileBpf(folder, 'shared', 'SEC("fentry/name_show") int shared_name(void *ctx) { return 0; }');
      const results = await runLoaders([{ pattern: object, name: 'shared' }], ['debian:6.1'], LOADERS);
      expect(verdicts(results).map((line) => line.replace(/0x[0-9a-f]+/, 'ADDRESS'))).toMatchInlineSnapshot(`
        [
          "shared+cilium-0.22/shared_name 6.1 fail object-invalid: cilium/ebpf refuses the attach target: attaching to ambiguous kernel symbol is not supported: find target in vmlinux: type name_show(*btf.Func): multiple matching types",
          "shared+cilium-0.17/shared_name 6.1 fail object-invalid: cilium/ebpf cannot open the object: populating kallsyms caches: getting modules from kallsyms: assigning symbol modules: symbol name_show: duplicate found at address ADDRESS (module ""): multiple kernel symbols with the same name",
        ]
      `);
      const { causes } = await explainRun(results, await objectsOfResults(results), cacheRoot(), (problem) => {
        throw new Error(problem);
      });
      expect(causes.flatMap(({ advice }) => advice)).toMatchInlineSnapshot(`
        [
          "cilium/ebpf refuses this before it asks the kernel: not the kernel's fault. Whether the kernel has what the object needs, only another loader shows. If another loader of your project loads the object, name it: "loader: libbpf@default" for the object in the configuration. To load it with cilium/ebpf, write the object as cilium/ebpf documents it.",
          "cilium/ebpf refuses this before it asks the kernel: not the kernel's fault. Whether the kernel has what the object needs, only another loader shows. If another loader of your project loads the object, name it: "loader: libbpf@default" for the object in the configuration. To load it with cilium/ebpf, write the object as cilium/ebpf documents it.",
        ]
      `);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
  600_000,
);

const TWICE = `
static __noinline int helper_1(int a) { volatile int b = a; return b + 1; }
static __noinline int helper_2(int a) { volatile int b = a; return b + 2; }
SEC("raw_tp/sys_enter") int first(u64 *ctx) { return helper_1(3); }
SEC("raw_tp/sys_enter") int second(u64 *ctx) { return helper_2(3); }
`;

test.skipIf(goIsMissing)(
  'an object with two static functions of one name, as linkers make them, is refused by cilium/ebpf as predicted, and by no other loader',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cilium-test-'));
    try {
      const compiled = await readFile(await compileBpf(folder, 'twice', TWICE), 'latin1');
      const pattern = join(folder, 'twice.bpf.o');
      await writeFile(pattern, compiled.replaceAll('helper_2', 'helper_1'), 'latin1');
      const results = await runLoaders([pattern], ['debian:7.3'], ['libbpf@default', ...LOADERS]);
      expect(verdicts(results)).toMatchInlineSnapshot(`
        [
          "twice/first 7.3 pass",
          "twice/second 7.3 pass",
          "twice+cilium-0.22/first 7.3 fail object-invalid: cilium/ebpf cannot open the object: load programs: section .text: duplicate symbol helper_1 in section .text",
          "twice+cilium-0.22/second 7.3 fail object-invalid: cilium/ebpf cannot open the object: load programs: section .text: duplicate symbol helper_1 in section .text",
          "twice+cilium-0.17/first 7.3 fail object-invalid: cilium/ebpf cannot open the object: load programs: section .text: insns contains duplicate Symbol helper_1",
          "twice+cilium-0.17/second 7.3 fail object-invalid: cilium/ebpf cannot open the object: load programs: section .text: insns contains duplicate Symbol helper_1",
        ]
      `);
      expect(contradictions(results)).toEqual([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
  600_000,
);
