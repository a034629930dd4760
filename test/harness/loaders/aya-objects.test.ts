// Tests of recorded objects of aya's tool chain, without that tool chain: who they were made for, and what libbpf refuses.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';
import { dialectOf } from '../../../harness/bpf/object/dialect.ts';
import { openFailure } from '../../../harness/bpf/object/open-failure.ts';
import { readBpfObject } from '../../../harness/bpf/object/object.ts';
import { readersAtFixedOffsets } from '../../../harness/predict/fixed-offsets.ts';

const FOLDER = join(PACKAGE_ROOT, 'test/fixtures/aya-objects');
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
