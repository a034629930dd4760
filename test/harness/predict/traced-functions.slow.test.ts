// Compares which functions a kernel can trace, as its image says, with the list of the running kernel: all functions of vmlinux.
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { cacheRoot } from '../../../harness/base/files.ts';
import { findKernels, readKernelTypes } from '../../../harness/kernel-btf/kernels.ts';
import { withFile } from '../../../kernels/archive/read-at.ts';
import { findKallsyms, type KernelSymbol } from '../../../kernels/image/kallsyms.ts';
import { pulledKernels } from '../../kernels/pulled.ts';
import { MAIN } from '../cli/command.ts';

/** The functions of vmlinux that a running kernel traces. Of several names at one address, the kernel lists one. */
async function listedIn(selector: string): Promise<ReadonlySet<string>> {
  const list = '/sys/kernel/tracing/available_filter_functions';
  const { stdout } = await execa(process.execPath, [MAIN, 'exec', '-k', selector, '/bin/cat', list], { maxBuffer: 1 << 26 });
  return new Set(stdout.split('\n').filter((line) => line !== '' && !line.includes('[')));
}

/** The symbols of functions in an image, grouped by address. */
async function functionsIn(image: string): Promise<string[][]> {
  const symbols = (await withFile(image, findKallsyms)) ?? [];
  const isFunction = ({ name, type }: KernelSymbol) => 'tTwW'.includes(type) && !name.startsWith('__pfx_');
  const groups = new Map<number | null, string[]>();
  for (const symbol of symbols.filter(isFunction)) groups.set(symbol.offset, [...(groups.get(symbol.offset) ?? []), symbol.name]);
  return [...groups.values()];
}

test.each(['debian:5.10', 'debian:6.12'])(
  'the image of %s shows for every function whether the running kernel traces it',
  { timeout: 900_000 },
  async (selector) => {
    await pulledKernels([selector]);
    const [kernel] = (await findKernels([selector], cacheRoot())).kernels;
    const types = kernel && (await readKernelTypes(kernel));
    const find = (await types?.readSymbols?.())?.find;
    if (!kernel?.path || !find) throw new Error(`${selector} has no symbols`);
    const listed = await listedIn(selector);
    const functions = await functionsIn(join(dirname(kernel.path), 'vmlinux'));
    const isTraced = (name: string) => {
      const symbol = find(name);
      return symbol.kind === 'found' && symbol.isNotrace !== true;
    };
    // A name of several functions counts as traced if one of them is.
    const tracedNames = new Set(functions.flatMap((names) => (names.some((name) => listed.has(name)) ? names : [])));
    const wrong = functions.flat().filter((name) => isTraced(name) !== tracedNames.has(name));
    expect(wrong).toEqual([]);
    expect([...listed].filter((name) => !isTraced(name))).toEqual([]);
    expect(listed.size).toBeGreaterThan(30_000);
  },
);
