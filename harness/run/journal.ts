// Finished cells on disk while a run goes on: a line each, so that a run that is killed can be resumed and none of them is lost.
import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { addLog, logText } from '../results/logs.ts';
import { type CellResult, cellSchema, type LogStore } from '../results/schema.ts';

/** What a cell's verdict depends on. */
export interface CellIdentity {
  kernelSha256: string;
  objectSha256: string;
  helperSha256: string;
  isolation: 'snapshot' | 'boot';
  /** Everything of the plan that speaks of this cell: settings of the object, expectations. */
  plan: unknown;
}

export interface Journal {
  /** The cell of an earlier run, its logs now in `logs`; null when it has to be run. */
  find: (identity: CellIdentity, logs: LogStore) => CellResult | null;
  /** Keeps a finished cell. Cells without a verdict are not kept: they are to be tried again. */
  append: (identity: CellIdentity, cell: CellResult, logs: LogStore) => Promise<void>;
  /** The report is written: nothing is left to resume. */
  remove: () => Promise<void>;
}

const entrySchema = z.strictObject({ key: z.string(), cell: cellSchema, texts: z.record(z.string(), z.string()) });
type Entry = z.infer<typeof entrySchema>;

function keyOf(identity: CellIdentity): string {
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex');
}

type Rename = (id: string | null) => string | null;

function withLogs(cell: CellResult, rename: Rename): CellResult {
  const { libbpf, warnings, verifier, kernel, console } = cell.logs;
  return {
    ...cell,
    programs: cell.programs.map((program) => ({
      ...program,
      logs: { libbpf: rename(program.logs.libbpf), verifier: rename(program.logs.verifier) },
    })),
    logs: {
      libbpf: rename(libbpf),
      warnings: rename(warnings),
      verifier: rename(verifier),
      kernel: rename(kernel),
      console: rename(console),
    },
  };
}

/** The texts a cell refers to. */
function textsOf(cell: CellResult, logs: LogStore): Record<string, string> {
  const texts: Record<string, string> = {};
  withLogs(cell, (id) => {
    if (id !== null) texts[id] = logText(logs, id);
    return id;
  });
  return texts;
}

/** Entries of a journal; a line that was cut short by the death of its run, or is not one of ours, is skipped. */
async function readEntries(file: string): Promise<Map<string, Entry>> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const entries = new Map<string, Entry>();
  for (const line of text.split('\n')) {
    try {
      const { data } = entrySchema.safeParse(JSON.parse(line));
      if (data) entries.set(data.key, data);
    } catch {
      // The last line of a run that was killed while it wrote.
    }
  }
  return entries;
}

/**
 * Opens the journal of a run.
 * @param resume keeps what is in it; otherwise it begins empty
 */
export async function openJournal(file: string, resume: boolean): Promise<Journal> {
  const entries = resume ? await readEntries(file) : new Map<string, Entry>();
  if (!resume) await rm(file, { force: true });
  // A folder that cannot be made costs the ability to resume; writing the report says why.
  await mkdir(dirname(file), { recursive: true }).catch(() => undefined);
  let writing = Promise.resolve();
  return {
    find: (identity, logs) => {
      const entry = entries.get(keyOf(identity));
      if (!entry) return null;
      return withLogs(entry.cell, (id) => (id === null ? null : addLog(logs, entry.texts[id] ?? '')));
    },
    append: async (identity, cell, logs) => {
      if (cell.status === 'infra' || cell.status === 'not-run') return;
      const line = `${JSON.stringify({ key: keyOf(identity), cell, texts: textsOf(cell, logs) } satisfies Entry)}\n`;
      writing = writing.then(async () => appendFile(file, line));
      // A disk that is full costs the ability to resume, not the run.
      await writing.catch(() => undefined);
    },
    remove: async () => rm(file, { force: true }),
  };
}
