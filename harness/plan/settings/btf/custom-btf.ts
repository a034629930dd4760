// Custom BTF: one file for all kernels, or a folder with a file for each kernel release, as in BTFHub.
import { createHash } from 'node:crypto';
import { relative } from 'node:path';
import { InfraError, UserError } from '../../../base/errors.ts';
import { reasonOf } from '../../../base/user-file.ts';
import { btfFiles } from '../../../kernel-btf/kernels.ts';
import { readBtfFile } from '../../../kernel-btf/btf-file.ts';
import type { NameIndex } from '../../../bpf/btf/names.ts';
import { indexBytes } from '../../../kernel-btf/name-index-file.ts';
import type { Place } from '../place.ts';

/** Custom BTF for one kernel, as the guest gets it. */
export interface ResolvedCustomBtf {
  bytes: Uint8Array;
  sha256: string;
  types: NameIndex;
}

/**
 * Gives the custom BTF for a kernel release: the only file, or the file named after the release; null if the folder has none.
 * Each file is read once.
 * @throws UserError if the file for that kernel cannot be used
 */
export type CustomBtf = (release: string | null) => Promise<ResolvedCustomBtf | null>;

/** The mailbox also holds the object and the response. */
const MAX_BYTES = 24 << 20;

async function readCustomBtf(path: string, shown: string): Promise<ResolvedCustomBtf> {
  const bytes = await readBtfFile(path).catch(reasonOf);
  if (typeof bytes === 'string') throw new UserError(`${shown}: ${bytes}`);
  return customBtfOf(bytes, shown);
}

/**
 * Custom BTF from its bytes.
 * @throws UserError if they are no BTF
 */
export function customBtfOf(bytes: Uint8Array, shown: string): ResolvedCustomBtf {
  if (bytes.length > MAX_BYTES)
    throw new UserError(`${shown}: ${bytes.length} bytes of BTF are too many for a guest (${MAX_BYTES} at most)`);
  const types = indexBytes(bytes);
  if (typeof types === 'string') throw new UserError(`${shown}: ${types}`);
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex'), types };
}

/**
 * Opens a file or folder. A single file is read at once, so that a problem shows before any guest starts.
 * @param place the setting that names it
 * @throws UserError with the place and the problem
 */
export async function openCustomBtf(path: string, place: Place): Promise<CustomBtf> {
  const shown = relative(process.cwd(), path) || path;
  const wrong = (error: unknown): never => {
    if (!(error instanceof UserError) && !(error instanceof InfraError)) throw error;
    throw place.problem(error.message, error);
  };
  const { isFolder, files } = await btfFiles(shown, path).catch(wrong);
  const [only] = files;
  if (!isFolder && only) {
    const customBtf = await readCustomBtf(only.path, shown).catch(wrong);
    return async () => customBtf;
  }
  const read = new Map<string, Promise<ResolvedCustomBtf>>();
  return async (release) => {
    const file = release === null ? undefined : files.find((each) => each.name === release);
    if (!file) return null;
    const before = read.get(file.path) ?? readCustomBtf(file.path, relative(process.cwd(), file.path)).catch(wrong);
    read.set(file.path, before);
    return before;
  };
}
