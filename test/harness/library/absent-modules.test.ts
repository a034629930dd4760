// Tests that a prediction tells modules that its kernels lack, as far as the cache has their modules.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OfflineKernel } from '../../../harness/kernel-btf/kernels.ts';
import { absentModules } from '../../../harness/library/absent-modules.ts';
import { readConfigured } from '../../../harness/library/configured.ts';
import { loadConfig } from '../../../harness/library/load-config.ts';
import { sampleObjects } from '../bpf/object/samples.ts';

const [OLD, YOUNG, BARE] = ['a'.repeat(64), 'b'.repeat(64), 'c'.repeat(64)];
const MODULES = [
  [OLD, ['veth']],
  [YOUNG, ['veth', 'tls']],
] as const;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'absent-modules-'));
  await mkdir(join(folder, 'packages'));
  for (const [digest, names] of MODULES) {
    await writeFile(join(folder, 'packages', `${digest}.json`), JSON.stringify({ image: digest }));
    await mkdir(join(folder, 'modules', digest), { recursive: true });
    for (const name of names) await writeFile(join(folder, 'modules', digest, `${name}.ko`), '');
  }
  const [sample] = await sampleObjects();
  if (sample) await writeFile(join(folder, 'sample.bpf.o'), sample.bytes);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

function kernel(id: string, sha256: string | null): OfflineKernel {
  const image = sha256 === null ? null : { cache: folder, sha256 };
  const unknown = { release: null, version: null, series: null, arch: null, path: null, index: null, modules: null };
  return { id, selector: id, ...unknown, image };
}

/** The lines for an object that names modules, on kernels. */
async function absent(modules: readonly string[], kernels: readonly OfflineKernel[]): Promise<string[]> {
  const file = join(folder, 'corematrix.yaml');
  await writeFile(file, `objects:\n  - path: sample.bpf.o\n    modules: [${modules.join(', ')}]\n`);
  const { objects, problems } = await readConfigured({ objects: [], config: await loadConfig(file) });
  expect(problems).toEqual([]);
  const lines = await absentModules(objects, kernels);
  return lines.map((line) => line.replace(`${folder}/`, ''));
}

test('a module that all kernels lack is told with its place, and one that a kernel has is not', async () => {
  const kernels = [kernel('5.10', OLD), kernel('6.12', YOUNG)];
  expect(await absent(['veth', 'veht', 'tls'], kernels)).toMatchInlineSnapshot(`
    [
      "corematrix.yaml:3:21: no module "veht" in the package of 5.10, 6.12 (did you mean veth?)",
    ]
  `);
});

test('nothing is told of a kernel whose modules are not in the cache', async () => {
  expect(await absent(['veht'], [kernel('5.10', OLD), kernel('6.1', BARE)])).toEqual([]);
  expect(await absent(['veht'], [kernel('vmlinux.btf', null)])).toEqual([]);
  expect(await absent([], [kernel('5.10', OLD)])).toEqual([]);
});
