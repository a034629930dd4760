// Tests of the symbols in kernel images: they must be those that a guest with the kernel lists in /proc/kallsyms.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parsePlacedConfig } from '../../../harness/plan/config/load.ts';
import { readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { objectSources } from '../../../harness/plan/inputs/object-sources.ts';
import { logText } from '../../../harness/results/logs.ts';
import { readAtOf, withFile } from '../../../kernels/archive/read-at.ts';
import { findKallsyms, type KernelSymbol } from '../../../kernels/image/kallsyms.ts';
import { kallsymsTables, someSymbols, type TableForm } from './kallsyms-tables.ts';
import { pulledKernel, pulledKernels, testSelectors } from '../pulled.ts';
import { realRun, sample } from '../../harness/run/real-run.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kallsyms-'));
  await execa('gcc', ['-O1', '-static', join(import.meta.dirname, 'print-kallsyms.c'), '-o', join(folder, 'print-kallsyms')]);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

function fnv(hash: bigint, text: string): bigint {
  return Buffer.from(text, 'latin1').reduce((value, byte) => BigInt.asUintN(64, (value ^ BigInt(byte)) * 0x100000001b3n), hash);
}

/** The lines that print-kallsyms.c prints in a guest. */
function digest(symbols: readonly KernelSymbol[]): string[] {
  let [names, distances] = [0xcbf29ce484222325n, 0xcbf29ce484222325n];
  const hex = (hash: bigint) => hash.toString(16).padStart(16, '0');
  return symbols.flatMap(({ name, type, offset }, index) => {
    names = fnv(names, `${type} ${name}\n`);
    distances = fnv(distances, offset === null || offset < 0 ? 'absolute\n' : `${offset}\n`);
    const count = index + 1;
    return count % 1000 === 0 || count === symbols.length ? [`${count} ${hex(names)} ${hex(distances)}`] : [];
  });
}

async function symbolsOf(selector: string): Promise<KernelSymbol[]> {
  const { vmlinux } = await pulledKernel(selector);
  return (vmlinux === null ? null : await withFile(vmlinux, findKallsyms)) ?? [];
}

test(
  'the symbols in an image are those of /proc/kallsyms in a guest: number, order, types, names, addresses',
  { timeout: 900_000 },
  async () => {
    const selectors = await testSelectors();
    await pulledKernels(selectors);
    const entry = { path: sample('exec_watch'), command: { argv: [join(folder, 'print-kallsyms')] } };
    const placed = parsePlacedConfig(JSON.stringify({ objects: [entry] }), 'corematrix.yaml');
    const { objects, problems } = await readInputs(objectSources(placed, folder));
    expect(problems).toEqual([]);
    const { cells, logs, kernels } = await realRun([], selectors, { objects });
    expect(cells).toHaveLength(selectors.length);
    for (const { kernel, logs: keys } of cells) {
      const selector = kernels.find(({ id }) => id === kernel)?.selector ?? '';
      const [symbols, printed] = [await symbolsOf(selector), logText(logs, keys.stdout)?.split('\n')];
      expect.soft({ kernel, lines: printed }).toEqual({ kernel, lines: digest(symbols) });
    }
  },
);

async function symbolsIn(bytes: Buffer): Promise<KernelSymbol[] | null> {
  return findKallsyms(readAtOf(bytes), bytes.length);
}

const FORM_OF_6_16: TableForm = { addresses: 'after tokens', order: false, values: 'unsigned', alignment: 8 };
const FORMS: readonly [string, TableForm][] = [
  ['5.10', { addresses: 'before names', order: false, values: 'percpu', alignment: 8 }],
  ['6.1', { addresses: 'before names', order: true, values: 'percpu', alignment: 8 }],
  ['6.12', { addresses: 'after tokens', order: false, values: 'percpu', alignment: 8 }],
  ['6.16', FORM_OF_6_16],
  ['7.3', { addresses: 'after tokens', order: false, values: 'relative', alignment: 4 }],
];

test.each(FORMS)('tables in the form of Linux %s are read with odd and even numbers of symbols, and with long names', async (_, form) => {
  for (const count of [1024, 1025, 1280, 2001]) {
    const symbols = someSymbols(count);
    symbols[700] = { name: `long_${'x'.repeat(300)}`, type: 'd', offset: 350 * 16 };
    if (form.values === 'percpu') symbols[1] = { name: 'per_cpu', type: 'A', offset: null };
    expect(await symbolsIn(kallsymsTables(symbols, form))).toEqual(symbols);
  }
});

test('an image without tables, with too few symbols, or with tables that contradict each other has no symbols', async () => {
  const whole = kallsymsTables(someSymbols(1024), FORM_OF_6_16);
  expect(await symbolsIn(Buffer.alloc(100_000))).toBeNull();
  expect(await symbolsIn(kallsymsTables(someSymbols(500), FORM_OF_6_16))).toBeNull();
  expect(await symbolsIn(whole.subarray(0, whole.length / 2))).toBeNull();
  const count = whole.indexOf(Buffer.from([0, 4, 0, 0]));
  expect(await symbolsIn(Buffer.concat([whole.subarray(0, count), Buffer.from([1, 4]), whole.subarray(count + 2)]))).toBeNull();
});

test('symbols without a table of addresses that ascend have names and types only', async () => {
  const symbols = someSymbols(1024);
  const turned = symbols.map((symbol, index) => ({ ...symbol, offset: (symbols.length - index) * 16 }));
  expect(await symbolsIn(kallsymsTables(turned, FORM_OF_6_16))).toEqual(symbols.map((symbol) => ({ ...symbol, offset: null })));
});

test('an image full of the texts that tables are found by is given up quickly', async () => {
  const digits = Buffer.concat(Array.from({ length: 200_000 }, () => Buffer.from('0\x001\x002\x003\x004\x005\x006\x007\x008\x009\x00')));
  const start = performance.now();
  expect(await symbolsIn(digits)).toBeNull();
  expect(performance.now() - start).toBeLessThan(10_000);
});
