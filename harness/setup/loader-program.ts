// Loader programs: static programs in Go and Rust from harness/loaders/, built when an object first needs one, kept in the cache.
import { join } from 'node:path';
import { type LibraryLoader, libraryName } from '../base/loader-name.ts';
import { cacheRoot } from '../base/files.ts';
import { populateDirectory } from '../base/populate.ts';
import { digestOf, sha256Of } from '../base/digest.ts';
import type { LoaderProgram } from '../guest/agent.ts';
import { ayaBuild } from './aya.ts';
import { ciliumBuild } from './cilium.ts';
import type { LoaderBuild } from './loader-build.ts';
import { prebuiltLoader } from './prebuilt.ts';
import { secondsSince } from './command.ts';

export interface LoaderOptions {
  /** Root of the cache. */
  cache?: string;
  onNote: (text: string) => void;
}

async function buildOf({ family, release }: LibraryLoader): Promise<LoaderBuild> {
  switch (family) {
    case 'cilium':
      return ciliumBuild(release);
    case 'aya':
      return ayaBuild(release);
  }
}

/**
 * The loader program for a release of a library: the one that the package carries, or else one that is built here.
 * @throws InfraError if there is no compiler for it, or it does not build
 */
export async function ensureLoaderProgram(loader: LibraryLoader, { cache = cacheRoot(), onNote }: LoaderOptions): Promise<LoaderProgram> {
  return (await prebuiltLoader(loader, { cache })) ?? buildLoaderProgram(loader, { cache, onNote });
}

/**
 * Builds the loader program for a release of a library; again after a change of its sources, its lock files or the compiler.
 * @throws InfraError if there is no compiler for it, or it does not build
 */
export async function buildLoaderProgram(loader: LibraryLoader, { cache, onNote }: Required<LoaderOptions>): Promise<LoaderProgram> {
  const { files, inputs, release, build } = await buildOf(loader);
  const target = join(cache, 'loaders', await digestOf(files, loader.family, loader.release, ...inputs));
  const path = join(target, 'loader');
  const started = performance.now();
  const library = libraryName(`${loader.family}@${loader.release}`);
  const state = await populateDirectory(target, async (building) => {
    onNote(`building the loader program with ${library} ${release}, which may take minutes`);
    await build(join(building, 'loader'));
  });
  if (state === 'built') onNote(`loader program with ${library} ${release}: ${secondsSince(started)}`);
  return { path, sha256: await sha256Of(path), library, release };
}
