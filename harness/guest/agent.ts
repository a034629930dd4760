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

/** The static agent binary that set-up built, and the libbpf in it. */
export interface GuestAgent {
  path: string;
  sha256: string;
  libbpf: string;
  libbpfOrigin: string;
}

async function readConfig(path: string): Promise<Buffer> {
  return readUserFile(path, CONFIG_FILE).catch((error: unknown) => {
    throw error instanceof UserError ? new InfraError(error.message, { cause: error }) : error;
  });
}

/**
 * Packs the agent, and the kernel's configuration if it is known, into an initramfs in the run's work folder.
 * @returns its path
 * @throws InfraError if the configuration file has changed or can no longer be read
 */
export async function prepareInitramfs(
  { path, sha256 }: Pick<GuestAgent, 'path' | 'sha256'>,
  kernel: Pick<KernelImage, 'release' | 'config'> | null,
  work: string,
): Promise<string> {
  const config = kernel?.config ?? null;
  const target = join(work, `initramfs-${sha256.slice(0, 16)}-${config?.sha256.slice(0, 16) ?? 'plain'}-${randomUUID()}.cpio`);
  const text = config && (await readConfig(config.path));
  if (text && createHash('sha256').update(text).digest('hex') !== config.sha256)
    throw new InfraError(`${config.path} changed while it was used`);
  const boot = kernel && text && { release: kernel.release, text };
  const archive = buildInitramfs(await readAnySize(path), boot);
  await mkdir(work, { recursive: true });
  await writeFile(target, archive).catch((error: unknown) => {
    throw withPath(error, target);
  });
  return target;
}
