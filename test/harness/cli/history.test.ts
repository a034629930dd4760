// Tests of `merge --history`: it appends merged results to a history and shows its trends in the report.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readHistory } from '../../../harness/results/history/file.ts';
import { renderJson, readResults } from '../../../reports/json.ts';
import { night } from '../results/history/nights.ts';
import { corematrix } from './command.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'history-'));
  await writeFile(join(folder, 'night-1.json'), renderJson(night({ day: 1, statuses: ['pass', 'pass'] })));
  await writeFile(join(folder, 'night-2.json'), renderJson(night({ day: 2, statuses: ['pass', 'fail'] })));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const merge = async (...args: string[]) => corematrix(folder, ['merge', ...args]);

describe('corematrix merge --history', () => {
  it('corematrix merge --history appends the run, prints what is new, and stores it in results.json', async () => {
    await merge('night-1.json', '--history', 'history.jsonl', '-o', 'first');
    const second = await merge('night-2.json', '--history', 'history.jsonl', '-o', 'second');
    expect(second.exitCode).toBe(1);
    expect(second.stdout.split('\n').slice(0, 4)).toEqual([
      '',
      'history of 2 runs since 2026-05-01; not as expected: 0, 1',
      'fails for the first time',
      '     probes/probe on debian-6.12.117-amd64',
    ]);
    expect((await readHistory(join(folder, 'history.jsonl'))).lines).toHaveLength(2);
    const { history } = readResults(await readFile(join(folder, 'second/results.json'), 'utf8'), 'results.json');
    expect(history?.programs).toEqual([{ object: 'probes', program: 'probe', trends: ['pp', 'pf'] }]);
    const again = await corematrix(folder, ['report', 'second', '-o', 'again']);
    expect(again.stdout).toBe(second.stdout);
    expect(await readFile(join(folder, 'again/index.html'), 'utf8')).toBe(await readFile(join(folder, 'second/index.html'), 'utf8'));
  });

  it('corematrix merge --history refuses a file that is not a history and does not change it', async () => {
    await writeFile(join(folder, 'notes.txt'), 'mine\n');
    expect(await merge('night-1.json', '--history', 'notes.txt')).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'error: notes.txt: not a history: no line describes a run; name another file, or remove this one',
    });
    expect(await readFile(join(folder, 'notes.txt'), 'utf8')).toBe('mine\n');
  });

  it('corematrix merge --history reports a history that cannot be written, and still writes the report', async () => {
    const { exitCode, stderr } = await merge('night-1.json', '--history', '/proc/history.jsonl', '-o', 'unwritten');
    expect({ exitCode, stderr: stderr.split('\n') }).toEqual({
      exitCode: 0,
      stderr: [expect.stringMatching(/^error: \/proc\/history\.jsonl: the history cannot be written: /), 'report: unwritten/index.html'],
    });
  });
});
