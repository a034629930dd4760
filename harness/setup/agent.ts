// The guest agent: a static program. A published package carries it; a checkout builds it from the C in harness/guest/agent/, linked with
// the libbpf of set-up, and keeps it in the cache.
import { join } from 'node:path';
import { cacheRoot } from '../base/files.ts';
import { populateDirectory } from '../base/populate.ts';
import { InfraError } from '../base/errors.ts';
import type { TrustOptions } from '../../kernels/trust/mirror-trust.ts';
import type { GuestAgent } from '../guest/agent.ts';
import { run, secondsSince, versionLine } from './command.ts';
import { digestOf, filesIn, sha256Of } from '../base/digest.ts';
import { ensureLibbpf, ensureRelease, type Libbpf } from './libbpf.ts';
import { PACKAGE_ROOT } from '../base/package-root.ts';
import { prebuiltAgent } from './prebuilt.ts';

/** The functions of libbpf that vmlinux_btf.c and verifier_log.c in harness/guest/agent/ replace. */
const WRAPPED = ['btf__load_vmlinux_btf', 'btf__free', 'bpf_prog_load'].map((name) => `-Wl,--wrap=${name}`);
const FLAGS = ['-std=gnu11', '-O3', '-static', '-s', '-Wall', '-Wextra', '-Werror', ...WRAPPED];
const LIBRARIES = ['-lelf', '-lz', '-lzstd'];
const NO_COMPILER =
  'gcc is not installed; it builds the guest agent, and an agent in the cache is used only with the version of gcc that built it; ' +
  '"corematrix setup" installs it, or on Debian: apt-get install gcc libc6-dev';

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
}

async function compile(sources: readonly string[], libbpf: Libbpf, target: string): Promise<void> {
  const inputs = [...sources, libbpf.staticLib, ...LIBRARIES];
  const { ok, said } = await run(['gcc', ...FLAGS, '-isystem', libbpf.includeDir, ...inputs, '-o', target]);
  if (!ok) throw new InfraError('the guest agent does not build; "corematrix setup" installs what it needs:', { detail: said });
}

/**
 * The guest agent that the package carries, or else one that is built here.
 * @throws InfraError if it cannot be built, with the compiler's message
 */
export async function ensureAgent(options: AgentOptions): Promise<GuestAgent> {
  const cache = options.cache ?? cacheRoot();
  const { release } = options;
  const prebuilt = options.sources === undefined ? await prebuiltAgent(release, { cache }) : null;
  if (prebuilt) return prebuilt;
  const from = { cache, onNote: options.onNote, mirrors: options.mirrors, trust: options.trust };
  const libbpf = release === undefined ? await ensureLibbpf(from) : await ensureRelease(release, from);
  return buildAgent(libbpf, { ...options, cache });
}

/**
 * Builds the guest agent with a libbpf; again after a change of its sources, libbpf or the compiler.
 * @throws InfraError if it cannot be built, with the compiler's message
 */
export async function buildAgent(
  libbpf: Libbpf,
  options: Pick<AgentOptions, 'sources' | 'onNote'> & { cache: string },
): Promise<GuestAgent> {
  const folder = options.sources ?? join(PACKAGE_ROOT, 'harness/guest/agent');
  const compiler = await versionLine('gcc');
  if (compiler === null) throw new InfraError(NO_COMPILER);
  const sources = await filesIn(folder, ['.c']);
  const libbpfKey = await digestOf([libbpf.staticLib]);
  const key = await digestOf(await filesIn(folder, ['.c', '.h']), libbpfKey, compiler, ...FLAGS, ...LIBRARIES);
  const target = join(options.cache, 'agent', key);
  const started = performance.now();
  const state = await populateDirectory(target, async (building) => compile(sources, libbpf, join(building, 'init')));
  if (state === 'built') options.onNote(`guest agent with libbpf ${libbpf.version}: ${secondsSince(started)}`);
  const path = join(target, 'init');
  const sha256 = await sha256Of(path);
  return { path, sha256, libbpf: libbpf.version, libbpfOrigin: libbpf.origin };
}
