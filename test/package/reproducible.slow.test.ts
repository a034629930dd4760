// Tests that the programs of the package depend on nothing but their sources and the compiler.
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { cacheRoot } from '../../harness/base/files.ts';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';
import { buildAgent } from '../../harness/setup/agent.ts';
import { ensurePinned } from '../../harness/setup/libbpf.ts';
import { PINNED_LIBBPF } from '../../harness/setup/libbpf-pins.ts';
import type { Arch } from '../../kernels/image/inspect.ts';
import { arm64IsMissing } from '../harness/loaders/toolchains.ts';
import { writeArchive } from '../../harness/setup/pack/archive.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'corematrix-reproducible-'));
});
afterEach(async () => rm(root, { recursive: true }));

/** Builds the agent in a folder, with libbpf built there, too, and packs it. Returns the bytes of the agent and of its archive. */
async function build(name: string, arch: Arch): Promise<{ agent: Buffer; archive: Buffer; notes: string[] }> {
  const folder = join(root, name);
  const cache = join(folder, 'cache');
  const sources = join(folder, 'agent');
  const notes: string[] = [];
  const onNote = (text: string) => notes.push(text.replace(/: [\d.]+ s$/, ''));
  await mkdir(cache, { recursive: true });
  await mkdir(join(cacheRoot(), 'downloads'), { recursive: true });
  await symlink(join(cacheRoot(), 'downloads'), join(cache, 'downloads'));
  await cp(join(PACKAGE_ROOT, 'harness/guest/agent'), sources, { recursive: true });
  const libbpf = await ensurePinned(PINNED_LIBBPF, { cache, onNote, arch });
  const { path } = await buildAgent(libbpf, { cache, sources, onNote, arch });
  const program = { path, family: 'libbpf', named: '1.7', release: libbpf.version, origin: libbpf.origin } as const;
  const { file } = await writeArchive(folder, { name: 'agents', arch, programs: [program] });
  return { agent: await readFile(path), archive: await readFile(join(folder, file)), notes };
}

/** Builds in two folders. Returns the notes of both, and whether all bytes are the same, without the names of the folders. */
async function buildTwice(arch: Arch): Promise<{ notes: string[][]; isSame: boolean }> {
  const first = await build('first', arch);
  const second = await build('second/another-name', arch);
  const isSame = second.agent.equals(first.agent) && second.archive.equals(first.archive) && !first.agent.includes(root);
  return { notes: [first.notes, second.notes], isSame };
}

it('an agent, and its libbpf, built in two folders have the same bytes', async () => {
  const built = ['libbpf 1.7.0 from the Debian source package', 'guest agent with libbpf 1.7.0'];
  expect(await buildTwice('x86_64')).toEqual({ notes: [built, built], isSame: true });
});

it.skipIf(arm64IsMissing)('so do an agent for arm64 and its libbpf (skipped without a compiler for arm64)', async () => {
  const built = [
    'libraries for arm64 from apt',
    'libbpf 1.7.0 for arm64 from the Debian source package',
    'guest agent for arm64 with libbpf 1.7.0',
  ];
  expect(await buildTwice('arm64')).toEqual({ notes: [built, built], isSame: true });
});
