// The report folder: every format of one run, its logs, and a record of what was written. It appears whole or not at all.
import { createHash } from 'node:crypto';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InfraError, messageOf, UserError } from '../../harness/base/errors.ts';
import { errorCode, makeDirectories } from '../../harness/base/files.ts';
import { makeOwnedFolder, removeAbandoned } from '../../harness/base/ownership.ts';
import { DEFAULT_FORMATS, FORMAT_NAMES } from '../../harness/base/format-names.ts';
import { piecesOf } from '../../harness/results/large-log.ts';
import { logRefs, logText } from '../../harness/results/logs.ts';
import type { Results } from '../../harness/results/schema.ts';
import { formatParts, FORMATS } from '../formats.ts';
import { renderHtmlFiles } from '../html/render.ts';
import { LOG_FOLDER, logPath } from '../model/log-path.ts';
import type { RenderOptions } from '../model/render-options.ts';
import { checkReportFolder, type FolderContents, reportFiles } from './check.ts';
import { isOwned, type OwnedFiles, RECORD_FILE, recordText, type WrittenFile } from './record.ts';
import { onWholeReport, reportIn, type SwapPlan, swapIn } from './swap.ts';
import { ownedFiles } from './owned-files.ts';

/** The names of folders in which reports are prepared. */
const PREPARED = /^\.corematrix-report\.tmp-[0-9a-f]+$/;
/** Bytes that are written at once, about. */
const BLOCK = 1 << 20;
/** How the path of every log begins. */
const LOG_START = `${LOG_FOLDER}/`;

export interface FolderOptions extends RenderOptions, FolderContents {
  /** The bytes of the bundle file. */
  bundle?: Uint8Array | undefined;
}

/** Writes files below a folder and remembers what was written. */
interface FileWriter {
  write: (path: string, parts: Iterable<string | Uint8Array>) => Promise<void>;
  written: ReadonlyMap<string, WrittenFile>;
}

/** Pieces of text as bytes, small ones together; bytes stay as they are. */
function* blocks(parts: Iterable<string | Uint8Array>): Generator<Uint8Array> {
  let waiting: string[] = [];
  let length = 0;
  for (const part of parts) {
    if (typeof part !== 'string') {
      yield part;
      continue;
    }
    waiting.push(part);
    length += part.length;
    if (length < BLOCK) continue;
    yield Buffer.from(waiting.join(''));
    waiting = [];
    length = 0;
  }
  yield Buffer.from(waiting.join(''));
}

function fileWriter(folder: string): FileWriter {
  const written = new Map<string, WrittenFile>();
  return {
    written,
    write: async (path, parts) => {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      const hash = createHash('sha256');
      let size = 0;
      const file = await open(join(folder, path), 'wx');
      try {
        for (const block of blocks(parts)) {
          hash.update(block);
          size += block.length;
          await file.writeFile(block);
        }
        if (!path.startsWith(LOG_START)) await file.sync();
      } finally {
        await file.close();
      }
      written.set(path, { size, sha256: hash.digest('hex') });
    },
  };
}

/** The text of a log file. */
function* linesOf(text: string): Generator<string> {
  yield* piecesOf(text);
  yield '\n';
}

async function writeLogs(results: Results, { write }: FileWriter): Promise<void> {
  for (const { kernel, object, ...cell } of results.cells)
    for (const { program, kind, id } of logRefs(cell))
      await write(logPath({ kernel, object, program, kind }), linesOf(logText(results.logs, id)));
}

async function writeFormats(
  results: Results,
  { write }: FileWriter,
  { formats = DEFAULT_FORMATS, ...options }: FolderOptions,
): Promise<void> {
  for (const name of FORMAT_NAMES) {
    if (name === 'html' && formats.includes(name)) for (const [path, text] of renderHtmlFiles(results, options)) await write(path, [text]);
    else if (name === 'json' || formats.includes(name)) await write(FORMATS[name].file, formatParts(FORMATS[name], results, options));
  }
}

/** What is to go of the report before: only files that are still as it wrote them. */
async function planOf(folder: string, owned: OwnedFiles, files: readonly string[]): Promise<SwapPlan> {
  const isLog = (path: string) => path.startsWith(LOG_START);
  const paths = [...owned.keys()];
  const stale: string[] = [];
  for (const path of paths) if (!isLog(path) && !files.includes(path) && (await isOwned(folder, path, owned))) stale.push(path);
  return { stale, logs: paths.filter(isLog) };
}

async function replaceReport(results: Results, folder: string, options: FolderOptions): Promise<void> {
  await makeDirectories(folder);
  await removeAbandoned(folder, PREPARED);
  const prepared = await makeOwnedFolder(join(folder, '.corematrix-report.tmp-'));
  const report = reportIn(prepared.path);
  try {
    const writer = fileWriter(report);
    await mkdir(join(report, LOG_FOLDER), { recursive: true });
    await writeFormats(results, writer, options);
    await writeLogs(results, writer);
    if (options.bundleFile !== undefined && options.bundle) await writer.write(options.bundleFile, [options.bundle]);
    await writeFile(join(report, RECORD_FILE), recordText(writer.written), { flush: true });
    await onWholeReport(folder, async () => {
      const plan = await planOf(folder, await ownedFiles(folder), reportFiles(options));
      await swapIn(prepared, folder, plan);
    });
  } finally {
    await prepared.remove();
  }
}

/**
 * Writes results.json, a file for each format and logs/ into a folder, which is created if needed, in the place of an earlier report. What
 * an earlier report did not write stays.
 * @throws UserError as `checkReportFolder` does, before anything is written
 * @throws InfraError if the folder cannot be created or written, with the system's message; the earlier report is then unchanged
 */
export async function writeReportFolder(results: Results, folder: string, options: FolderOptions = {}): Promise<void> {
  await checkReportFolder(folder, options);
  try {
    await replaceReport(results, folder, options);
  } catch (error) {
    if (error instanceof UserError) throw error;
    // The advice of the cache does not fit here; its cause is the system's error.
    const cause: unknown = error instanceof InfraError ? (error.cause ?? error) : error;
    if (errorCode(cause) === null) throw error;
    throw new InfraError(`cannot write the report to ${folder}: ${messageOf(cause)}; choose another folder with --out`, { cause });
  }
}
