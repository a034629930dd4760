// The schema of results.json. The types, the check of files and the published JSON Schema are made from it.
import { z } from 'zod';
import { explanationFindings } from './explanation.ts';
import { cellSchema } from './schema/cell.ts';
import type { LargeLog } from './large-log.ts';
import { historySchema } from './schema/history.ts';
import { kernelSchema } from './schema/kernel.ts';
import { layoutCollection } from './schema/layouts.ts';
import { objectSchema } from './schema/object.ts';
import { runSchema } from './schema/run.ts';
import { count } from './schema/values.ts';

/** Increased when the meaning of a field changes. Older files are upgraded when they are read; newer ones are refused. */
export const SCHEMA_VERSION = 2;

const logs = z.strictObject({
  lines: z.array(z.string()).describe('Every distinct line of all logs, once.'),
  texts: z
    .record(z.string(), z.union([z.array(count), z.string()]))
    .describe('Logs by key: each as the positions of its lines in `lines`, a large one as its text.'),
});

export const resultsSchema = z.strictObject({
  schemaVersion: z.literal(SCHEMA_VERSION).describe('Version of this format. It increases when the meaning of a field changes.'),
  run: runSchema.describe('What was executed, by which versions, on which host.'),
  kernels: z.array(kernelSchema).describe('Kernels of the run, in the order of the matrix.'),
  objects: z.array(objectSchema).describe('Objects of the run.'),
  cells: z.array(cellSchema).describe('Cells: each object on each kernel.'),
  logs: logs.describe('Texts of all logs. Cells refer to them by key.'),
  history: historySchema.optional().describe('Facts from earlier runs; absent without a history file.'),
  layouts: layoutCollection
    .optional()
    .describe('Layouts of the kernel types that relocations go through; absent in files of versions that did not keep them.'),
  explanation: explanationFindings
    .optional()
    .describe('Root causes of the failures, as `corematrix explain` shows them; absent if the run was interrupted.'),
});

/** Log texts by id: positions in `lines`, or a large log that is read when it is needed. */
export interface LogStore {
  lines: string[];
  texts: Record<string, number[] | LargeLog>;
}

/** What results.json holds, as it is in memory: large logs stay in their file. */
export type Results = Omit<z.infer<typeof resultsSchema>, 'logs'> & { logs: LogStore };
export type KernelResult = z.infer<typeof kernelSchema>;
export type ObjectResult = z.infer<typeof objectSchema>;
export type { Attempt, CellCheck, CellProgram, CellRelocation, CellResult } from './schema/cell.ts';
export type { History } from './schema/history.ts';
export type { LayoutCollection, TypeLayouts } from './schema/layouts.ts';
export type { FailurePlace } from './schema/places.ts';
