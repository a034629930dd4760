// Compares predictions about functions without a symbol with guests: fentry, fexit and fmod_ret programs fail to load, kprobes to attach.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { kindOf, nameOf } from '../../../harness/bpf/btf/btf.ts';
import type { FindSymbol, KernelTypes } from '../../../harness/core-relo/candidates.ts';
import { cacheRoot } from '../../../harness/base/files.ts';
import { findKernels, readKernelTypes } from '../../../harness/kernel-btf/kernels.ts';
import { readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { predictMatrix } from '../../../harness/predict/result.ts';
import { isAboutSymbols } from '../../../harness/verdict/rules/attach.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { pulledKernels } from '../../kernels/pulled.ts';
import { realRun } from '../run/real-run.ts';

const KERNELS = ['debian:7.3'];
/** Functions of each kind that programs are attached to. */
const SAMPLE = 3;

let folder = '';
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'function-symbols-'))));
afterAll(async () => rm(folder, { recursive: true, force: true }));

interface Kernel {
  selector: string;
  types: KernelTypes;
  find: FindSymbol;
}

async function kernelOf(selector: string): Promise<Kernel> {
  await pulledKernels([selector]);
  const [found] = (await findKernels([selector], cacheRoot())).kernels;
  const types = found && (await readKernelTypes(found));
  const find = (await types?.readSymbols?.())?.find;
  if (!types || !find) throw new Error(`${selector} has no symbols`);
  return { selector, types, find };
}

/** Some functions of a kernel's BTF with each kind of symbol, spread over the BTF. */
function functionsOf({ types: { vmlinux }, find }: Kernel): string[] {
  const byKind = new Map<string, string[]>();
  for (let id = vmlinux.btf.startId; id < vmlinux.btf.endId; id++) {
    const name = nameOf(vmlinux.btf, id);
    if (kindOf(vmlinux.btf, id) !== 'func' || !/^[a-z]\w+$/.test(name)) continue;
    const symbol = find(name);
    const kind = symbol.kind === 'variant' ? symbol.variant.slice(name.length).replace(/\d+/g, '') : symbol.kind;
    byKind.set(kind, [...(byKind.get(kind) ?? []), name]);
  }
  return [...byKind.values()].flatMap((names) => {
    const step = Math.max(1, Math.floor(names.length / SAMPLE));
    return names.filter((_, index) => index % step === 0).slice(0, SAMPLE);
  });
}

const HOOKS = ['fentry', 'fmod_ret', 'kprobe', 'fexit', 'kretprobe'] as const;

function sourceOf(functions: readonly string[]): string {
  return functions
    .map((name, index) => {
      const hook = HOOKS[index % HOOKS.length];
      return `SEC("${hook}/${name}") int p${index}(void *ctx) { return 0; }`;
    })
    .join('\n');
}

test.each(KERNELS)(
  'programs on functions without a symbol fail on %s as predicted, with the same reason',
  { timeout: 900_000 },
  async (selector) => {
    const kernel = await kernelOf(selector);
    const functions = functionsOf(kernel);
    const object = await compileBpf(folder, selector.replace(/\W/g, '-'), sourceOf(functions));
    const { objects } = await readInputs({ sources: [{ pattern: object, settings: { mode: 'attach' } }], directory: '/' });
    const { kernels } = await findKernels([selector], cacheRoot());
    const { prediction } = await predictMatrix(objects, kernels);
    const { cells } = await realRun([], [selector], { objects });
    // The kernel refuses other functions for other reasons.
    const about = (reason: string | null | undefined) => (isAboutSymbols(reason ?? null) ? reason : 'has its symbol');
    const predicted = prediction.cells[0]?.programs.map(({ name, predicted: failure }) => `${name} ${about(failure?.reason)}`);
    const observed = cells[0]?.programs.map((program) => `${program.name} ${about(program.reason)}`);
    expect(predicted).toEqual(observed);
    expect(observed?.filter((text) => !text.endsWith('has its symbol')).length).toBeGreaterThan(5);
    expect(cells[0]?.programs.filter(({ predicted: beside }) => beside?.agrees === false)).toEqual([]);
  },
);
