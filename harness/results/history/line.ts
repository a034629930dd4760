// One run in the history: a line of JSON with the status of every program on every kernel.
import { z } from 'zod';
import { parseJson } from '../../base/json.ts';
import { entriesOf } from '../compare.ts';
import type { CellResult, ObjectResult, Results } from '../schema.ts';
import { HISTORY_LETTERS, NOT_THERE, STATUSES } from '../../base/vocabulary.ts';

/** Lines of another version stay in the file, but are not read. */
const LINE_VERSION = 1;

/** A mark beside the status of a cell: none, more than one attempt, or a reused verdict of an earlier run. */
const MARKS = { plain: ' ', flaky: '~', reused: '=' } as const;

const letters = z.string().regex(new RegExp(`^[${STATUSES.map((status) => HISTORY_LETTERS[status]).join('')}${NOT_THERE}]*$`));

const lineSchema = z.object({
  schemaVersion: z.literal(LINE_VERSION),
  run: z.string(),
  finishedAt: z.iso.datetime(),
  kernels: z.array(
    z.object({
      id: z.string(),
      version: z.string(),
      series: z.string(),
      arch: z.enum(['x86_64', 'arm64']),
      distribution: z.string(),
      sha256: z.string().nullable(),
    }),
  ),
  objects: z.array(
    z.object({
      id: z.string(),
      sha256: z.string(),
      /** One character for each kernel. */
      marks: z.string(),
      /** One letter for each kernel. A program without a name is the whole object. */
      programs: z.array(z.object({ name: z.string().nullable(), statuses: letters })),
    }),
  ),
});

/** One run of the history. */
export type HistoryLine = z.infer<typeof lineSchema>;

type Cells = ReadonlyMap<string, CellResult>;

const keyOf = (kernel: string, object: string) => JSON.stringify([kernel, object]);

function markOf(cell: CellResult | undefined): string {
  if (cell?.reused) return MARKS.reused;
  return cell?.flaky === true ? MARKS.flaky : MARKS.plain;
}

function objectLine({ id, sha256, programs }: ObjectResult, kernels: readonly { id: string }[], cells: Cells) {
  const own = kernels.map((kernel) => cells.get(keyOf(kernel.id, id)));
  const entries = own.map(entriesOf);
  const statusesOf = (name: string | null) =>
    entries
      .map((entry) => entry.get(name))
      .map((entry) => (entry ? HISTORY_LETTERS[entry.status] : NOT_THERE))
      .join('');
  return {
    id,
    sha256,
    marks: own.map(markOf).join(''),
    programs: [...programs.map(({ name }) => name), null].map((name) => ({ name, statuses: statusesOf(name) })),
  };
}

/** The line of a run. */
export function lineOf({ run, kernels, objects, cells }: Results): HistoryLine {
  const known = new Map(cells.map((cell) => [keyOf(cell.kernel, cell.object), cell]));
  return {
    schemaVersion: LINE_VERSION,
    run: run.id,
    finishedAt: run.finishedAt,
    kernels: kernels.map(({ id, version, series, arch, distribution, sha256 }) => ({ id, version, series, arch, distribution, sha256 })),
    objects: objects.map((object) => objectLine(object, kernels, known)),
  };
}

/** Reads a line; null if it is damaged, cut or of another version. */
export function parseLine(text: string): HistoryLine | null {
  const json = parseJson(text);
  return json.ok ? (lineSchema.safeParse(json.value).data ?? null) : null;
}

/** Whether a cell of a line took more than one attempt. */
export function wasFlaky(mark: string | undefined): boolean {
  return mark === MARKS.flaky;
}

/** Whether a cell of a line really ran: a reused verdict is not a new observation. */
export function wasRun(mark: string | undefined): boolean {
  return mark !== MARKS.reused;
}
