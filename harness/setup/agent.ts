// The guest agent: a static program. A published package carries it; a checkout builds it from the C in harness/guest/agent/, linked with
// the libbpf of set-up, and keeps it in the cache.
import { join } from 'node:path';
import { cacheRoot } from '../base/files.ts';
import { populateDirectory } from '../base/populate.ts';
import { InfraError } from '../base/errors.ts';
import type { TrustOptions } from '../../kernels/trust/mirror-trust.ts';
import type { GuestAgent } from '../guest/agent.ts';
import type { Arch } from '../../kernels/image/inspect.ts';
import { run, secondsSince } from './command.ts';
import { digestOf, filesIn, sha256Of } from '../base/digest.ts';
import { ensureLibbpf, ensureRelease, type Libbpf } from './libbpf.ts';
import { PACKAGE_ROOT } from '../base/package-root.ts';
import { prebuiltAgent } from './prebuilt.ts';
import { type Toolchain, toolchainFor } from './toolchain.ts';

/** The functions of libbpf that vmlinux_btf.c and verifier_log.c in harness/guest/agent/ replace. */
const WRAPPED = ['btf__load_vmlinux_btf', 'btf__free', 'bpf_prog_load'].map((name) => `-Wl,--wrap=${name}`);
const FLAGS = ['-std=gnu11', '-O3', '-static', '-s', '-Wall', '-Wextra', '-Werror', ...WRAPPED];
const LIBRARIES = ['-lelf', '-lz', '-lzstd'];
/** What the names of C files end in that only one architecture has. */
const OWN_SOURCE = /_(x86_64|arm64)\.c$/;

export interface AgentOptions {
  /** Root of the cache. */
  cache?: string;
  /** Folder of the C sources; all of them are compiled. */
  sources?: string;
  onNote: (text: string) => void;
  /** Base addresses of Debian mirrors; without any, those of the environment or of apt. */
  mirrors?: readonly string[] | undefined;
  /** What the user trusts beyond verified mirrors (default: only what the environment says). */
  trust?: TrustOptions | undefined;
  /** A release of libbpf to link with, `1.1`; default: the release that this project is written for. */
  release?: string | undefined;
  /** Architecture of the guests. @default 'x86_64' */
  arch?: Arch;
}

async function compile(sources: readonly string[], libbpf: Libbpf, { gcc, flags }: Toolchain, target: string): Promise<void> {
  const inputs = [...sources, libbpf.staticLib, ...LIBRARIES];
  const { ok, said } = await run([gcc, ...FLAGS, '-isystem', libbpf.includeDir, ...flags, ...inputs, '-o', target]);
  if (!ok) throw new InfraError('the guest agent does not build; "corematrix setup" installs what it needs:', { detail: said });
}

/**
 * The guest agent that the package carries, or else one that is built here.
 * @throws InfraError if it cannot be built, with the compiler's message
 */
export async function ensureAgent(options: AgentOptions): Promise<GuestAgent> {
  const cache = options.cache ?? cacheRoot();
  const { release, arch = 'x86_64' } = options;
  const prebuilt = options.sources === undefined ? await prebuiltAgent(release, { cache, arch }) : null;
  if (prebuilt) return prebuilt;
  // Without a compiler, libbpf is not downloaded either.
  await toolchainFor(arch, { cache, onNote: options.onNote });
  const from = { cache, onNote: options.onNote, mirrors: options.mirrors, trust: options.trust, arch };
  const libbpf = release === undefined ? await ensureLibbpf(from) : await ensureRelease(release, from);
  return buildAgent(libbpf, { ...options, cache });
}

/**
 * Builds the guest agent with a libbpf; again after a change of its sources, libbpf or the compiler.
 * @throws InfraError if it cannot be built, with the compiler's message
 */
export async function buildAgent(
  libbpf: Libbpf,
  options: Pick<AgentOptions, 'sources' | 'onNote' | 'arch'> & { cache: string },
): Promise<GuestAgent> {
  const folder = options.sources ?? join(PACKAGE_ROOT, 'harness/guest/agent');
  const { arch = 'x86_64' } = options;
  const toolchain = await toolchainFor(arch, options);
  const files = (await filesIn(folder, ['.c', '.h'])).filter((file) => (OWN_SOURCE.exec(file)?.[1] ?? arch) === arch);
  const sources = files.filter((file) => file.endsWith('.c'));
  const libbpfKey = await digestOf([libbpf.staticLib]);
  const key = await digestOf(files, libbpfKey, ...toolchain.inputs, ...FLAGS, ...LIBRARIES);
  const target = join(options.cache, 'agent', key);
  const started = performance.now();
  const state = await populateDirectory(target, async (building) => compile(sources, libbpf, toolchain, join(building, 'init')));
  const shown = arch === 'x86_64' ? 'guest agent' : `guest agent for ${arch}`;
  if (state === 'built') options.onNote(`${shown} with libbpf ${libbpf.version}: ${secondsSince(started)}`);
  const path = join(target, 'init');
  const sha256 = await sha256Of(path);
  return { path, sha256, libbpf: libbpf.version, libbpfOrigin: libbpf.origin };
}
