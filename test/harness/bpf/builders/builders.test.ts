// Tests of one source as several builders make an object of it: compilers, the static linker, and programs that strip.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compilerOf } from '../../../../harness/bpf/object/compiler.ts';
import { openFailure } from '../../../../harness/bpf/object/open-failure.ts';
import { readBpfObject } from '../../../../harness/bpf/object/object.ts';
import { messageOf } from '../../../../harness/base/errors.ts';
import { readersAtFixedOffsets } from '../../../../harness/predict/fixed-offsets.ts';
import { toolchains } from './toolchains.ts';

const SOURCE = new URL('core.c', import.meta.url).pathname;
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'builders-test-'));
  await execa('clang', ['-target', 'bpf', '-O2', '-g', '-c', SOURCE, '-o', join(folder, 'plain.o')]);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** What corematrix finds in an object, and what is wrong with it. */
async function found(path: string): Promise<string> {
  try {
    const object = readBpfObject(await readFile(path), 'it');
    const { programs, maps, relocations } = object;
    const compiler = /clang|GCC/.exec(compilerOf(object.elf) ?? '')?.[0] ?? 'unnamed';
    const parts = [
      `${programs.length} program, ${maps.length} map, ${relocations.map(({ access }) => access).join() || 'no relocation'}`,
      openFailure(object) ?? 'opens',
      readersAtFixedOffsets(object).length > 0 ? 'reads at fixed offsets' : 'portable',
      object.littleEndian ? 'little-endian' : 'big-endian',
      compiler,
    ];
    return parts.join('; ');
  } catch (error) {
    return messageOf(error);
  }
}

it('each way to build the object has its fault named, and the ways without a fault give the same relocation', async () => {
  const at = (name: string) => join(folder, name);
  const ways: Record<string, readonly [string, ...string[]]> = {
    'linked by bpftool': ['bpftool', 'gen', 'object', at('linked.o'), at('plain.o')],
    'stripped with llvm-strip -g': ['llvm-strip', '-g', at('plain.o'), '-o', at('debug.o')],
    'stripped with llvm-strip': ['llvm-strip', at('plain.o'), '-o', at('all.o')],
    'without .BTF.ext': ['llvm-objcopy', '--remove-section=.BTF.ext', at('plain.o'), at('ext.o')],
    'without BTF': ['llvm-objcopy', '--remove-section=.BTF', '--remove-section=.BTF.ext', at('plain.o'), at('btf.o')],
    'for big-endian machines': ['clang', '-target', 'bpfeb', '-O2', '-g', '-c', SOURCE, '-o', at('big.o')],
  };
  const results: Record<string, string> = { plain: await found(at('plain.o')) };
  for (const [name, [program, ...words]] of Object.entries(ways)) {
    await execa(program, words);
    results[name] = await found(words.find((word) => word.startsWith(folder) && !word.endsWith('plain.o')) ?? '');
  }
  expect(results).toMatchInlineSnapshot(`
    {
      "for big-endian machines": "1 program, 1 map, task_struct.tgid; opens; portable; big-endian; clang",
      "linked by bpftool": "1 program, 1 map, task_struct.tgid; opens; portable; little-endian; unnamed",
      "plain": "1 program, 1 map, task_struct.tgid; opens; portable; little-endian; clang",
      "stripped with llvm-strip": "it: it has no symbol table, which names its programs; strip it with llvm-strip -g, which keeps the table",
      "stripped with llvm-strip -g": "1 program, 1 map, task_struct.tgid; opens; portable; little-endian; unnamed",
      "without .BTF.ext": "1 program, 1 map, no relocation; opens; reads at fixed offsets; little-endian; clang",
      "without BTF": "1 program, 0 map, no relocation; BTF is required, but is missing or corrupted.; reads at fixed offsets; little-endian; clang",
    }
  `);
});

const clangs = toolchains();

it.skipIf(clangs.length === 0)('every release of clang writes the relocation, and gcc 12 writes none, which a note names', async () => {
  const results = await Promise.all(
    clangs.map(async ({ name, command: [program, ...flags], env }) => {
      const path = join(folder, `${name.replace(' ', '-')}.o`);
      await execa(program, [...flags, SOURCE, '-o', path], { env });
      return [name, await found(path)] as const;
    }),
  );
  const start = '1 program, 1 map,';
  expect(Object.fromEntries(results)).toEqual(
    Object.fromEntries(
      results.map(([name]) => [
        name,
        name === 'gcc'
          ? `${start} no relocation; opens; reads at fixed offsets; little-endian; GCC`
          : `${start} task_struct.tgid; opens; portable; little-endian; clang`,
      ]),
    ),
  );
});
