// Builds the programs that the package carries: an agent for each pinned release of libbpf, and the loader programs.
import { dirname } from 'node:path';
import type { Arch } from '../../../kernels/image/inspect.ts';
import { libraryName, LIBRARY_LOADERS, namedLoader } from '../../base/loader-name.ts';
import { buildAgent } from '../agent.ts';
import { ensurePinned } from '../libbpf.ts';
import { PINNED_RELEASES } from '../libbpf-pins.ts';
import { MissingCompiler } from '../loader-build.ts';
import { buildLoaderProgram } from '../loader-program.ts';
import type { PrebuiltProgram } from '../prebuilt.ts';
import { type Toolchain, toolchainFor } from '../toolchain.ts';

export interface BuildOptions {
  /** Root of the cache. */
  cache: string;
  onNote: (text: string) => void;
}

/** A program on this machine that goes into the package. */
export interface BuiltProgram extends Pick<PrebuiltProgram, 'family' | 'named' | 'release' | 'origin'> {
  path: string;
}

/** An agent, with what its libbpf came from. */
export interface BuiltAgent extends BuiltProgram {
  /** Name and version of the source package. */
  source: string;
  /** Folder of the texts of its licences. */
  licences: string;
}

/** The agents of one architecture, and the toolchain that built them. */
export interface BuiltAgents {
  arch: Arch;
  toolchain: Toolchain;
  programs: readonly BuiltAgent[];
}

/**
 * The agents of an architecture, the newest release of libbpf first.
 * @throws InfraError if one cannot be built; MissingCompiler without a compiler for the architecture
 */
export async function buildAgents(arch: Arch, shared: BuildOptions): Promise<BuiltAgents> {
  const options = { ...shared, arch };
  const toolchain = await toolchainFor(arch, options);
  const agents: BuiltAgent[] = [];
  for (const pinned of PINNED_RELEASES) {
    const libbpf = await ensurePinned(pinned, options);
    const { path } = await buildAgent(libbpf, options);
    const named = libbpf.version.split('.').slice(0, 2).join('.');
    const licences = `${dirname(libbpf.includeDir)}/licences`;
    agents.push({
      path,
      source: `libbpf ${pinned.version}`,
      licences,
      family: 'libbpf',
      named,
      release: libbpf.version,
      origin: `${libbpf.origin}, prebuilt`,
    });
  }
  return { arch, toolchain, programs: agents };
}

/** The loader programs, and what this machine has no compiler for, with the reason. */
export interface BuiltLoaders {
  programs: BuiltProgram[];
  missing: string[];
}

/**
 * The loader programs that this machine has compilers for.
 * @throws InfraError if one does not build
 */
export async function buildLoaders(options: BuildOptions): Promise<BuiltLoaders> {
  const built: BuiltLoaders = { programs: [], missing: [] };
  for (const name of LIBRARY_LOADERS) {
    const loader = namedLoader(name);
    if (loader.family === 'libbpf') continue;
    try {
      const { path, release } = await buildLoaderProgram(loader, options);
      const origin = `${libraryName(name)} ${release}, prebuilt`;
      built.programs.push({ path, family: loader.family, named: loader.release, release, origin });
    } catch (error) {
      if (!(error instanceof MissingCompiler)) throw error;
      built.missing.push(error.message);
    }
  }
  return built;
}
