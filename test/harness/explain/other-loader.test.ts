// Tests of advice and notes about objects that libbpf refuses and another library loads.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { explain } from '../../../harness/explain/explain.ts';
import { openKernels } from '../../../harness/explain/kernel-cache.ts';
import { failuresByPrediction } from '../../../harness/explain/sources.ts';
import { loaderNotes } from '../../../harness/plan/inputs/loader-notes.ts';
import { plainSources, readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { offlineKernels } from '../../kernels/pulled.ts';
import { compiled, explainedByPrediction } from './predicted.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'other-loader-test-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const HEAD = '#include <linux/bpf.h>\n#include <bpf/bpf_helpers.h>\nchar LICENSE[] SEC("license") = "GPL";\n';
const program = (section: string, name: string) => `SEC("${section}") int ${name}(void *ctx) { return 0; }\n`;

const SOURCES = {
  sections: `${HEAD}${program('classifier/a', 'a')}${program('classifier/b', 'b')}${program('socket/c', 'c')}`,
  typed: `${HEAD}struct event { int pid; };
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); __type(value, struct event); } events SEC(".maps");
${program('xdp', 'p')}`,
  sized: `${HEAD}struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); __uint(value_size, 4); } sized SEC(".maps");
${program('xdp', 'p')}`,
  hidden: `${HEAD}SEC("xdp") static int p(void *ctx) { return 0; }\n`,
  unheard: `${HEAD}${program('unheard/of', 'p')}`,
};

it('the advice names the loader of objects that another library loads, once for each kind of refusal', async () => {
  const { causes } = await explainedByPrediction(folder, SOURCES);
  expect(Object.fromEntries(causes.map(({ subject, advice }) => [subject, advice.map((line) => line.slice(0, 140))])))
    .toMatchInlineSnapshot(`
    {
      "a program is static": [
        "libbpf refuses this; cilium/ebpf and aya load it: not the kernel's fault. Write "loader: cilium@0.22" for the object in the configuration. T",
      ],
      "map 'events' (ringbuf): cannot be created: EINVAL": [
        "libbpf refuses this; cilium/ebpf and aya load it: not the kernel's fault. Write "loader: cilium@0.22" for the object in the configuration. T",
      ],
      "map 'sized' (ringbuf): cannot be created: EINVAL": [
        "No kernel creates a map of type ringbuf like this: value_size is 4 and must be 0. Set it in the definition, or let the loader set it (maps: ",
      ],
      "missing BPF prog type": [
        "libbpf refuses this; cilium/ebpf and aya load it: not the kernel's fault. Write "loader: cilium@0.22" for the object in the configuration. T",
        "This libbpf takes no program type from the section name; other loaders may. Name the type, programs: {NAME: {type: TYPE}} in the configurati",
      ],
    }
  `);
});

it('a note names the other loader unless the configuration names one, and objects without evidence have none', async () => {
  const { objects } = await readInputs(plainSources(await compiled(folder, SOURCES), folder));
  expect(loaderNotes(objects)).toMatchInlineSnapshot(`
    [
      "hidden.bpf.o: libbpf refuses static program p; cilium/ebpf and aya can load it. Such a failure is not the kernel's fault: write "loader: cilium@0.22" for the object in the configuration",
      "sections.bpf.o: libbpf refuses section classifier/a, section classifier/b, section socket/c; cilium/ebpf and aya can load it. Such a failure is not the kernel's fault: write "loader: cilium@0.22" for the object in the configuration",
      "typed.bpf.o: libbpf refuses ringbuf map events with a type of values; cilium/ebpf and aya can load it. Such a failure is not the kernel's fault: write "loader: cilium@0.22" for the object in the configuration",
    ]
  `);
  const chosen = objects.map((object) => ({ ...object, settings: { ...object.settings, loader: 'libbpf@1.1' } }));
  expect(loaderNotes(chosen)).toEqual([]);
});

it('the refusal of a library is not called the fault of the library alone where the kernel lacks the attach type, too', async () => {
  const source = `${HEAD}${program('cgroup/connect_unix', 'p')}`;
  const { objects } = await readInputs(plainSources(await compiled(folder, { unix_sockets: source }), folder), { loaders: ['aya@0.14'] });
  const adviceOn = async (selector: string) => {
    const cache = openKernels(await offlineKernels([selector]), () => {});
    const { failures, recordsOf } = await failuresByPrediction(objects, cache);
    return (await explain(failures, objects, cache, recordsOf)).causes.flatMap(({ advice }) => advice.map((line) => line.split('. ')[0]));
  };
  expect([await adviceOn('debian:5.10'), await adviceOn('debian:6.12')]).toMatchInlineSnapshot(`
    [
      [
        "aya refuses this before it asks the kernel, but with another loader, programs of it would fail, too: attach type cgroup_unix_connect is unknown to this kernel (5.10)",
      ],
      [
        "aya refuses this before it asks the kernel: not the kernel's fault",
      ],
    ]
  `);
});
