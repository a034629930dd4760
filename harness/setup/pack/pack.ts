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
import { MissingCompiler } from '../loader-build.ts';
import { MANIFEST_FILE, PREBUILT_FOLDER, type PrebuiltArchive, type PrebuiltManifest } from '../prebuilt.ts';
import { writeArchive } from './archive.ts';
import { agentComponents, type Component, goComponents, rustComponents, textsIn } from './components.ts';
import { type NoticePart, writeNotice } from './notice.ts';
import { trimDist } from './trim.ts';
import { buildAgents, type BuildOptions, buildLoaders, type BuiltAgents, type BuiltLoaders } from './programs.ts';

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

async function agentParts({ arch, toolchain, programs }: BuiltAgents): Promise<NoticePart> {
  const libbpf = await Promise.all(
    programs.map(async ({ source, licences }) => ({ name: `${source} (Debian source package)`, texts: await textsIn(licences) })),
  );
  return { programs: `agents for ${arch}`, components: [...libbpf, ...(await agentComponents(toolchain))] };
}

async function noticeParts(agents: readonly BuiltAgents[], { programs }: BuiltLoaders): Promise<NoticePart[]> {
  const parts: NoticePart[] = await Promise.all(agents.map(agentParts));
  const has = (family: string) => programs.some((program) => program.family === family);
  if (has('cilium')) {
    const found = await Promise.all(LIBRARY_RELEASES.cilium.map(goComponents));
    parts.push({ programs: 'loader programs with cilium/ebpf', components: distinct(found.flat()) });
  }
  if (has('aya')) parts.push({ programs: 'loader programs with aya, beside the GNU C library', components: distinct(await rustParts()) });
  return parts;
}

/** A published package is complete; one that is only packed may lack the programs that this machine has no compiler for. */
function checkComplete(missing: readonly string[]): void {
  for (const reason of missing) note(`left out: ${reason}`);
  if (missing.length > 0 && process.env['npm_command'] === 'publish') {
    throw new InfraError(`an incomplete package is not published: ${missing.join('; ')}`);
  }
}

/** The agents for x86-64, and those for arm64 if this machine has a compiler for them, or else the reason. */
async function everyAgent(options: BuildOptions): Promise<{ agents: BuiltAgents[]; missing: string[] }> {
  const agents = [await buildAgents('x86_64', options)];
  try {
    agents.push(await buildAgents('arm64', options));
    return { agents, missing: [] };
  } catch (error) {
    if (!(error instanceof MissingCompiler)) throw error;
    return { agents, missing: [error.message] };
  }
}

async function writePrograms(folder: string, options: BuildOptions): Promise<void> {
  const { agents, missing } = await everyAgent(options);
  const loaders = await buildLoaders(options);
  checkComplete([...missing, ...loaders.missing]);
  const target = join(folder, PREBUILT_FOLDER);
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  const archives: PrebuiltArchive[] = [];
  for (const { arch, programs } of agents) archives.push(await writeArchive(target, { name: `agents-${arch}`, arch, programs }));
  if (loaders.programs.length > 0) {
    archives.push(await writeArchive(target, { name: 'loaders-x86_64', arch: 'x86_64', programs: loaders.programs }));
  }
  const manifest: PrebuiltManifest = { format: 1, archives };
  await writeNotice(target, await noticeParts(agents, loaders));
  await writeFile(join(target, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const { file, programs } of archives) note(`${file}: ${programs.map(({ family, release }) => `${family} ${release}`).join(', ')}`);
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
