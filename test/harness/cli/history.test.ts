// Tests of `merge --history`: it appends merged results to a history and shows its trends in the report.
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readHistory } from '../../../harness/results/history/file.ts';
import { renderJson, readResults } from '../../../reports/json.ts';
import { sample } from '../run/real-run.ts';
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
      '     probes/probe on 6.12',
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

  it.each([
    ['out/results.json', 'out/results.json is a name of the report itself, out/results.json'],
    ['out/index.html', 'out/index.html is a name of the report itself, out/index.html'],
    ['out/junit.xml', 'out/junit.xml is a name of the report itself, out/junit.xml'],
    ['out/unfinished.jsonl', 'out/unfinished.jsonl is a name of the report itself, out/unfinished.jsonl'],
    ['out/.corematrix-report.json', 'out/.corematrix-report.json is a name of the report itself, out/.corematrix-report.json'],
    ['out/.corematrix-report.next/h', 'out/.corematrix-report.next/h is a name of the report itself, out/.corematrix-report.next'],
    ['out/logs/history.jsonl', 'out/logs/history.jsonl is a name of the report itself, out/logs'],
    ['x/../out/summary.md', 'x/../out/summary.md is a name of the report itself, out/summary.md'],
    ['to-manifest', 'to-manifest is a name of the report itself, out/.corematrix-report.json'],
    ['to-out/results.json', 'to-out/results.json is a name of the report itself, out/results.json'],
    ['out', 'out is where the report folder out will be'],
  ])('the history %s, which the report would replace, is refused before anything is written', async (path, reason) => {
    const place = join(folder, 'conflict');
    await rm(place, { recursive: true, force: true });
    await mkdir(place);
    await symlink('out/.corematrix-report.json', join(place, 'to-manifest'));
    await symlink('out', join(place, 'to-out'));
    const said = await corematrix(place, ['merge', '../night-1.json', '--history', path, '-o', 'out']);
    const stderr = `error: --history: ${reason}; name another file, such as out/history.jsonl`;
    expect(said).toEqual({ exitCode: 2, stdout: '', stderr });
    expect((await readdir(place)).toSorted()).toEqual(['to-manifest', 'to-out']);
  });

  it.each([[[]], [['--untrusted']]])(
    'a run refuses a configured history that its report would replace, with line and key, before a guest boots: %j',
    async (trust) => {
      await writeFile(join(folder, 'nightly.yaml'), 'kernels: [debian:6.12]\nhistory: corematrix-report/results.json\n');
      expect(await corematrix(folder, ['run', sample('task_state'), '-c', 'nightly.yaml', ...trust])).toEqual({
        exitCode: 2,
        stdout: '',
        stderr: `error: nightly.yaml:2:10: history: ${folder}/corematrix-report/results.json is a name of the report itself, corematrix-report/results.json; name another file, such as corematrix-report/history.jsonl`,
      });
      expect(await readdir(folder)).not.toContain('corematrix-report');
    },
  );

  it('a job summary that the report would replace is refused before anything is written', async () => {
    const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: join(folder, 'summarised/summary.md') };
    const { exitCode, stderr } = await corematrix(folder, ['merge', 'night-1.json', '-o', 'summarised'], env);
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/^error: GITHUB_STEP_SUMMARY: .* is a name of the report itself, /)]);
    expect(await readdir(folder)).not.toContain('summarised');
  });

  it('a history with a name of its own in the report folder stays there through later reports', async () => {
    await merge('night-1.json', '--history', 'with/history.jsonl', '-o', 'with');
    expect((await merge('night-2.json', '--history', 'with/history.jsonl', '-o', 'with')).exitCode).toBe(1);
    expect((await readHistory(join(folder, 'with/history.jsonl'))).lines).toHaveLength(2);
  });

  it('corematrix merge --history reports a history that cannot be written, and still writes the report', async () => {
    const { exitCode, stderr } = await merge('night-1.json', '--history', '/proc/history.jsonl', '-o', 'unwritten');
    expect({ exitCode, stderr: stderr.split('\n') }).toEqual({
      exitCode: 0,
      stderr: [expect.stringMatching(/^error: \/proc\/history\.jsonl: the history cannot be written: /), 'report: unwritten/index.html'],
    });
  });
});
