// Tests of releases of libbpf that do not exist: a prediction refuses them without a mirror.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadConfig, predict } from '../../../harness/library/index.ts';
import { unknownRelease } from '../../../harness/base/libbpf-releases.ts';

it('a release of libbpf that is not known is told once, with the one that is meant', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'corematrix-releases-'));
  await writeFile(join(folder, 'corematrix.yaml'), 'objects: [a.bpf.o, b.bpf.o]\nloaders: [libbpf@1.77, libbpf@1.1, libbpf@2.0]\n');
  const config = await loadConfig(join(folder, 'corematrix.yaml'));
  await rm(folder, { recursive: true });
  const said = [
    { objects: [], config },
    { objects: ['a.bpf.o', 'b.bpf.o'], loader: 'libbpf@1.77' },
  ].map(async (options) =>
    predict(options).then(
      () => 'no error',
      (error: unknown) => String(error).replaceAll(folder, 'FOLDER'),
    ),
  );
  expect(await Promise.all(said)).toMatchInlineSnapshot(`
    [
      "UserError: loaders: 2 errors
    FOLDER/corematrix.yaml:2:11: no release libbpf@1.77 is known (did you mean libbpf@1.7?); known are libbpf@0.0 to libbpf@0.8 and libbpf@1.0 to libbpf@1.7
    FOLDER/corematrix.yaml:2:36: no release libbpf@2.0 is known (did you mean libbpf@0.2?); known are libbpf@0.0 to libbpf@0.8 and libbpf@1.0 to libbpf@1.7",
      "UserError: \`loader\`: no release libbpf@1.77 is known (did you mean libbpf@1.7?); known are libbpf@0.0 to libbpf@0.8 and libbpf@1.0 to libbpf@1.7",
    ]
  `);
});

it('known releases of libbpf and other loaders are no fault', () => {
  expect(
    ['libbpf@default', 'libbpf@0.3', 'libbpf@1.0', 'libbpf@1.1.2', 'libbpf@1.7', 'cilium@0.22', 'aya@0.14'].map(unknownRelease),
  ).toEqual(Array.from({ length: 7 }, () => null));
});
