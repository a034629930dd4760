// The step before `npm pack`: builds the programs that the package carries, copies the keys of Debian's archive, and removes from dist/
// what the package does not need.
// usage: node dist/harness/setup/pack/pack.js [FOLDER]
import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { InfraError, messageOf } from '../../base/errors.ts';
import { cacheRoot } from '../../base/files.ts';
import { LIBRARY_RELEASES } from '../../base/loader-name.ts';
import { PACKAGE_ROOT } from '../../base/package-root.ts';
import { AYA_TARGET, prepareAya } from '../aya.ts';
import { MANIFEST_FILE, PREBUILT_FOLDER, type PrebuiltArchive, type PrebuiltManifest } from '../prebuilt.ts';
import { writeArchive } from './archive.ts';
import { agentComponents, type Component, goComponents, rustComponents, textsIn } from './components.ts';
import { type NoticePart, writeNotice } from './notice.ts';
import { trimDist } from './trim.ts';
import { buildAgents, type BuildOptions, buildLoaders, type BuiltAgent, type BuiltLoaders } from './programs.ts';

const KEYRING = 'debian-archive-keyring.gpg';

function note(text: string): void {
  process.stderr.write(`pack: ${text}\n`);
}

async function copyKeys(target: string): Promise<void> {
  await mkdir(target, { recursive: true });
  await copyFile(join('/usr/share/keyrings', KEYRING), join(target, KEYRING)).catch((error: unknown) => {
    throw new InfraError(`the keys of Debian's archive are missing; on Debian, as root: apt-get install debian-archive-keyring`, {
      cause: error,
    });
  });
  await chmod(join(target, KEYRING), 0o644);
}

async function rustParts(): Promise<Component[]> {
  const work = await mkdtemp(join(tmpdir(), 'corematrix-pack-'));
  try {
    const found: Component[] = [];
    for (const release of LIBRARY_RELEASES.aya) {
      found.push(...(await rustComponents(await prepareAya(release, join(work, release)), AYA_TARGET)));
    }
    return found;
  } finally {
    await rm(work, { recursive: true });
  }
}

/** Components without those that were named before. */
function distinct(components: readonly Component[]): Component[] {
  return components.filter(({ name }, at) => components.findIndex((other) => other.name === name) === at);
}

async function noticeParts(agents: readonly BuiltAgent[], { programs }: BuiltLoaders): Promise<NoticePart[]> {
  const libbpf = await Promise.all(
    agents.map(async ({ source, licences }) => ({ name: `${source} (Debian source package)`, texts: await textsIn(licences) })),
  );
  const parts: NoticePart[] = [{ programs: 'agents', components: [...libbpf, ...(await agentComponents())] }];
  const has = (family: string) => programs.some((program) => program.family === family);
  if (has('cilium')) {
    const found = await Promise.all(LIBRARY_RELEASES.cilium.map(goComponents));
    parts.push({ programs: 'loader programs with cilium/ebpf', components: distinct(found.flat()) });
  }
  if (has('aya')) parts.push({ programs: 'loader programs with aya, beside the GNU C library', components: distinct(await rustParts()) });
  return parts;
}

/** A published package is complete; one that is only packed may lack the loaders that this machine has no compiler for. */
function checkComplete({ missing }: BuiltLoaders): void {
  for (const reason of missing) note(`left out: ${reason}`);
  if (missing.length > 0 && process.env['npm_command'] === 'publish') {
    throw new InfraError(`an incomplete package is not published: ${missing.join('; ')}`);
  }
}

async function writePrograms(folder: string, options: BuildOptions): Promise<void> {
  const agents = await buildAgents(options);
  const loaders = await buildLoaders(options);
  checkComplete(loaders);
  const target = join(folder, PREBUILT_FOLDER);
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  const archives: PrebuiltArchive[] = [await writeArchive(target, { name: 'agents-x86_64', arch: 'x86_64', programs: agents })];
  if (loaders.programs.length > 0) {
    archives.push(await writeArchive(target, { name: 'loaders-x86_64', arch: 'x86_64', programs: loaders.programs }));
  }
  const manifest: PrebuiltManifest = { format: 1, archives };
  await writeNotice(target, await noticeParts(agents, loaders));
  await writeFile(join(target, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const { programs } of archives) note(programs.map(({ family, release }) => `${family} ${release}`).join(', '));
}

try {
  const folder = resolve(process.argv[2] ?? PACKAGE_ROOT);
  await writePrograms(folder, { cache: cacheRoot(), onNote: note });
  await copyKeys(join(folder, 'keys'));
  await trimDist(PACKAGE_ROOT);
} catch (error) {
  process.stderr.write(`error: ${messageOf(error)}\n`);
  process.exitCode = 1;
}
