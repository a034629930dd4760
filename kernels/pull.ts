// Brings planned kernels into the cache. Every kernel that boots was pulled here.
import { join } from 'node:path';
import { InfraError } from '../harness/base/errors.ts';
import { explainDiskError } from '../harness/base/files.ts';
import type { KernelConfig } from './cache/cached-kernel.ts';
import { recordTrust } from './cache/kernel-trust.ts';
import type { FoundConfig } from './cache/config.ts';
import { KERNEL_FILES } from './image/facts.ts';
import type { DeliveredKernel, ModuleSource, PlannedKernel } from './registered.ts';
import type { KernelOptions } from './sources/options.ts';
import type { KernelIdentity } from './sources/source.ts';
import type { Trust } from './trust/trust.ts';

/** A kernel on disk. If it comes from another package than planned, its id and version are those of that package. */
export interface KernelImage extends KernelIdentity {
  /** Digest of the image as delivered. */
  sha256: string;
  /** The expected `uname -r`, from the image's banner. The guest reports the real one. */
  release: string;
  /** The unpacked ELF file; null for a flat image (arm64). */
  vmlinux: string | null;
  /** The original bzImage or Image; null if the original is a vmlinux. */
  image: string | null;
  btf: { path: string; size: number; sha256: string } | null;
  /** Its build configuration; null if its source has no configuration. */
  config: KernelConfig | null;
  modules: ModuleSource;
  package: { name: string; version: string; path: string; sha256: string } | null;
  /** Who vouches for it. */
  trust: Trust;
  /** For readers of a report, for example that another package replaces a lost one. */
  notes: string[];
}

function packageOf({ package: facts }: DeliveredKernel): KernelImage['package'] {
  if (facts === null) return null;
  const { name, version, path, sha256 } = facts;
  return { name, version, path, sha256 };
}

function imageOf(delivered: DeliveredKernel, { config, notes }: FoundConfig): KernelImage {
  const { identity, cached } = delivered;
  const file = (name: string) => join(cached.directory, name);
  return {
    ...identity,
    sha256: cached.sha256,
    release: cached.release,
    vmlinux: cached.vmlinux ? file(KERNEL_FILES.vmlinux) : null,
    image: cached.image ? file(KERNEL_FILES.image) : null,
    btf: cached.btf ? { ...cached.btf, path: file(KERNEL_FILES.btf) } : null,
    config,
    modules: delivered.modules,
    package: packageOf(delivered),
    trust: delivered.trust,
    notes: [...delivered.notes, ...notes],
  };
}

/**
 * Brings a planned kernel into the cache. Returns a cached kernel within milliseconds and without the network. A kernel that its source
 * lost is replaced by the nearest one, with a note.
 * @throws InfraError if it is not available, damaged or too large for the disk; the signal's reason if aborted
 */
export async function pullKernel(planned: PlannedKernel, options: KernelOptions): Promise<KernelImage> {
  options.signal?.throwIfAborted();
  try {
    const delivered = await planned.deliver(options);
    const { key, identity, cached, trust } = delivered;
    // The plan may have added a number to the id, because another file has the same id.
    const id = key === planned.key ? planned.id : identity.id;
    if (cached.arch !== identity.arch) {
      throw new InfraError(`${id}: expected a kernel for ${identity.arch}, but this one is for ${cached.arch}`);
    }
    await recordTrust(cached.directory, trust);
    return { ...imageOf(delivered, await delivered.config(options)), id };
  } catch (error) {
    throw explainDiskError(error, options.cache);
  }
}
