// Packs programs into one compressed file: programs of one kind have most of their bytes in common, so they are compressed together.
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import { readAnySize } from '../../base/cached-file.ts';
import type { PrebuiltArchive, PrebuiltProgram } from '../prebuilt.ts';
import type { BuiltProgram } from './programs.ts';

/** The largest window that every decoder of Brotli accepts: 16 MiB. */
const WINDOW_BITS = 24;

async function packed({ path, family, named, release, origin }: BuiltProgram): Promise<{ bytes: Buffer; program: PrebuiltProgram }> {
  const bytes = await readAnySize(path);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { bytes, program: { family, named, release, origin, size: bytes.length, sha256 } };
}

/**
 * Writes an archive.
 * @param name of the file, without its ending
 * @returns its entry in the manifest
 */
export async function writeArchive(
  folder: string,
  { name, arch, programs }: { name: string; arch: PrebuiltArchive['arch']; programs: readonly BuiltProgram[] },
): Promise<PrebuiltArchive> {
  const contents = await Promise.all(programs.map(packed));
  const all = Buffer.concat(contents.map(({ bytes }) => bytes));
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_LGWIN]: WINDOW_BITS,
    [constants.BROTLI_PARAM_SIZE_HINT]: all.length,
  };
  const file = `${name}.br`;
  await writeFile(join(folder, file), await promisify(brotliCompress)(all, { params }));
  return { file, arch, programs: contents.map(({ program }) => program) };
}
