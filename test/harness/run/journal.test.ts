// Tests of the journal: the next run reuses the finished cells of a killed run, if their verdict would be the same.
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addLog, createLogStore, logText } from '../../../harness/results/logs.ts';
import type { CellResult } from '../../../harness/results/schema.ts';
import { type Journal, openJournal } from '../../../harness/run/journal.ts';
import { UserError } from '../../../harness/base/errors.ts';
import { readResults, renderJson } from '../../../reports/json.ts';
import { SAMPLE } from '../../reports/sample.ts';
import { MAIN } from '../cli/command.ts';
import { IDENTITY, OTHER_IDENTITIES } from './cell-identity.ts';
import { sample } from './real-run.ts';

let folder = '';
let file = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'journal-'));
  file = join(folder, 'report/unfinished.jsonl');
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

/** Opens a journal, uses it, and lets it go. */
async function withJournal<Result>(resume: boolean, use: (journal: Journal) => Promise<Result>): Promise<Result> {
  const journal = await openJournal(file, resume);
  const result = await use(journal);
  await journal.close();
  return result;
}

const finished = () => {
  const cell = SAMPLE.cells.find(({ status, logs }) => status !== 'infra' && status !== 'not-run' && logs.libbpf !== null);
  if (!cell) throw new Error('the sample has no such cell');
  return cell;
};

describe('a journal', () => {
  it('a journal restores a cell with its logs under the ids of the new run', async () => {
    const cell = finished();
    await withJournal(false, async (journal) => journal.append(IDENTITY, cell, SAMPLE.logs));
    const logs = createLogStore();
    addLog(logs, 'something else');
    const kept = await withJournal(true, async (journal) => journal.find(IDENTITY, logs));
    expect({ ...kept, logs: null, programs: null }).toEqual({ ...cell, logs: null, programs: null });
    expect(logText(logs, kept?.logs.libbpf)).toEqual(logText(SAMPLE.logs, cell.logs.libbpf));
  });

  it('a journal finds a cell only if everything that its verdict depends on is the same', async () => {
    await withJournal(false, async (journal) => journal.append(IDENTITY, finished(), SAMPLE.logs));
    const found = await withJournal(true, async (journal) => OTHER_IDENTITIES.map((other) => journal.find(other, createLogStore())));
    expect(found).toEqual(OTHER_IDENTITIES.map(() => null));
  });

  it('a journal keeps no cell without a verdict, begins empty unless resumed, and is removed at the end', async () => {
    const find = async (journal: Journal) => journal.find(IDENTITY, createLogStore());
    await withJournal(false, async (journal) => journal.append(IDENTITY, { ...finished(), status: 'infra' }, SAMPLE.logs));
    expect(await withJournal(true, find)).toBeNull();
    await withJournal(false, async (journal) => journal.append(IDENTITY, finished(), SAMPLE.logs));
    expect(await withJournal(false, find)).toBeNull();
    expect(await readdir(join(folder, 'report'))).toEqual([]);
    const journal = await openJournal(file, false);
    await journal.append(IDENTITY, finished(), SAMPLE.logs);
    await journal.remove();
    expect(await readdir(join(folder, 'report'))).toEqual([]);
  });

  it('a journal skips lines that are cut off, of another kind, or not text', async () => {
    const journal = await openJournal(file, false);
    await appendFile(file, `{"key":1}\nnot JSON\n[]\n\u0000\n${'['.repeat(50_000)}\n`);
    await journal.append(IDENTITY, finished(), SAMPLE.logs);
    await appendFile(file, '{"key":"abc","cell":{"kern');
    await journal.close();
    const found = await withJournal(true, async (again) => again.find(IDENTITY, createLogStore()));
    expect(found?.object).toBe(finished().object);
  });

  it('a journal that another run uses is refused, and keeps its cells', async () => {
    const journal = await openJournal(file, false);
    await journal.append(IDENTITY, finished(), SAMPLE.logs);
    const before = await readFile(file, 'utf8');
    await expect(openJournal(file, false)).rejects.toThrow(
      new UserError(
        `${join(folder, 'report')}: another run writes its report into this folder; choose another one with --out, or wait for that run`,
      ),
    );
    expect(await readFile(file, 'utf8')).toBe(before);
    await journal.close();
    expect(await withJournal(true, async (again) => again.find(IDENTITY, createLogStore())?.object)).toBe(finished().object);
  });
});

describe('a run that was killed', () => {
  const args = (...more: string[]) => [
    MAIN,
    'run',
    ...['exec_watch', 'task_state', 'verifier_limits', 'rss_stat', 'new_helpers', 'tty_type'].map(sample),
    '--kernel=debian:5.10',
    '--kernel=debian:6.12',
    '--out=report',
    '--jobs=1',
    '--verbose',
    '--no-cache',
    ...more,
  ];

  it('run, report and merge refuse the report folder of a running run; killed, that one is resumed without running finished cells again', async () => {
    const options = { cwd: folder, reject: false, stdin: 'ignore', all: true } as const;
    const killed = execa('node', args(), options);
    let finishedCells = 0;
    await new Promise<void>((resolve) => {
      killed.all.on('data', (chunk: Buffer) => {
        finishedCells += chunk.toString().match(/^(?:pass|fail) /gm)?.length ?? 0;
        if (finishedCells >= 4) resolve();
      });
    });
    const second = await execa('node', args(), options);
    expect([second.exitCode, second.all.split('\n').at(-1)]).toEqual([
      2,
      'error: report: another run writes its report into this folder; choose another one with --out, or wait for that run',
    ]);
    await writeFile(join(folder, 'night.json'), renderJson(SAMPLE));
    for (const command of ['report', 'merge']) {
      const other = await execa('node', [MAIN, command, 'night.json', '--out=report', '--force'], options);
      expect([other.exitCode, other.all]).toEqual([2, second.all.split('\n').at(-1)]);
    }
    killed.kill('SIGKILL');
    await killed;
    const kept = (await readFile(file, 'utf8'))
      .split('\n')
      .slice(0, -1)
      .map((line): { cell: CellResult } => JSON.parse(line));
    expect(kept.length).toBeGreaterThanOrEqual(4);
    await execa('node', args('--resume'), options);
    const resumed = readResults(await readFile(join(folder, 'report/results.json'), 'utf8'), 'results.json');
    expect(await readdir(join(folder, 'report'))).not.toContain('unfinished.jsonl');
    expect([resumed.cells.length, resumed.run.complete]).toEqual([12, true]);
    const took = (cells: readonly CellResult[]) => cells.map(({ kernel, object, durationMs }) => `${kernel} ${object} ${durationMs}`);
    expect(took(resumed.cells)).toEqual(expect.arrayContaining(took(kept.map(({ cell }) => cell))));
    await execa('node', args(), options);
    const whole = readResults(await readFile(join(folder, 'report/results.json'), 'utf8'), 'results.json');
    const comparable = ({ cells: all }: typeof whole) =>
      all.map(({ kernel, object, status, programs, relocations }) => [
        kernel,
        object,
        status,
        programs.map(({ reason }) => reason),
        relocations,
      ]);
    expect(comparable(resumed)).toEqual(comparable(whole));
  }, 240_000);
});
