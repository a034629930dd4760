// Advice on programs that kernels refuse for their target or because they may sleep: each advised form is loaded beside the refused one.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cacheRoot } from '../../../harness/base/files.ts';
import { readBpfObject } from '../../../harness/bpf/object/object.ts';
import { explainRun } from '../../../harness/explain/of-results.ts';
import { loadConfig } from '../../../harness/plan/config/load.ts';
import { readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { objectSources } from '../../../harness/plan/inputs/object-sources.ts';
import type { Explanation } from '../../../harness/results/explanation.ts';
import type { Results } from '../../../harness/results/schema.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { realRun } from '../run/real-run.ts';

const SOURCES = {
  targets: `
u64 seen;
SEC("kprobe/vfs_read+0x1") int at_offset(void *ctx) { seen++; return 0; }
SEC("kprobe/vfs_read") int at_start(void *ctx) { seen++; return 0; }
SEC("kprobe/type_show") int on_several(void *ctx) { seen++; return 0; }
SEC("fexit/do_exit") int at_end(void *ctx) { seen++; return 0; }
SEC("fentry/do_exit") int at_entry(void *ctx) { seen++; return 0; }
SEC("uprobe.s") int sleeps(void *ctx) { seen++; return 0; }
SEC("uprobe") int sleeps_not(void *ctx) { seen++; return 0; }
SEC("fentry/ip_append_data") int many_arguments(void *ctx) { seen++; return 0; }
SEC("kprobe/ip_append_data") int many_registers(void *ctx) { seen++; return 0; }
`,
  usdt: `
u64 seen;
SEC("usdt//bin/none:provider:event") int on_event(void *ctx) { seen++; return 0; }
SEC("kprobe/vfs_read") int beside(void *ctx) { seen++; return 0; }
`,
  symbol: `
u64 seen;
extern const void type_show __attribute__((section(".ksyms"), weak));
SEC("raw_tp/sched_switch") int address(void *ctx) { seen = (u64)&type_show; return 0; }
`,
} as const satisfies Readonly<Record<string, string>>;

let folder = '';
let results: Results;
let explanation: Explanation;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attach-advice-'));
  const paths = await Promise.all(Object.entries(SOURCES).map(async ([name, source]) => compileBpf(folder, name, source)));
  const file = join(folder, 'corematrix.yaml');
  await writeFile(file, `objects:\n${paths.map((path) => `  - { path: ${basename(path)}, mode: attach }\n`).join('')}`);
  const { objects, problems } = await readInputs(objectSources(await loadConfig(file), folder));
  if (problems.length > 0) throw new Error(problems.join('\n'));
  results = await realRun([], ['debian:5.10', 'debian:7.3'], { objects });
  const explained = await Promise.all(
    results.objects.map(async (result, at) => ({ result, bpf: readBpfObject(await readFile(paths[at] ?? ''), result.id) })),
  );
  explanation = await explainRun(results, explained, cacheRoot(), (problem) => {
    throw new Error(problem);
  });
}, 900_000);
afterAll(async () => rm(folder, { recursive: true, force: true }));

const kernelOf = (id: string) => /\b(?:5\.10|7\.3)\b/.exec(id)?.[0] ?? id;

test('the form that the advice names is accepted by the kernels that refuse the other', () => {
  const seen = results.cells.flatMap(({ kernel, programs }) =>
    programs.map(({ name, status, predicted }) => `${name} on ${kernelOf(kernel)}: ${status}, predicted ${predicted?.status}`),
  );
  expect(seen.toSorted()).toMatchInlineSnapshot(`
    [
      "address on 5.10: fail, predicted fail",
      "address on 7.3: fail, predicted fail",
      "at_end on 5.10: pass, predicted unknown",
      "at_end on 7.3: fail, predicted fail",
      "at_entry on 5.10: pass, predicted unknown",
      "at_entry on 7.3: pass, predicted unknown",
      "at_offset on 5.10: fail, predicted unknown",
      "at_offset on 7.3: fail, predicted unknown",
      "at_start on 5.10: pass, predicted unknown",
      "at_start on 7.3: pass, predicted unknown",
      "beside on 5.10: pass, predicted unknown",
      "beside on 7.3: pass, predicted unknown",
      "many_arguments on 5.10: fail, predicted unknown",
      "many_arguments on 7.3: pass, predicted unknown",
      "many_registers on 5.10: pass, predicted unknown",
      "many_registers on 7.3: pass, predicted unknown",
      "on_event on 5.10: fail, predicted fail",
      "on_event on 7.3: fail, predicted fail",
      "on_several on 5.10: fail, predicted fail",
      "on_several on 7.3: fail, predicted fail",
      "sleeps on 5.10: fail, predicted fail",
      "sleeps on 7.3: pass, predicted unknown",
      "sleeps_not on 5.10: pass, predicted unknown",
      "sleeps_not on 7.3: pass, predicted unknown",
    ]
  `);
});

test('each refusal by a target or a sleepable flag has advice of its own, and no code that the same kernel refuses', () => {
  const causes = explanation.causes.map(({ places, situations, advice, snippet }) => ({
    programs: [...new Set(places.map(({ program }) => program))],
    reasons: situations.map(
      ({ kernels, summary }) => `${kernels.map(kernelOf).join(' ')}: ${summary.replaceAll(/0x[0-9a-f]{16}/g, 'ADDRESS')}`,
    ),
    advice,
    snippet,
  }));
  expect(causes.toSorted((a, b) => a.programs.join().localeCompare(b.programs.join()))).toMatchInlineSnapshot(`
    [
      {
        "advice": [
          "Several functions or variables of this kernel have this name, so the loader refuses the object, even if the symbol is __weak. Let your own loader choose the address (/proc/kallsyms lists them all), and give it to the program in a constant (const volatile).",
        ],
        "programs": [
          "address",
        ],
        "reasons": [
          "5.10: kernel symbol type_show: resolution is ambiguous: ADDRESS or ADDRESS",
          "7.3: kernel symbol type_show: resolution is ambiguous: ADDRESS or ADDRESS",
        ],
        "snippet": null,
      },
      {
        "advice": [
          "The function never returns, so a program at its end would never run. Attach to its start: SEC("fentry/...") or SEC("kprobe/...").",
        ],
        "programs": [
          "at_end",
        ],
        "reasons": [
          "7.3: function do_exit never returns, so this kernel lets no program attach to its end",
        ],
        "snippet": null,
      },
      {
        "advice": [
          "The offset is not the start of an instruction of this function. Each build of a kernel has other instructions, so an offset fits one build only. Attach to the start of a function, or to a tracepoint.",
        ],
        "programs": [
          "at_offset",
        ],
        "reasons": [
          "5.10 7.3: failed to create kprobe 'vfs_read+0x1' perf event: -EILSEQ",
        ],
        "snippet": null,
      },
      {
        "advice": [
          "This kernel cannot call programs of this type from this function: the function has more arguments than the kernel can pass on, or the kernel has no BPF trampolines for this machine. Attach a kprobe, and read the arguments from the registers.",
        ],
        "programs": [
          "many_arguments",
        ],
        "reasons": [
          "5.10: failed to attach: -ENOTSUPP",
        ],
        "snippet": null,
      },
      {
        "advice": [
          "Write #include <bpf/usdt.bpf.h>: it defines the maps for the arguments of USDT programs.",
        ],
        "programs": [
          "on_event",
        ],
        "reasons": [
          "5.10 7.3: the object lacks the maps that libbpf needs for USDT programs: the source must include bpf/usdt.bpf.h",
        ],
        "snippet": null,
      },
      {
        "advice": [
          "Several functions of this kernel have this name, and the kernel does not choose one for a kprobe. Attach to a function whose name occurs once, such as one that calls it, or to a tracepoint.",
        ],
        "programs": [
          "on_several",
        ],
        "reasons": [
          "5.10: function type_show is ambiguous: vmlinux has 11 symbols of this name, and this kernel refuses a kprobe on it (EADDRNOTAVAIL)",
          "7.3: function type_show is ambiguous: vmlinux has 14 symbols of this name, and this kernel refuses a kprobe on it (EADDRNOTAVAIL)",
        ],
        "snippet": null,
      },
      {
        "advice": [
          "This kernel knows the program type, but lets no program of this type sleep. If the program calls nothing that may sleep, remove ".s" from its section name. Otherwise keep it from loading by default (SEC("?...")), and switch it on where the kernel accepts it.",
        ],
        "programs": [
          "sleeps",
        ],
        "reasons": [
          "5.10: this kernel has no programs of uprobes that may sleep",
        ],
        "snippet": null,
      },
    ]
  `);
});
