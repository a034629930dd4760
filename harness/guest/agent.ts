// The guest agent as a run uses it.
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CONFIG_FILE } from '../../kernels/cache/config.ts';
import type { KernelImage } from '../../kernels/pull.ts';
import { readAnySize } from '../base/cached-file.ts';
import { InfraError, UserError } from '../base/errors.ts';
import { withPath } from '../base/machine-trouble.ts';
import { readUserFile } from '../base/user-file.ts';
import { buildInitramfs } from './initramfs.ts';

/** A static program beside the agent that loads through another library than libbpf. */
export interface LoaderProgram {
  path: string;
  /** Of the file. */
  sha256: string;
  /** As its users write it: `cilium/ebpf`. */
  library: string;
  /** `0.22.0` */
  release: string;
}

/** The static agent binary that set-up built, the libbpf in it, and the loader program beside it. */
export interface GuestAgent {
  path: string;
  /** Of all that loads: the agent, and the loader program if there is one. */
  sha256: string;
  libbpf: string;
  libbpfOrigin: string;
  loaderProgram?: LoaderProgram;
}

/** An agent that passes its objects to a loader program. */
export function withLoaderProgram(agent: GuestAgent, loaderProgram: LoaderProgram): GuestAgent {
  const sha256 = createHash('sha256').update(`${agent.sha256} ${loaderProgram.sha256}`).digest('hex');
  return { ...agent, sha256, loaderProgram };
}

async function readConfig(path: string): Promise<Buffer> {
  return readUserFile(path, CONFIG_FILE).catch((error: unknown) => {
    throw error instanceof UserError ? new InfraError(error.message, { cause: error }) : error;
  });
}

/**
 * Packs the agent, its loader program, and the kernel's configuration if it is known, into an initramfs in the run's work folder.
 * @returns its path
 * @throws InfraError if the configuration file has changed or can no longer be read
 */
export async function prepareInitramfs(
  { path, sha256, loaderProgram }: Pick<GuestAgent, 'path' | 'sha256' | 'loaderProgram'>,
  kernel: Pick<KernelImage, 'release' | 'config'> | null,
  work: string,
): Promise<string> {
  const config = kernel?.config ?? null;
  const target = join(work, `initramfs-${sha256.slice(0, 16)}-${config?.sha256.slice(0, 16) ?? 'plain'}-${randomUUID()}.cpio`);
  const text = config && (await readConfig(config.path));
  if (text && createHash('sha256').update(text).digest('hex') !== config.sha256)
    throw new InfraError(`${config.path} changed while it was used`);
  const boot = kernel && text && { release: kernel.release, text };
  const loader = loaderProgram ? await readAnySize(loaderProgram.path) : null;
  const archive = buildInitramfs({ agent: await readAnySize(path), loader, config: boot });
  await mkdir(work, { recursive: true });
  await writeFile(target, archive).catch((error: unknown) => {
    throw withPath(error, target);
  });
  return target;
}
