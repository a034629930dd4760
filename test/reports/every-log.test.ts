// Tests that every log in the schema of results survives each copy of a cell.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { copyWithinLimits, logRoom } from '../../harness/results/copy-logs.ts';
import { addLog, createLogStore, logRefs, logText, withLogIds } from '../../harness/results/logs.ts';
import { mergeResults } from '../../harness/results/merge.ts';
import { type CellResult, type LogStore, type Results } from '../../harness/results/schema.ts';
import { cellSchema } from '../../harness/results/schema/cell.ts';
import { openJournal } from '../../harness/run/journal.ts';
import { keepCell, restoreCell } from '../../harness/run/stored-cell.ts';
import { verdictStore } from '../../harness/run/verdicts.ts';
import { pageData } from '../../reports/html/pack-data.ts';
import type { ObjectData } from '../../reports/html/shared/page-data.ts';
import { readResults, renderJson } from '../../reports/json.ts';
import { logPath } from '../../reports/model/log-path.ts';
import { writeReportFolder } from '../../reports/folder/write.ts';
import { IDENTITY } from '../harness/run/cell-identity.ts';
import { SAMPLE } from './sample.ts';

const CELL_KINDS = Object.keys(cellSchema.shape.logs.shape);
const PROGRAM_KINDS = Object.keys(cellSchema.shape.programs.element.shape.logs.shape);

/** Results of one cell with every log in the schema, each with a different text. */
const WHOLE = ((): Results => {
  const logs = createLogStore();
  const cell = SAMPLE.cells.find(({ status, flaky, attempts }) => status === 'fail' && !flaky && attempts.length === 1);
  if (!cell) throw new Error('the sample has no such cell');
  const textsOf = (owner: string, kinds: readonly string[]) =>
    Object.fromEntries(kinds.map((kind) => [kind, addLog(logs, `${kind} of ${owner}\nits second line\n`)]));
  const programs = cell.programs.map((program) => ({ ...program, logs: textsOf(program.name, PROGRAM_KINDS) }));
  return { ...SAMPLE, cells: [cellSchema.parse({ ...cell, programs, logs: textsOf('the object', CELL_KINDS) })], logs };
})();
const [CELL] = WHOLE.cells;

const expected = () =>
  [
    ...CELL_KINDS.map((kind) => `${kind} of the object`),
    ...(CELL?.programs ?? []).flatMap(({ name }) => PROGRAM_KINDS.map((kind) => `${kind} of ${name}`)),
  ].map((text) => `${text}\nits second line`);

const textsOf = (cell: CellResult | null | undefined, logs: LogStore) => (cell ? logRefs(cell).map(({ id }) => logText(logs, id)) : []);

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'every-log-'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

describe('every log of the schema', () => {
  it('every log of the schema is in the cell that the other tests copy', () => {
    expect(CELL_KINDS.length).toBeGreaterThan(6);
    expect(textsOf(CELL, WHOLE.logs)).toEqual(expected());
  });

  it('every log of the schema survives in a cell that is kept and restored', () => {
    if (!CELL) throw new Error('no cell');
    const logs = createLogStore();
    addLog(logs, 'something else');
    expect(textsOf(restoreCell(keepCell(IDENTITY, CELL, WHOLE.logs), logs), logs)).toEqual(expected());
  });

  it('every log of the schema survives in the journal of a run that is resumed', async () => {
    if (!CELL) throw new Error('no cell');
    const file = join(folder, 'unfinished.jsonl');
    const journal = await openJournal(file, false);
    await journal.append(IDENTITY, CELL, WHOLE.logs);
    await journal.close();
    const logs = createLogStore();
    const resumed = await openJournal(file, true);
    expect(textsOf(resumed.find(IDENTITY, logs), logs)).toEqual(expected());
    await resumed.close();
  });

  it('every log of the schema survives in the verdict that a later run reuses', async () => {
    if (!CELL) throw new Error('no cell');
    await verdictStore(folder, 'one', true).keep(IDENTITY, CELL, WHOLE.logs);
    const logs = createLogStore();
    expect(textsOf(await verdictStore(folder, 'two', true).find(IDENTITY, logs), logs)).toEqual(expected());
  });

  it('every log of the schema keeps its end if the logs of its cell exceed the limit, and the cut survives what copies the cell', async () => {
    if (!CELL) throw new Error('no cell');
    const own = createLogStore();
    const long = withLogIds(CELL, (id) => id && addLog(own, `${'x'.repeat(10_000)}\n${logText(WHOLE.logs, id)}`));
    const logs = createLogStore();
    const cell = copyWithinLimits(long, own, logs, logRoom({ cell: 40_000, run: 40_000, afterRun: 0 }));
    expect(cell.logsCut).toEqual({ logs: expected().length, bytes: expect.any(Number), limit: 'cell' });
    const ends = (copy: CellResult | null | undefined, store: LogStore) =>
      textsOf(copy, store).map((text) => [text.includes('are left out here'), text.split('\n').slice(-2).join('\n')]);
    const file = join(folder, 'unfinished.jsonl');
    const journal = await openJournal(file, false);
    await journal.append(IDENTITY, cell, logs);
    await journal.close();
    const resumed = await openJournal(file, true);
    await verdictStore(folder, 'one', true).keep(IDENTITY, cell, logs);
    const results = { ...WHOLE, cells: [cell], logs };
    const merged = mergeResults([{ name: 'one', results }]);
    const read = readResults(renderJson(results), 'results.json');
    const other = createLogStore();
    const copies = [
      [cell, logs],
      [resumed.find(IDENTITY, other), other],
      [await verdictStore(folder, 'two', true).find(IDENTITY, other), other],
      [merged.cells.find(({ kernel, object }) => kernel === cell.kernel && object === cell.object), merged.logs],
      [read.cells[0], read.logs],
    ] as const;
    for (const [copy, store] of copies) {
      expect(copy?.logsCut).toEqual(cell.logsCut);
      expect(ends(copy, store)).toEqual(expected().map((text) => [true, text]));
    }
    await resumed.close();
  });

  it('every log of the schema survives in merged results', () => {
    const merged = mergeResults([{ name: 'one', results: WHOLE }]);
    const cell = merged.cells.find(({ kernel, object }) => kernel === CELL?.kernel && object === CELL.object);
    expect(textsOf(cell, merged.logs)).toEqual(expected());
  });

  it('every log of the schema is a file of the report folder, and survives in results.json', async () => {
    await writeReportFolder(WHOLE, folder);
    const { cells, logs } = readResults(renderJson(WHOLE), 'results.json');
    expect(textsOf(cells[0], logs)).toEqual(expected());
    if (!CELL) throw new Error('no cell');
    const { kernel, object } = CELL;
    const files = logRefs(CELL).map(async ({ program, kind }) =>
      readFile(join(folder, logPath({ kernel, object, program, kind })), 'utf8'),
    );
    expect(await Promise.all(files)).toEqual(expected().map((text) => `${text}\n`));
  });

  it('every log of the schema is in the data of the HTML report', () => {
    const at = WHOLE.objects.findIndex(({ id }) => id === CELL?.object);
    const data: ObjectData = JSON.parse(gunzipSync(Buffer.from(pageData(WHOLE).packed[at] ?? '', 'base64')).toString());
    const shown = data.cells.flatMap((cell) => (cell ? [...cell.logs, ...cell.programs.flatMap(({ logs }) => logs)] : []));
    const texts = shown.map(({ text }) => (data.texts[text] ?? []).map((line) => data.lines[line]).join('\n'));
    expect(texts.toSorted()).toEqual(expected().toSorted());
  });
});
