// Semantic changes: programs that load but read something else, on a made-up kernel and on real ones.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plainSources, readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { indexNames } from '../../../harness/bpf/btf/names.ts';
import { readElf, sectionNamed } from '../../../harness/bpf/elf/elf.ts';
import { readBpfObject } from '../../../harness/bpf/object/object.ts';
import { predictCell } from '../../../harness/predict/predict.ts';
import { openKernels } from '../../../harness/explain/kernel-cache.ts';
import { semanticChangeMarks } from '../../../harness/explain/semantic-changes.ts';
import { semanticChangePlaces } from '../../../harness/explain/semantic-change-places.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { mustReadBtf, sampleObjects } from '../bpf/object/samples.ts';
import { fourSelectors, offlineKernels, pulledBtfs } from '../../kernels/pulled.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semantic-changes-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const READS = `
static long (*read)(void *, u32, const void *) = (void *)113;
u64 value; char text[64];
#define READ(name, field) SEC("raw_tp/a") int name(u64 *ctx) \\
{ struct thing *it = (void *)ctx[0]; return read(&value, sizeof(it->field), __builtin_preserve_access_index(&it->field)); }
`;

const LOCAL = `${READS}
struct inner { int deep; } access_index;
struct gone { int x; };
struct thing { u32 same; u64 wider; u32 narrower; s32 sign; u8 flag; char name[32]; struct inner in; void *pointer; u32 whole; u32 second; u16 part; } access_index;
READ(same, same) READ(wider, wider) READ(narrower, narrower) READ(sign, sign) READ(flag, flag) READ(name, name) READ(deep, in.deep) READ(pointer, pointer)
READ(whole, whole) READ(second, second) READ(part, part)
SEC("raw_tp/a") int size(u64 *ctx) { return __builtin_preserve_type_info(*(struct gone *)0, 1); }
SEC("raw_tp/a") int checked(u64 *ctx) { struct thing *it = (void *)ctx[0]; value = __builtin_preserve_field_info(it->wider, 1); return __builtin_preserve_field_info(it->wider, 0); }
`;

const TARGET = `
struct outer { u64 pad; int deep; };
struct thing { u32 same; u32 wider; u64 narrower; u32 sign; u8 flag : 1; u8 other : 7; char name[16]; struct outer in; int *pointer; u64 whole : 32; u64 second : 32; u64 part : 32; } kept;
SEC("raw_tp/a") int keep(u64 *ctx) { return kept.same; }
`;

/** Linux 5.12 added members to struct renamedata and 6.3 renamed them. One program tests them to know the order of arguments, one reads them. */
const PROXY = `
struct renamedata { void *old_mnt_userns; } access_index;
u64 value;
SEC("raw_tp/a") int for_order(u64 *ctx)
{ struct renamedata *it = (void *)ctx[0]; value = __builtin_preserve_field_info(it->old_mnt_userns, 2) ? ctx[1] : ctx[2]; return 0; }
SEC("raw_tp/a") int for_itself(u64 *ctx)
{ struct renamedata *it = (void *)ctx[0]; if (__builtin_preserve_field_info(it->old_mnt_userns, 2)) value = __builtin_preserve_field_info(it->old_mnt_userns, 0); return 0; }
`;

describe('semantic changes', () => {
  it('a semantic change of size, sign, bits, length, enclosing type or missing type is described', async () => {
    const bpf = readBpfObject(await readFile(await compileBpf(folder, 'local', LOCAL)), 'local');
    const read = readElf(await readFile(await compileBpf(folder, 'target', TARGET)));
    const bytes = read.ok ? sectionNamed(read.elf, '.BTF')?.bytes : undefined;
    const kernel = { vmlinux: indexNames(mustReadBtf(bytes ?? new Uint8Array())), modules: [] };
    const marks = semanticChangeMarks(bpf, predictCell(bpf, kernel).relocations, kernel);
    expect([...marks].map(([ref, mark]) => `${bpf.relocations[ref]?.program} ${bpf.relocations[ref]?.access}: ${mark}`))
      .toMatchInlineSnapshot(`
        [
          "wider thing.wider: the program reads 8 bytes, but the field has 4 here: the bytes after it are read too",
          "narrower thing.narrower: the program reads 4 of the 8 bytes that the field has here",
          "sign thing.sign: the field is unsigned here but was compiled as signed",
          "flag thing.flag: the field is one bit here, but the program reads 8 bits: neighbouring bits are read too",
          "name thing.name: the field has 16 bytes here but was compiled with 32",
          "deep thing.in.deep: deep is in struct outer here but was compiled in struct inner",
          "second thing.second: the field is 32 bits here, but the program reads 32 bits: neighbouring bits are read instead",
          "part thing.part: the field is 32 bits here, but the program reads 16 bits: a part of the field is not read",
          "size struct gone: the kernel has no struct of this name, so its size is 0",
          "checked thing.wider: the field has 4 bytes here, 8 as compiled",
        ]
      `);
  });

  it('the semantic change in the samples is found on real kernels', async () => {
    const btfs = await pulledBtfs();
    const [oldest, newest] = [btfs.at(0), btfs.at(-1)];
    const found: string[] = [];
    for (const { path } of [oldest, newest].flatMap((each) => each ?? [])) {
      const kernel = { vmlinux: indexNames(mustReadBtf(await readFile(path))), modules: [] };
      for (const { name, bytes } of await sampleObjects()) {
        const bpf = readBpfObject(bytes, name);
        for (const [ref, mark] of semanticChangeMarks(bpf, predictCell(bpf, kernel).relocations, kernel)) {
          found.push(
            `${path === oldest?.path ? 'oldest' : 'newest'} ${bpf.relocations[ref]?.program} ${bpf.relocations[ref]?.access}: ${mark}`,
          );
        }
      }
    }
    expect(found).toMatchInlineSnapshot(`
      [
        "oldest as_bool signal_struct___7_2.is_child_subreaper: the field is one bit here, but the program reads 8 bits: neighbouring bits are read too",
      ]
    `);
  });

  it('a version check that is false again on newer kernels is a semantic change', async () => {
    const path = await compileBpf(folder, 'proxy', PROXY);
    const { objects } = await readInputs(plainSources([path], folder));
    const kernels = await offlineKernels(await fourSelectors());
    const cache = openKernels(kernels, () => {});
    const places = await semanticChangePlaces(objects, cache, () => []);
    const seriesOf = (id: string) => kernels.find((kernel) => kernel.id === id)?.series;
    const shown = places.map(
      ({ program, relocation, what, kernels: on }) =>
        `${program} ${relocation.access} on ${on.slice(0, 1).map(seriesOf).join(' ')}..: ${what}`,
    );
    expect(shown).toMatchInlineSnapshot(`
      [
        "for_order renamedata.old_mnt_userns on 6.12..: the check was true on older kernels but is false again here: the program never reads what it checks, so the check is probably a version test, which may no longer hold",
      ]
    `);
  });
});
