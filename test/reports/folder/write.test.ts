// Tests of the report folder: it has every format, no files of earlier runs, and hostile names cannot leave it.
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256Of } from '../../../harness/base/digest.ts';
import { UserError } from '../../../harness/base/errors.ts';
import { renderHtml } from '../../../reports/html/render.ts';
import { readResults, renderJson } from '../../../reports/json.ts';
import { renderJunit } from '../../../reports/junit.ts';
import { renderMarkdown } from '../../../reports/markdown.ts';
import { writeReportFolder } from '../../../reports/folder/write.ts';
import { HOSTILE_SAMPLE } from '../hostile.ts';
import { SAMPLE } from '../sample.ts';

let base = '';

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'corematrix-report-'));
});

afterEach(async () => {
  await rm(base, { recursive: true, force: true });
});

const files = async () => {
  const entries = await readdir(base, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(base.length + 1))
    .toSorted();
};

describe('the report folder', () => {
  it('the report folder has every format and the logs of each cell', async () => {
    const folder = join(base, 'not/there yet');
    await writeReportFolder(SAMPLE, folder);
    expect(await files()).toMatchInlineSnapshot(`
      [
        "not/there yet/.corematrix-report.json",
        "not/there yet/index.html",
        "not/there yet/junit.xml",
        "not/there yet/logs/debian-5.10.262-amd64/task_state/kernel.log",
        "not/there yet/logs/debian-5.10.262-amd64/task_state/libbpf.log",
        "not/there yet/logs/debian-5.10.262-amd64/task_state/new_name.libbpf.log",
        "not/there yet/logs/debian-5.10.262-amd64/task_state/new_name.verifier.log",
        "not/there yet/logs/debian-5.10.262-amd64/task_state/old_name.libbpf.log",
        "not/there yet/logs/debian-5.10.262-amd64/task_state/verifier.log",
        "not/there yet/logs/debian-5.10.262-amd64/task_state/warnings.log",
        "not/there yet/logs/file-vmlinux-7.4/task_state/console.log",
        "not/there yet/results.json",
        "not/there yet/summary.md",
      ]
    `);
    const read = async (name: string) => readFile(join(folder, name), 'utf8');
    expect(readResults(await read('results.json'), 'results.json')).toEqual(SAMPLE);
    expect([await read('index.html'), await read('junit.xml'), await read('summary.md')]).toEqual([
      renderHtml(SAMPLE),
      renderJunit(SAMPLE),
      renderMarkdown(SAMPLE),
    ]);
    expect(await read('logs/file-vmlinux-7.4/task_state/console.log')).toBe('Booting\nKernel panic - not syncing\n');
  });

  it('the report folder has only the report files of the last run, and keeps foreign files', async () => {
    await writeReportFolder(SAMPLE, base);
    await writeFile(join(base, 'mine.txt'), 'x');
    await writeReportFolder({ ...SAMPLE, cells: SAMPLE.cells.slice(4, 5) }, base);
    expect(await files()).toEqual([
      '.corematrix-report.json',
      'index.html',
      'junit.xml',
      'logs/file-vmlinux-7.4/task_state/console.log',
      'mine.txt',
      'results.json',
      'summary.md',
    ]);
  });

  it('hostile names stay below the report folder, and no log is lost', async () => {
    const names = ['../../out', '..', '/etc/passwd', 'a/b', 'a_b', 'A'.repeat(5000), `${'A'.repeat(5000)}B`];
    const [cell] = SAMPLE.cells;
    if (!cell) throw new Error('the sample is empty');
    const cells = names.flatMap((kernel) => names.map((object) => ({ ...cell, kernel, object })));
    await writeReportFolder({ ...SAMPLE, cells }, join(base, 'report'));
    await writeReportFolder(HOSTILE_SAMPLE, join(base, 'hostile'));
    const logs = (await files()).filter((name) => name.endsWith('.log'));
    expect(logs.filter((name) => !/^(report|hostile)\/logs\/[\w.+~@-]+\/[\w.+~@-]+\/[\w.+~@-]+\.log$/.test(name))).toEqual([]);
    expect(logs.filter((name) => name.startsWith('report/'))).toHaveLength(names.length ** 2 * 7);
  });

  it('a file in the place of the report folder or of a folder above it is refused and stays', async () => {
    await writeFile(join(base, 'report'), 'mine');
    for (const place of ['report', 'report/below/it'])
      await expect(writeReportFolder(SAMPLE, join(base, place))).rejects.toThrow(UserError);
    await expect(writeReportFolder(SAMPLE, '')).rejects.toThrow('--out: expected the name of a folder, found an empty name');
    expect(await readFile(join(base, 'report'), 'utf8')).toBe('mine');
  });
});

describe('files of others in the report folder', () => {
  const MINE = ['index.html', 'logs/mine/app.log', 'logs/task_state.log', 'summary.md'];
  const putMine = async () => {
    await mkdir(join(base, 'logs/mine'), { recursive: true });
    for (const name of [...MINE, 'ctrf.json', 'results.sarif', 'notes.txt']) await writeFile(join(base, name), `mine: ${name}`);
  };
  const readMine = async () => Promise.all(MINE.map(async (name) => readFile(join(base, name), 'utf8')));

  it('foreign files with names of a report are refused by name, and none is changed', async () => {
    await putMine();
    const before = await files();
    await expect(writeReportFolder(SAMPLE, base)).rejects.toThrow(
      new UserError(
        `--out ${base}: not of an earlier report, or changed since: index.html, summary.md, logs/task_state.log, logs/mine/app.log; ` +
          'choose another folder with --out, move them away, or replace them with --force',
      ),
    );
    expect(await files()).toEqual(before);
    expect(await readMine()).toEqual(MINE.map((name) => `mine: ${name}`));
  });

  it('with --force, only files with names of the report are replaced, also in the folder of the logs', async () => {
    await putMine();
    await writeReportFolder(SAMPLE, base, { force: true });
    const [index, app, log, summary] = await readMine();
    expect([app, log]).toEqual(['mine: logs/mine/app.log', 'mine: logs/task_state.log']);
    expect([index, summary]).toEqual([renderHtml(SAMPLE), renderMarkdown(SAMPLE)]);
    expect(await files()).toEqual(expect.arrayContaining(['ctrf.json', 'notes.txt', 'results.sarif']));
    expect(await readFile(join(base, 'ctrf.json'), 'utf8')).toBe('mine: ctrf.json');
  });

  it('a folder in the place of a report file is never replaced', async () => {
    await mkdir(join(base, 'junit.xml'));
    await writeFile(join(base, 'junit.xml/one.xml'), 'mine');
    await expect(writeReportFolder(SAMPLE, base, { force: true })).rejects.toThrow('changed since: junit.xml/; choose another folder');
    expect(await files()).toEqual(['junit.xml/one.xml']);
  });

  it('a link in the place of a report file is refused, and with --force its target stays unchanged', async () => {
    await writeFile(join(base, 'precious'), 'mine');
    await mkdir(join(base, 'report'));
    await symlink('../precious', join(base, 'report/index.html'));
    await expect(writeReportFolder(SAMPLE, join(base, 'report'))).rejects.toThrow('changed since: index.html;');
    await writeReportFolder(SAMPLE, join(base, 'report'), { force: true });
    expect(await readFile(join(base, 'precious'), 'utf8')).toBe('mine');
  });

  it('a link in the place of the logs is refused, and with --force the files behind it stay', async () => {
    const [folder, other] = [join(base, 'report'), join(base, 'other')];
    for (const each of [folder, other]) await mkdir(each);
    await writeFile(join(other, 'precious'), 'mine');
    await symlink(other, join(folder, 'logs'));
    await expect(writeReportFolder(SAMPLE, folder)).rejects.toThrow('changed since: logs;');
    await writeReportFolder(SAMPLE, folder, { force: true });
    expect(await readFile(join(other, 'precious'), 'utf8')).toBe('mine');
    expect(await files()).not.toContain('report/logs/precious');
  });

  it('a file of the report that a user has changed is refused if the report needs its name, and otherwise stays', async () => {
    await writeReportFolder(SAMPLE, base, { formats: ['html', 'junit', 'tap'] });
    await writeFile(join(base, 'junit.xml'), 'changed');
    await expect(writeReportFolder(SAMPLE, base, { formats: ['html', 'junit'] })).rejects.toThrow('changed since: junit.xml;');
    await writeReportFolder(SAMPLE, base, { formats: ['html'] });
    expect(await readFile(join(base, 'junit.xml'), 'utf8')).toBe('changed');
    expect(await files()).not.toContain('results.tap');
  });

  it('a record of report files with paths out of the folder gives no right to remove files', async () => {
    await writeFile(join(base, 'precious'), 'mine');
    await mkdir(join(base, 'report'));
    const size = { size: 4, sha256: await sha256Of(join(base, 'precious')) };
    await writeFile(
      join(base, 'report/.corematrix-report.json'),
      JSON.stringify({ about: '', version: 1, files: { '../precious': size } }),
    );
    await expect(writeReportFolder(SAMPLE, join(base, 'report'))).rejects.toThrow('changed since: .corematrix-report.json;');
    await writeReportFolder(SAMPLE, join(base, 'report'), { force: true });
    expect(await readFile(join(base, 'precious'), 'utf8')).toBe('mine');
  });
});

describe('a report without a record', () => {
  it('a report of an earlier version of corematrix is replaced with its logs, and foreign files stay', async () => {
    const place = join(base, 'logs/debian-5.10.262-amd64');
    await mkdir(place, { recursive: true });
    await writeFile(join(base, 'results.json'), renderJson(SAMPLE));
    for (const name of ['index.html', 'results.tap', 'mine.txt']) await writeFile(join(base, name), 'of before');
    for (const name of ['task_state.verifier.log', 'task_state.old_name.libbpf.log']) await writeFile(join(place, name), 'of before');
    await writeReportFolder(SAMPLE, base);
    const now = await files();
    expect(await readFile(join(base, 'index.html'), 'utf8')).toBe(renderHtml(SAMPLE));
    expect(now.filter((name) => /results.tap|mine.txt|task_state\./.test(name))).toEqual(['mine.txt']);
  });

  it('a report that was copied without its hidden record is replaced', async () => {
    await writeReportFolder(SAMPLE, base);
    await rm(join(base, '.corematrix-report.json'));
    await writeReportFolder({ ...SAMPLE, cells: [] }, base);
    expect((await files()).filter((name) => name.startsWith('logs/'))).toEqual([]);
  });

  it('a foreign log among the logs of a report of an earlier version is refused', async () => {
    await mkdir(join(base, 'logs'));
    await writeFile(join(base, 'results.json'), renderJson(SAMPLE));
    await writeFile(join(base, 'logs/app.log'), 'mine');
    await expect(writeReportFolder(SAMPLE, base)).rejects.toThrow('changed since: logs/app.log;');
  });

  it('a foreign results.json in the report folder is refused', async () => {
    await writeFile(join(base, 'results.json'), '{"schemaVersion": 2}');
    await expect(writeReportFolder(SAMPLE, base)).rejects.toThrow('changed since: results.json;');
  });
});
