// Tests of the sample project in Rust: aya loads its objects on four kernels, and libbpf says what it refuses.
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { dialectOf } from '../../../../harness/bpf/object/dialect.ts';
import { readBpfObject } from '../../../../harness/bpf/object/object.ts';
import { readersAtFixedOffsets } from '../../../../harness/predict/fixed-offsets.ts';
import { contradictions, runLoaders, verdicts } from '../run-loaders.ts';
import { buildAyaProject, rustForBpf } from './build.ts';

const KERNELS = ['debian:5.10', 'debian:6.1', 'debian:6.12', 'debian:7.3'];
const LOADERS = ['aya@0.14', 'aya@0.13', 'libbpf@default'];

const tools = await rustForBpf();
if (tools.missing !== null) {
  process.stderr.write(`skipped: tests of the sample project with aya, because ${tools.missing} is not installed\n`);
}

let paths: string[] = [];
beforeAll(async () => {
  if (tools.missing === null) paths = await buildAyaProject(tools.versions);
}, 1_800_000);

test.skipIf(tools.missing !== null)(
  'each object of the Rust project is proposed for aya, and readers at fixed offsets are found',
  async () => {
    const objects = await Promise.all(paths.map(async (path) => readBpfObject(await readFile(path), basename(path))));
    expect(objects.length).toBeGreaterThanOrEqual(30);
    expect(objects.map((object) => dialectOf(object)?.libraries)).toEqual(objects.map(() => ['aya']));
    const readers = objects.map((object, at) => [basename(paths[at] ?? '', '.o'), readersAtFixedOffsets(object)] as const);
    expect(readers.filter(([, names]) => names.length > 0)).toEqual([
      ['kernel_structs', ['reads_name', 'reads_task']],
      ['typed_arguments', ['reads_file', 'reads_list']],
    ]);
  },
);

test.skipIf(tools.missing !== null)(
  'both releases of aya load the objects of the Rust project on four kernels, and each refusal names its loader or its kernel',
  async () => {
    const results = await runLoaders(paths, KERNELS, LOADERS);
    expect(contradictions(results)).toEqual([]);
    const lines = verdicts(results);
    expect(lines.filter((line) => line.includes(' infra'))).toEqual([]);
    const passed = (loader: string) => lines.filter((line) => line.includes(`+${loader}/`) && line.includes(' pass')).length;
    expect(passed('aya-0.14')).toBeGreaterThan(220);
    expect(passed('aya-0.13')).toBeGreaterThan(190);
    const refusedByLibbpf = lines.filter((line) => line.includes('legacy map definitions'));
    expect(refusedByLibbpf.length).toBeGreaterThan(180);
    expect(refusedByLibbpf.filter((line) => !line.includes('fail object-invalid: libbpf cannot open the object: '))).toEqual([]);
  },
  3_000_000,
);
