// Tests of recorded objects of aya's tool chain, without that tool chain: who they were made for, and the verdicts of three loaders.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';
import { ayaRefusal } from '../../../harness/bpf/object/aya-refusal.ts';
import { dialectOf } from '../../../harness/bpf/object/dialect.ts';
import { openFailure } from '../../../harness/bpf/object/open-failure.ts';
import { readBpfObject } from '../../../harness/bpf/object/object.ts';
import { readersAtFixedOffsets } from '../../../harness/predict/fixed-offsets.ts';
import { contradictions, runLoaders, verdictsByKernels } from './run-loaders.ts';
import { goIsMissing, rustIsMissing } from './toolchains.ts';

const FOLDER = join(PACKAGE_ROOT, 'test/fixtures/aya-objects');
const KERNELS = ['debian:5.10', 'debian:6.1', 'debian:6.12', 'debian:7.3'];
const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.o')).toSorted();

test('recorded objects of Rust are proposed for aya with the evidence in them, and what libbpf refuses and readers at fixed offsets are found', async () => {
  const objects = await Promise.all(names.map(async (name) => readBpfObject(await readFile(join(FOLDER, name)), name)));
  const found = objects.map((object, at) => {
    const dialect = dialectOf(object);
    const evidence = dialect?.evidence.map(({ words }) => words.replace(/_RN\w+/, 'a function of Rust')).join('; ');
    return `${names[at]}: ${dialect?.libraries.join()}: ${evidence}`;
  });
  expect(found).toMatchInlineSnapshot(`
    [
      "btf_maps.o: aya: Rust: source file helpers.rs; map EVENTS with conflicting value size 8 != 0",
      "fentry_fexit.o: aya: Rust: source file fentry.rs; legacy definitions of maps in section maps: ENTRIES",
      "globals.o: aya: Rust: source file mod.rs; legacy definitions of maps in section maps: SEEN",
      "kernel_structs.o: aya: Rust: source file kernel_structs.rs; legacy definitions of maps in section maps: NAMES",
      "map_in_map.o: aya: Rust: source file map_in_map.rs",
      "refused.o: aya: Rust: source file helpers.rs; static program a function of Rust",
    ]
  `);
  expect(objects.map((object) => openFailure(object)?.replace(/'_RN\w+'/, 'a function of Rust') ?? 'opens')).toMatchInlineSnapshot(`
    [
      "map 'EVENTS': conflicting value size 8 != 0.",
      "elf: legacy map definitions in 'maps' section are not supported by libbpf v1.0+",
      "elf: legacy map definitions in 'maps' section are not supported by libbpf v1.0+",
      "elf: legacy map definitions in 'maps' section are not supported by libbpf v1.0+",
      "opens",
      "sec '.text.unlikely.': program a function of Rust is static and not supported",
    ]
  `);
  const readers = objects.flatMap(readersAtFixedOffsets);
  expect(readers).toEqual(['reads_name', 'reads_task']);
});

test.skipIf(rustIsMissing)(
  'recorded objects of Rust have the verdicts of both releases of aya and of libbpf on four kernels, and no prediction is contradicted',
  async () => {
    const paths = names.map((name) => join(FOLDER, name));
    const results = await runLoaders(paths, KERNELS, ['aya@0.14', 'aya@0.13', 'libbpf@default']);
    expect(contradictions(results)).toEqual([]);
    expect(verdictsByKernels(results)).toMatchSnapshot();
  },
  1_800_000,
);

test.skipIf(goIsMissing)(
  'cilium/ebpf has no rows for the panics of Rust, and a program that calls one may fail as predicted',
  async () => {
    const results = await runLoaders([join(FOLDER, 'refused.o')], ['debian:6.12'], ['cilium@0.22', 'cilium@0.17']);
    expect(contradictions(results)).toEqual([]);
    expect(verdictsByKernels(results)).toMatchInlineSnapshot(`
      [
        "refused+cilium-0.17/panics: 6.12 fail btf-missing: program panics: load BTF: load btf: invalid argument: [2] FUNC panic_bounds_check type_id=16 Invalid arg#3 (45 line(s) omitted)",
        "refused+cilium-0.17/reads_past_end: 6.12 fail verifier-rejected: verifier: invalid access to packet, off=0 size=1, R1(id=0,off=0,r=0); R1 offset is outside of the packet at insn 1",
        "refused+cilium-0.22/panics: 6.12 fail btf-missing: program panics: load BTF: load btf: invalid argument: [2] FUNC panic_bounds_check type_id=16 Invalid arg#3 (45 line(s) omitted)",
        "refused+cilium-0.22/reads_past_end: 6.12 fail verifier-rejected: verifier: invalid access to packet, off=0 size=1, R1(id=0,off=0,r=0); R1 offset is outside of the packet at insn 1",
      ]
    `);
  },
  600_000,
);

test('aya 0.13 names itself in the prediction for a map of maps, and aya 0.14 opens the object', async () => {
  const object = readBpfObject(await readFile(join(FOLDER, 'map_in_map.o')), 'map_in_map.o');
  expect([ayaRefusal(object, '0.13'), ayaRefusal(object, '0.14')]).toEqual([
    'map `GROUPS`: this release of aya reads no definition of inner maps',
    null,
  ]);
});
