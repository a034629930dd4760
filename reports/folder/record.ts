// The record of a report folder: the files that the report in it consists of, so that only those are ever replaced or removed.
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { sha256Of } from '../../harness/base/digest.ts';
import { parseCached } from '../../harness/base/files.ts';
import { readUserFile } from '../../harness/base/user-file.ts';
import { sha256 } from '../../harness/results/schema/values.ts';

export const RECORD_FILE = '.corematrix-report.json';
/** Hundreds of thousands of files. */
const MAX_RECORD = 64 << 20;

/** Whether a path leads below the folder that it is relative to. */
function isBelow(path: string): boolean {
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

const recordSchema = z.strictObject({
  about: z.string(),
  version: z.literal(1),
  files: z.record(z.string().refine(isBelow), z.strictObject({ size: z.int().nonnegative(), sha256 })),
});

/** A file as it was written. */
export type WrittenFile = z.infer<typeof recordSchema>['files'][string];

/** Files of a report by their path in its folder. Null stands for any content: earlier versions kept no digests. */
export type OwnedFiles = ReadonlyMap<string, WrittenFile | null>;

/** The text of the record of these files. */
export function recordText(files: ReadonlyMap<string, WrittenFile>): string {
  const about = 'Files that corematrix wrote into this folder. The next report replaces and removes only these.';
  return `${JSON.stringify({ about, version: 1, files: Object.fromEntries(files) } satisfies z.infer<typeof recordSchema>, null, 1)}\n`;
}

/** The files of the record in a report folder; null if it has no record that this version understands. */
export async function readRecord(folder: string): Promise<OwnedFiles | null> {
  const bytes = await readUserFile(join(folder, RECORD_FILE), { kind: 'a record', maxBytes: MAX_RECORD }).catch(() => '');
  const { data } = recordSchema.safeParse(parseCached(bytes.toString()));
  return data ? new Map(Object.entries(data.files)) : null;
}

/** Whether a path in a report folder is a file of the report, and still as it was written. */
export async function isOwned(folder: string, path: string, owned: OwnedFiles): Promise<boolean> {
  const written = owned.get(path);
  if (written === undefined) return false;
  const facts = await lstat(join(folder, path)).catch(() => null);
  if (!facts?.isFile()) return false;
  return written === null || (facts.size === written.size && (await sha256Of(join(folder, path))) === written.sha256);
}
