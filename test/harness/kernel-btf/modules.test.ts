// Tests of a folder with a vmlinux and its modules as a kernel: which types count, and messages for unreadable modules.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memberOf } from '../../../harness/bpf/btf/types.ts';
import { typesWithName } from '../../../harness/bpf/btf/names.ts';
import { type BpfObject, readBpfObject } from '../../../harness/bpf/object/object.ts';
import type { KernelTypes } from '../../../harness/core-relo/candidates.ts';
import { findKernels, readKernelTypes } from '../../../harness/kernel-btf/kernels.ts';
import { type Loader, LOADERS } from '../../../harness/core-relo/loader.ts';
import type { ModuleNotice } from '../../../harness/kernel-btf/modules.ts';
import { predictCell } from '../../../harness/predict/predict.ts';
import { predictLoad } from '../../../harness/core-relo/relocate.ts';
import { buildBtf, type WrittenType } from '../bpf/btf/build-btf.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { MACROS } from '../core-relo/conformance/cases.ts';
import { linesOf } from '../core-relo/oracles.ts';

const INT: WrittenType = { name: 'int', kind: 1, size: 4, words: [0x01000020] };
const LIST: WrittenType = { name: 'list', kind: 4, vlen: 1, size: 4, words: ['head', 1, 0] };
const PROTOTYPE: WrittenType = { kind: 13, vlen: 1, size: 1, words: ['number', 1] };
const enumOf = (name: string, prefix: string, first: string): WrittenType => {
  const names = [first, ...Array.from({ length: 16 }, (_, index) => String(index))];
  return { name, kind: 6, vlen: names.length, size: 4, words: names.flatMap((each, index) => [prefix + each, index]) };
};
const VMLINUX = buildBtf([INT, LIST, PROTOTYPE, enumOf('bpf_prog_type', 'BPF_PROG_TYPE_', 'TRACING')]);
/** The first type id after the kernel's, and the first string offset of modules. */
const NEXT = 5;
const stringStart = VMLINUX.readUInt32LE(20);

const deviceOf = (member: string, list: number): WrittenType => {
  return { name: 'device', kind: 4, vlen: 2, size: 8, words: [member, 1, 0, 'list', list, 32] };
};

let folder = '';
const path = (name: string) => join(folder, 'kernel', name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'modules-test-'));
  await mkdir(path('drivers/block'), { recursive: true });
  await writeFile(path('vmlinux'), VMLINUX);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** A module file with these sections. */
async function writeModule(name: string, sections: Readonly<Record<string, Uint8Array>>): Promise<void> {
  const source = join(folder, 'empty.c');
  await writeFile(source, 'int module_x;');
  await execa('gcc', ['-c', source, '-o', path(name)]);
  for (const [section, bytes] of Object.entries(sections)) {
    await writeFile(join(folder, 'section'), bytes);
    await execa('objcopy', ['--add-section', `${section}=${join(folder, 'section')}`, path(name)]);
  }
}

async function kernel() {
  const { kernels, problems } = await findKernels([`btf:${dirname(path('vmlinux'))}`], join(folder, 'cache'));
  const [found] = kernels;
  if (!found || kernels.length > 1) throw new Error('one kernel was expected');
  const notices: ModuleNotice[] = [];
  const types = await readKernelTypes(found, (notice) => notices.push(notice));
  if (!types) throw new Error('types were expected');
  return { found, problems, types, notices: notices.map(({ text, harmless }) => ({ text: text.replace(folder, ''), harmless })) };
}

describe('modules in the folder of a vmlinux', () => {
  it('modules in the folder of a vmlinux can be raw BTF, module files, compressed, or have a distilled base', async () => {
    await writeFile(
      path('raw'),
      buildBtf([{ ...deviceOf('raw', 2), name: 'raw_device' }, PROTOTYPE, { name: 'started', kind: 12, size: NEXT + 1 }], { stringStart }),
    );
    await writeModule('drivers/block/zram-drv.ko', { '.BTF': buildBtf([deviceOf('whole', 2)], { stringStart }) });
    await execa('xz', [path('drivers/block/zram-drv.ko')]);
    // Types of the distilled base and of the kernel have different ids.
    const base = buildBtf([{ name: 'list', kind: 4, size: 4 }, INT]);
    const onBase = buildBtf([{ name: 'other', kind: 4, vlen: 2, size: 8, words: ['distilled', 2, 0, 'list', 1, 32] }], {
      stringStart: base.readUInt32LE(20),
    });
    await writeModule('outside.ko', { '.BTF': onBase, '.BTF.base': base });
    await writeModule('without.ko', {});

    const { found, problems, types, notices } = await kernel();
    expect({ id: found.id, problems, notices }).toEqual({ id: 'kernel', problems: [], notices: [] });
    const members = types.modules.map(({ name, index }) => {
      const id = ['raw_device', 'device', 'other'].flatMap((type) => typesWithName(index, type))[0] ?? 0;
      const [first, second] = [memberOf(index.btf, id, 0), memberOf(index.btf, id, 1)];
      return { name, id, first: first?.name, list: second?.type };
    });
    expect(members).toEqual([
      { name: 'outside', id: NEXT, first: 'distilled', list: 2 },
      { name: 'raw', id: NEXT, first: 'raw', list: 2 },
      { name: 'zram_drv', id: NEXT, first: 'whole', list: 2 },
    ]);
  });

  it('modules in the folder of a vmlinux give candidates for types that the kernel lacks', async () => {
    const source = `${MACROS}
struct device { int whole; } access_index;
SEC("fentry/started") int reads(u64 *ctx) { at(device, d); out[0] = off(d->whole); return 0; }
SEC("fentry/started") int begins(u64 *ctx) { return 0; }
SEC("fentry/stopped") int ends(u64 *ctx) { return 0; }`;
    const object = readBpfObject(await readFile(await compileBpf(folder, 'object', source)), 'object');
    const { types } = await kernel();
    expect(linesOf(predictLoad(object, types, 'reads').log).filter((line) => line.includes('found target candidate'))).toEqual([
      'libbpf: CO-RE relocating [7] struct device: found target candidate [5] struct device in [zram_drv]',
    ]);
    expect(predictCell(object, types).programs.map(({ name, failure }) => `${name}: ${failure?.reason ?? 'ok'}`)).toMatchInlineSnapshot(`
      [
        "reads: ok",
        "begins: ok",
        "ends: attach target stopped (tracing) is not in this kernel's BTF or that of its 3 modules",
      ]
    `);
  });

  it('unreadable modules in the folder of a vmlinux are reported, and the others count', async () => {
    await writeFile(path('broken'), Buffer.from(buildBtf([deviceOf('x', 2)], { stringStart }).subarray(0, 50)));
    await writeFile(path('foreign'), buildBtf([deviceOf('x', 900)], { stringStart }));
    await writeFile(path('nothing'), buildBtf([], { stringStart }));
    await writeFile(path('text.ko.xz'), 'no module');
    await writeModule('newer.ko', {
      '.BTF': buildBtf([{ kind: 2, size: 1 }], { stringStart: 6 }),
      '.BTF.base': buildBtf([{ name: 'gone', kind: 4, size: 4 }]),
    });
    const { types, notices } = await kernel();
    expect(types.modules.map(({ name }) => name)).toEqual(['outside', 'raw', 'zram_drv']);
    expect(notices).toMatchInlineSnapshot(`
      [
        {
          "harmless": false,
          "text": "/kernel/broken: truncated BTF: its sections lie beyond the end; the module is skipped",
        },
        {
          "harmless": false,
          "text": "/kernel/foreign: it was not made for this kernel's BTF; the module is skipped",
        },
        {
          "harmless": false,
          "text": "/kernel/newer.ko: the kernel has no struct gone as the module needs it; the module is skipped",
        },
        {
          "harmless": true,
          "text": "/kernel/nothing: its BTF has no types; the module counts as one without BTF",
        },
        {
          "harmless": false,
          "text": "/kernel/text.ko.xz: BTF of 9 bytes is shorter than its header; the module is skipped",
        },
      ]
    `);
  });

  it('a module without its vmlinux is refused with an error that asks for the vmlinux', async () => {
    const { kernels } = await findKernels([`btf:${path('raw')}`], join(folder, 'cache'));
    const errors = await Promise.all(
      kernels.map(async (each) => readKernelTypes(each).catch((error: Error) => error.message.replace(folder, ''))),
    );
    expect(errors).toMatchInlineSnapshot(`
      [
        "/kernel/raw: BTF of a module, which only its kernel's completes: name a folder with that as vmlinux and the module beside it",
      ]
    `);
  });

  it('unreadable modules in the folder of a vmlinux fail a load if the loader reads all modules', async () => {
    const header = Buffer.alloc(24);
    header.writeUInt16LE(0xeb9f, 0);
    header.writeUInt8(1, 2);
    header.writeUInt32LE(24, 4);
    for (const name of ['broken', 'foreign', 'nothing', 'text.ko.xz', 'newer.ko']) await rm(path(name));
    await writeFile(path('only_header'), header);
    const { types, notices } = await kernel();
    expect(notices.map(({ text }) => text)).toEqual(['/kernel/only_header: its BTF has no types; the module counts as one without BTF']);
    const object = async (name: string, body: string) => {
      const source = `${MACROS}
struct device { int whole; } access_index;
SEC("fentry/started") int reads(u64 *ctx) { at(device, d); ${body} return 0; }`;
      return readBpfObject(await readFile(await compileBpf(folder, name, source)), name);
    };
    const relocated = await object('relocated', 'out[0] = off(d->whole);');
    const plain = await object('plain', 'out[0] = (u64)d;');
    const own: KernelTypes = { ...types, custom: types.vmlinux };
    const said = (bpf: BpfObject, kernelTypes: KernelTypes, loader: Loader) =>
      predictCell(bpf, kernelTypes, loader).programs.map(({ failure }) => failure && `${failure.class}: ${failure.reason}`);
    expect({
      libbpf: said(relocated, types, LOADERS['libbpf-1.7']),
      cilium: said(relocated, types, LOADERS.cilium),
      'cilium, without relocations': said(plain, types, LOADERS.cilium),
      'cilium, given types': said(relocated, own, LOADERS.cilium).map((text) => text?.includes('kmod') === true),
    }).toEqual({
      libbpf: [null],
      cilium: ['btf-missing: load BTF for kmod only_header: its string section is empty'],
      'cilium, without relocations': [null],
      'cilium, given types': [false],
    });
  });
});
