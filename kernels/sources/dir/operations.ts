// Plans the kernels in a folder. The source of each file does everything else.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InfraError, messageOf, UserError } from '../../../harness/base/errors.ts';
import { errorCode } from '../../../harness/base/files.ts';
import { hasDebImage, debOperations } from '../deb/operations.ts';
import { fileOperations, isImageFile } from '../file/operations.ts';
import type { PathOrigin, PathSelector } from '../local-file.ts';
import type { KernelOptions } from '../options.ts';
import { hasRpmImage, rpmOperations } from '../rpm/operations.ts';
import type { SourceKernel, SourceOperations } from '../source.ts';

/** How a file in the folder is read. */
interface FileKind {
  operations: SourceOperations<PathSelector, PathOrigin>;
  /** Whether the name of a file shows that it is of this kind. */
  isNamed: (name: string) => boolean;
  /** Whether a file of this kind has a kernel. @throws InfraError or UserError if it is damaged */
  hasKernel: (path: string) => Promise<boolean>;
}

const KINDS = {
  deb: { operations: debOperations, isNamed: (name) => name.endsWith('.deb'), hasKernel: hasDebImage },
  rpm: { operations: rpmOperations, isNamed: (name) => name.endsWith('.rpm'), hasKernel: hasRpmImage },
  file: { operations: fileOperations, isNamed: () => true, hasKernel: isImageFile },
} as const satisfies Record<string, FileKind>;

type Kind = keyof typeof KINDS;
const KIND_NAMES = ['deb', 'rpm', 'file'] as const satisfies readonly Kind[];

export interface FolderOrigin extends PathOrigin {
  kind: Kind;
}

/** More than anyone keeps in one folder. Each kernel is read in part. */
const MAX_FILES = 2000;

async function filesIn({ text, path }: PathSelector): Promise<string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.flatMap((entry) => (entry.isFile() ? [entry.name] : [])).toSorted();
  } catch (error) {
    const reason = { ENOENT: 'no such folder', ENOTDIR: 'it is not a folder; name an image as file:PATH' }[errorCode(error) ?? ''];
    throw new UserError(`${text}: ${reason ?? `cannot be read: ${messageOf(error)}`}`, { cause: error });
  }
}

/** A vmlinux and the bzImage that was made from it are one kernel, which the bzImage boots. */
function withoutTwins(kernels: readonly SourceKernel<FolderOrigin>[]): SourceKernel<FolderOrigin>[] {
  const isVmlinux = ({ origin }: SourceKernel<FolderOrigin>) => origin.kind === 'file' && /vmlinux[^/]*$/.test(origin.path);
  return kernels.filter((kernel) => !isVmlinux(kernel) || !kernels.some((other) => other.id === kernel.id && !isVmlinux(other)));
}

async function plan(selector: PathSelector, options: KernelOptions): Promise<SourceKernel<FolderOrigin>[]> {
  const { text } = selector;
  const names = await filesIn(selector);
  if (names.length > MAX_FILES)
    throw new UserError(`${text}: it has ${names.length} files; expected a folder of kernels with at most ${MAX_FILES}`);
  const found: SourceKernel<FolderOrigin>[] = [];
  for (const name of names) {
    const kind = KIND_NAMES.find((each) => KINDS[each].isNamed(name)) ?? 'file';
    const path = join(selector.path, name);
    const { operations, hasKernel } = KINDS[kind];
    const isKernel = await hasKernel(path).catch((error: unknown) => {
      throw error instanceof InfraError ? new UserError(error.message, { cause: error }) : error;
    });
    if (!isKernel) continue;
    const kernels = await operations.planner(options)({ text: `${kind}:${path}`, path });
    found.push(...kernels.map((kernel) => ({ ...kernel, origin: { kind, path } })));
  }
  if (found.length === 0) throw new UserError(`${text}: none of its files (${names.length}) is a kernel image or package`);
  return withoutTwins(found);
}

export const dirOperations: SourceOperations<PathSelector, FolderOrigin> = {
  planner: (options) => async (selector) => plan(selector, options),
  isCached: async (origin, cache) => KINDS[origin.kind].operations.isCached(origin, cache),
  verify: (origin) => KINDS[origin.kind].operations.verify(origin),
  pull: async (kernel, options) => {
    const delivered = await KINDS[kernel.origin.kind].operations.pull(kernel, options);
    return { ...delivered, kernel };
  },
  config: async (origin, cached, options) => KINDS[origin.kind].operations.config(origin, cached, options),
  modules: async (origin, options) => KINDS[origin.kind].operations.modules(origin, options),
  cachedModules: async (origin, cache) => KINDS[origin.kind].operations.cachedModules(origin, cache),
  lock: null,
};
