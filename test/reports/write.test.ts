// The report folder: every format is there, nothing is left behind, and foreign names stay below it.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InfraError } from '../../harness/base/errors.ts';
import { renderHtml } from '../../reports/html/render.ts';
import { readResults } from '../../reports/json.ts';
import { renderJunit } from '../../reports/junit.ts';
import { renderMarkdown } from '../../reports/markdown.ts';
import { writeReportFolder } from '../../reports/write.ts';
import { HOSTILE_SAMPLE } from './hostile.ts';
import { SAMPLE } from './sample.ts';

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

  it('the report folder has only files of the last run, and keeps files of others', async () => {
    await writeReportFolder(SAMPLE, base);
    await writeFile(join(base, 'mine.txt'), 'x');
    await writeReportFolder({ ...SAMPLE, cells: SAMPLE.cells.slice(4, 5) }, base);
    expect(await files()).toEqual([
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

  it('the report folder does not replace a file', async () => {
    await writeFile(join(base, 'report'), 'mine');
    await expect(writeReportFolder(SAMPLE, join(base, 'report'))).rejects.toThrow(
      new InfraError(
        `cannot write the report to ${base}/report: EEXIST: file already exists, mkdir '${base}/report'; choose another folder with --out`,
      ),
    );
    expect(await readFile(join(base, 'report'), 'utf8')).toBe('mine');
  });

  it('a failed write of the report folder leaves nothing unfinished, and keeps old logs', async () => {
    await mkdir(join(base, 'logs'));
    await writeFile(join(base, 'logs', 'old.log'), 'x');
    await mkdir(join(base, 'junit.xml'));
    await expect(writeReportFolder(SAMPLE, base)).rejects.toThrow(`cannot write the report to ${base}: EISDIR`);
    expect(await files()).toEqual(['index.html', 'logs/old.log', 'results.json']);
  });
});
