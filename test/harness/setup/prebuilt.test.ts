// Tests that an installed package uses the programs that it carries, after checking their digests.
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sha256Of } from '../../../harness/base/digest.ts';
import { writeArchive } from '../../../harness/setup/pack/archive.ts';
import type { BuiltProgram } from '../../../harness/setup/pack/programs.ts';
import { MANIFEST_FILE, prebuiltAgent, prebuiltLoader } from '../../../harness/setup/prebuilt.ts';

let root = '';
let options = { cache: '', folder: '' };
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'corematrix-prebuilt-'));
  options = { cache: join(root, 'cache'), folder: join(root, 'prebuilt') };
  await mkdir(options.folder);
});
afterEach(async () => rm(root, { recursive: true }));

async function program(family: BuiltProgram['family'], release: string): Promise<BuiltProgram> {
  const path = join(root, `${family}-${release}`);
  await writeFile(path, `the program with ${family} ${release}`);
  return { path, family, named: release.split('.').slice(0, 2).join('.'), release, origin: `made by a test` };
}

/** Writes a package with agents of these releases of libbpf, and one loader program. */
async function writePackage(...releases: string[]): Promise<void> {
  const agents = await Promise.all(releases.map(async (release) => program('libbpf', release)));
  const archives = [
    await writeArchive(options.folder, { name: 'agents', arch: 'x86_64', programs: agents }),
    await writeArchive(options.folder, { name: 'loaders', arch: 'x86_64', programs: [await program('cilium', '0.22.0')] }),
    await writeArchive(options.folder, { name: 'others', arch: 'arm64', programs: [await program('libbpf', '1.9.0')] }),
  ];
  await writeFile(join(options.folder, MANIFEST_FILE), JSON.stringify({ format: 1, archives }));
}

async function textOf(made: { path: string } | null): Promise<string | null> {
  return made === null ? null : readFile(made.path, 'utf8');
}

it('the agent of a package is the one with the wanted release of libbpf, else the newest', async () => {
  await writePackage('1.7.0', '1.5.2', '1.1.2');
  const asked = [undefined, '1.7', '1.5', '1.5.1', '1.1', '1.1.3', '1.6', '1.9'];
  const found: unknown[] = [];
  for (const release of asked) found.push([release, (await prebuiltAgent(release, options))?.libbpf ?? null]);
  expect(found).toEqual([
    [undefined, '1.7.0'],
    ['1.7', '1.7.0'],
    ['1.5', '1.5.2'],
    ['1.5.1', '1.5.2'],
    ['1.1', '1.1.2'],
    ['1.1.3', null],
    ['1.6', null],
    ['1.9', null],
  ]);
});

it('an agent is unpacked into the cache as an executable file with the digest that the package names', async () => {
  await writePackage('1.7.0', '1.1.2');
  const agent = await prebuiltAgent('1.1', options);
  expect(await textOf(agent)).toBe('the program with libbpf 1.1.2');
  expect(agent).toMatchObject({ libbpf: '1.1.2', libbpfOrigin: 'made by a test', sha256: await sha256Of(agent?.path ?? '') });
  expect(((await stat(agent?.path ?? '')).mode & 0o777).toString(8)).toBe('755');
});

it('a loader program of a package is found by the name of its loader', async () => {
  await writePackage('1.7.0');
  const loader = await prebuiltLoader({ family: 'cilium', release: '0.22' }, options);
  expect([loader?.library, loader?.release, await textOf(loader)]).toEqual(['cilium/ebpf', '0.22.0', 'the program with cilium 0.22.0']);
  expect(await prebuiltLoader({ family: 'aya', release: '0.14' }, options)).toBe(null);
});

it('a program that changed in the cache is unpacked again', async () => {
  await writePackage('1.7.0');
  const first = await prebuiltAgent(undefined, options);
  await writeFile(first?.path ?? '', 'something else');
  expect(await textOf(await prebuiltAgent(undefined, options))).toBe('the program with libbpf 1.7.0');
  await rm(first?.path ?? '');
  expect(await textOf(await prebuiltAgent(undefined, options))).toBe('the program with libbpf 1.7.0');
});

it('an archive that was cut, or whose programs have other digests, is refused and leaves nothing in the cache', async () => {
  await writePackage('1.7.0');
  const damaged = /^the package of corematrix is damaged: .*agents\.br does not contain libbpf 1\.7\.0; install it again$/;
  const archive = join(options.folder, 'agents.br');
  const bytes = await readFile(archive);
  await writeFile(archive, bytes.subarray(0, 10));
  await expect(prebuiltAgent(undefined, options)).rejects.toThrow(damaged);
  await writeArchive(options.folder, { name: 'agents', arch: 'x86_64', programs: [await program('cilium', '0.22.0')] });
  await expect(prebuiltAgent(undefined, options)).rejects.toThrow(damaged);
  await writeFile(archive, bytes);
  expect(await textOf(await prebuiltAgent(undefined, options))).toBe('the program with libbpf 1.7.0');
});

it('a package without programs, and a checkout, have no prebuilt agent', async () => {
  expect(await prebuiltAgent(undefined, options)).toBe(null);
  expect(await prebuiltAgent(undefined, { cache: options.cache })).toBe(null);
});
