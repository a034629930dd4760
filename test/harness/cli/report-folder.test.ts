// Tests of commands that write a report folder: they refuse foreign files in it before they do anything else.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { renderJson } from '../../../reports/json.ts';
import { SAMPLE } from '../../reports/sample.ts';
import { sample } from '../run/real-run.ts';
import { corematrix } from './command.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'report-folder-'));
  await writeFile(join(folder, 'night.json'), renderJson(SAMPLE));
  await writeFile(join(folder, 'file'), 'mine');
  await mkdir(join(folder, 'project/logs/mine'), { recursive: true });
  for (const name of ['logs/mine/app.log', 'summary.md', 'ctrf.json']) await writeFile(join(folder, 'project', name), 'mine');
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** The commands that write a report folder. */
const COMMANDS = [
  ['run', sample('task_state'), '-k', 'debian:6.12'],
  ['report', 'night.json'],
  ['merge', 'night.json'],
];
const REFUSED =
  'error: --out project: not of an earlier report, or changed since: summary.md, logs/mine/app.log; choose another folder with --out, ' +
  'move them away, or replace them with --force';

it.each(COMMANDS)('files of others in the report folder are refused in one line, before a guest boots: %s', async (...args) => {
  const said = await corematrix(folder, [...args, '-o', 'project']);
  expect(said).toEqual({ exitCode: 2, stdout: '', stderr: REFUSED });
  expect(await readFile(join(folder, 'project/logs/mine/app.log'), 'utf8')).toBe('mine');
});

it.each(COMMANDS)('a file as the report folder is refused in one line: %s', async (...args) => {
  const said = await corematrix(folder, [...args, '-o', 'file']);
  expect(said).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: `error: --out ${folder}/file: not a folder; expected a folder, or a name that is free`,
  });
});

it.each(COMMANDS)('a report folder that cannot be written is refused in one line: %s', async (...args) => {
  const { exitCode, stderr } = await corematrix(folder, [...args, '-o', '/proc/report']);
  expect({ exitCode, stderr: stderr.replace(/corematrix-try-\w+/, 'TRY') }).toEqual({
    exitCode: 3,
    stderr: `error: cannot write the report to /proc/report: ENOENT: no such file or directory, mkdtemp '/proc/.TRY'; choose another folder with --out`,
  });
});

it('a foreign file with the name of the journal is refused, not removed', async () => {
  await mkdir(join(folder, 'journal'));
  await writeFile(join(folder, 'journal/unfinished.jsonl'), '{"mine": 1}\n');
  const { exitCode, stderr } = await corematrix(folder, ['run', sample('task_state'), '-k', 'debian:6.12', '-o', 'journal']);
  expect([exitCode, stderr]).toEqual([
    2,
    'error: journal/unfinished.jsonl: not the journal of an unfinished run; move it away, or choose another folder with --out',
  ]);
  expect(await readFile(join(folder, 'journal/unfinished.jsonl'), 'utf8')).toBe('{"mine": 1}\n');
});

it('with --force the report replaces the files in its way, and no others', async () => {
  expect((await corematrix(folder, ['report', 'night.json', '-o', 'project', '--force'])).exitCode).toBe(0);
  expect(await readFile(join(folder, 'project/logs/mine/app.log'), 'utf8')).toBe('mine');
  expect(await readFile(join(folder, 'project/ctrf.json'), 'utf8')).toBe('mine');
  expect(await readFile(join(folder, 'project/summary.md'), 'utf8')).toMatch(/^# corematrix/);
});
