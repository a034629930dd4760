// Decompresses many small xz files, such as modules, at once.
import { stat } from 'node:fs/promises';
import { streamOf } from '../../harness/base/cached-file.ts';
import { InfraError, messageOf } from '../../harness/base/errors.ts';
import { isMissing, runProgram } from '../../harness/base/program.ts';
import { LIMITS, XZ } from './decompress.ts';
import { unpackInProcess } from './in-process.ts';

/** The sizes of xz files after decompression, from the index at the end of each; null if xz is not installed. */
async function sizesOf(paths: readonly string[]): Promise<number[] | null> {
  const listed = await runProgram(['xz', '--robot', '--list', ...paths], { stdin: 'ignore' }, LIMITS);
  if (isMissing(listed)) return null;
  if (listed.failed) throw new InfraError(listed.stderr);
  // "file", streams, blocks, compressed size, uncompressed size
  return listed.stdout.split('\n').flatMap((line) => (line.startsWith('file\t') ? [Number(line.split('\t')[4])] : []));
}

/** One process for all files, because a process for each takes longer than its work. */
async function unpackTogether(paths: readonly string[], sizes: readonly number[], maxBytes: number): Promise<Buffer[]> {
  const sum = sizes.reduce((all, size) => all + size, 0);
  if (sizes.length !== paths.length || !(sum <= maxBytes)) throw new InfraError(`${sum} bytes are too many`);
  const options = { stdin: 'ignore', encoding: 'buffer', stripFinalNewline: false } as const;
  const { failed, stdout, stderr } = await runProgram([...XZ, ...paths], options, { ...LIMITS, bytes: maxBytes + 1 });
  if (failed) throw new InfraError(Buffer.from(stderr).toString());
  if (stdout.length !== sum) throw new InfraError(`xz gives ${stdout.length} bytes instead of ${sum}`);
  let at = 0;
  return sizes.map((size) => Buffer.from(stdout.buffer, stdout.byteOffset + (at += size) - size, size));
}

async function unpackOneByOne(paths: readonly string[], maxBytes: number): Promise<Buffer[]> {
  const unpacked: Buffer[] = [];
  let sum = 0;
  for (const path of paths) {
    const packed = { input: await streamOf(path), size: (await stat(path)).size };
    const chunks = await unpackInProcess('xz', packed, path, async (plain) => {
      const taken: Uint8Array[] = [];
      for await (const chunk of plain) {
        sum += chunk.length;
        if (sum > maxBytes) throw new InfraError(`${sum} bytes are too many`);
        taken.push(chunk);
      }
      return taken;
    });
    unpacked.push(Buffer.concat(chunks));
  }
  return unpacked;
}

/**
 * Decompresses small xz files, with the program xz if it is installed.
 * @returns their plain bytes, in the order of the paths
 * @throws InfraError if a file is damaged, or all together have more than `maxBytes`
 */
export async function unpackXzFiles(paths: readonly string[], maxBytes: number): Promise<Buffer[]> {
  try {
    const sizes = await sizesOf(paths);
    return sizes === null ? await unpackOneByOne(paths, maxBytes) : await unpackTogether(paths, sizes, maxBytes);
  } catch (error) {
    throw new InfraError(`${paths[0]} and others cannot be decompressed: ${messageOf(error)}`, { cause: error });
  }
}
