// The compiler of each architecture of guests, with what it needs to make static programs.
import type { Arch } from '../../kernels/image/inspect.ts';
import { InfraError } from '../base/errors.ts';
import { run, versionLine } from './command.ts';
import { MissingCompiler } from './loader-build.ts';
import { ensureSysroot, type Sysroot } from './sysroot.ts';

const NO_COMPILER =
  'gcc is not installed; it builds the guest agent, and an agent in the cache is used only with the version of gcc that built it; ' +
  '"corematrix setup" installs it, or on Debian: apt-get install gcc libc6-dev';
const NO_CROSS_COMPILER =
  'aarch64-linux-gnu-gcc is not installed, or has no C library; it builds the guest agent for arm64; ' +
  'on Debian: apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross';

/** A compiler, and where its libraries are. */
export interface Toolchain {
  gcc: string;
  ar: string;
  /** Libraries of Debian for another architecture than that of this machine; null for the system's. */
  sysroot: Sysroot | null;
  /** Flags that lead to headers and libraries. */
  flags: readonly string[];
  /** Everything that the programs depend on beside their sources: the version line of the compiler, and the libraries. */
  inputs: readonly string[];
}

async function native(): Promise<Toolchain> {
  const version = await versionLine('gcc');
  if (version === null) throw new InfraError(NO_COMPILER);
  return { gcc: 'gcc', ar: 'ar', sysroot: null, flags: [], inputs: [version] };
}

async function crossArm64(options: ToolchainOptions): Promise<Toolchain> {
  const gcc = 'aarch64-linux-gnu-gcc';
  const version = await versionLine(gcc);
  const { stdout: library } = await run([gcc, '-print-file-name=libc.a']);
  // gcc prints the bare name when it does not find the file.
  if (version === null || !library.startsWith('/')) throw new MissingCompiler(NO_CROSS_COMPILER);
  const sysroot = await ensureSysroot('arm64', options);
  const { folder, includeDir, libDir, key } = sysroot;
  const flags = ['-isystem', includeDir, `-L${libDir}`, `-ffile-prefix-map=${folder}=sysroot`];
  return { gcc, ar: 'aarch64-linux-gnu-ar', sysroot, flags, inputs: [version, key] };
}

interface ToolchainOptions {
  /** Root of the cache. */
  cache: string;
  onNote: (text: string) => void;
}

const TOOLCHAINS = { x86_64: native, arm64: crossArm64 } as const satisfies Record<Arch, (options: ToolchainOptions) => Promise<Toolchain>>;

/**
 * The compiler for guests of an architecture. Downloads the libraries of another architecture than that of this machine.
 * @throws InfraError without gcc; MissingCompiler without a cross compiler or its libraries
 */
export async function toolchainFor(arch: Arch, options: ToolchainOptions): Promise<Toolchain> {
  return TOOLCHAINS[arch](options);
}
