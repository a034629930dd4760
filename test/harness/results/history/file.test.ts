// The history file loses no run to damage, to a killed run, or to another run that writes at the same time.
import { appendFile, lstat, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appendHistory, readHistory } from '../../../../harness/results/history/file.ts';
import type { HistoryLine } from '../../../../harness/results/history/line.ts';
import { PACKAGE_ROOT } from '../../../../harness/base/package-root.ts';
import { lines } from './nights.ts';

let folder = '';
let file = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'history-'));
  file = join(folder, 'kept/history.jsonl');
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

function line(day: number): HistoryLine {
  const [one] = lines({ day, statuses: ['pass', 'fail'] });
  if (!one) throw new Error('there is a night');
  return one;
}

const runsOf = async () => (await readHistory(file)).lines.map(({ run }) => run);

describe('a history', () => {
  it('a history is empty before the first run, and then has one line for each run, even if one is written twice', async () => {
    expect(await readHistory(file)).toEqual({ lines: [], unreadable: 0 });
    for (const day of [1, 2, 2]) await appendHistory(file, line(day));
    expect(await readHistory(file)).toEqual({ lines: [line(1), line(2)], unreadable: 0 });
    expect((await readFile(file, 'utf8')).split('\n')).toHaveLength(3);
  });

  it('a history behind a link is written, and the link stays', async () => {
    const link = join(folder, 'link.jsonl');
    await symlink(file, link);
    await appendHistory(link, line(1));
    expect([(await lstat(link)).isSymbolicLink(), await runsOf()]).toEqual([true, [line(1).run]]);
  });

  it('a history skips damaged lines and those of another version, and keeps the lines after a cut one', async () => {
    await appendHistory(file, line(1));
    await appendFile(
      file,
      `not JSON\n{"schemaVersion":2,"run":"later"}\n\u0000\n${'['.repeat(50_000)}\n\n${JSON.stringify(line(2)).slice(0, 200)}`,
    );
    await appendHistory(file, line(3));
    expect({ runs: await runsOf(), unreadable: (await readHistory(file)).unreadable }).toEqual({
      runs: ['night 1', 'night 3'],
      unreadable: 5,
    });
  });

  it('a history keeps the newest 400 runs', async () => {
    const many = Array.from({ length: 405 }, (_, at) => JSON.stringify({ ...line(1), run: `run ${at}` }));
    await appendHistory(file, line(1));
    await writeFile(file, `${many.join('\n')}\n`);
    await appendHistory(file, line(2));
    const runs = await runsOf();
    expect([runs.length, runs[0], runs.at(-2), runs.at(-1)]).toEqual([400, 'run 6', 'run 404', 'night 2']);
    expect(await readdir(join(folder, 'kept'))).toEqual(['history.jsonl']);
  });

  it('a file that is not a history is refused', async () => {
    const other = join(folder, 'corematrix.yaml');
    await writeFile(other, 'kernels: [debian:all]\n');
    await expect(readHistory(other)).rejects.toThrow(
      `${other}: not a history: no line describes a run; name another file, or remove this one`,
    );
    await expect(readHistory(folder)).rejects.toThrow(`${folder}: is a folder; expected a history`);
  });

  it('a history that cannot be written is an error', async () => {
    await writeFile(join(folder, 'a-file'), '');
    const below = join(folder, 'a-file/history.jsonl');
    await expect(appendHistory(below, line(1))).rejects.toThrow(`${below}: the history cannot be written: `);
  });

  it('a history loses nothing if several processes write at the same time', async () => {
    const module = (name: string) => JSON.stringify(pathToFileURL(join(PACKAGE_ROOT, 'dist', name)).href);
    const program = `
      const { appendHistory } = await import(${module('harness/results/history/file.js')});
      const [file, text, worker] = process.argv.slice(1);
      for (let at = 0; at < 20; at++) await appendHistory(file, { ...JSON.parse(text), run: worker + ' ' + at });`;
    const workers = ['a', 'b', 'c'];
    await Promise.all(
      workers.map(async (worker) => execa('node', ['--input-type=module', '-e', program, file, JSON.stringify(line(1)), worker])),
    );
    const expected = workers.flatMap((worker) => Array.from({ length: 20 }, (_, at) => `${worker} ${at}`));
    expect((await runsOf()).toSorted()).toEqual(expected.toSorted());
  });
});
