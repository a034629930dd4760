// Tests of writing a report that ends early, because the process is killed or the disk is full.
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addLog, createLogStore } from '../../../harness/results/logs.ts';
import type { Results } from '../../../harness/results/schema.ts';
import { renderJson } from '../../../reports/json.ts';
import { writeReportFolder } from '../../../reports/folder/write.ts';
import { MAIN } from '../../harness/cli/command.ts';
import { SAMPLE } from '../sample.ts';

let base = '';
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'interrupted-'));
});
afterEach(async () => rm(base, { recursive: true, force: true }));

/** The results of a later run with fewer cells, so that its report has other logs. */
const LATER: Results = { ...SAMPLE, cells: SAMPLE.cells.slice(0, 2) };

/** The text of every file in a folder, by path. */
async function contents(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = await Promise.all(
    paths.map(async (path): Promise<[string, string]> => [path.slice(folder.length + 1), await readFile(path, 'utf8')]),
  );
  return Object.fromEntries(files.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The files without the hidden ones, as a reader of the report sees them. */
const seen = (files: Record<string, string>) =>
  Object.fromEntries(Object.entries(files).filter(([path]) => !path.startsWith('.corematrix-report')));

/** What each command that reads a report folder makes of it. None of them writes there. */
async function readByAll(folder: string): Promise<Record<string, unknown>> {
  const said = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await execa('node', [MAIN, ...args], { cwd: base, env: { GITHUB_ACTIONS: '' }, reject: false });
    return [exitCode, stdout.replaceAll(/"run":"[^"]*"/g, ''), stderr];
  };
  const merged = join(base, 'merged');
  const [report, merge, rerun, explain] = await Promise.all([
    said('report', folder, '--baseline', folder, '--gate', 'regressions', '--format', 'json'),
    said('merge', folder, '-o', merged),
    said('rerun', folder, 'no-such/cell'),
    said('explain', folder),
  ]);
  const written = seen(await contents(merged));
  await rm(merged, { recursive: true });
  return { report, merge, rerun, explain, written };
}

describe('a report that is killed while it is written', () => {
  it('a report whose writer is killed at any step is the earlier one, the new one or marked as unfinished, and the next command finishes it', async () => {
    const [folder, later] = [join(base, 'report'), join(base, 'later.json')];
    await writeFile(later, renderJson(LATER));
    await mkdir(join(folder, 'mine'), { recursive: true });
    await writeFile(join(folder, 'mine/notes.txt'), 'mine');
    await writeReportFolder(SAMPLE, folder);
    const before = await contents(folder);
    const write = async (killAt: number) =>
      execa('node', [MAIN, 'report', later, '-o', folder], {
        env: { NODE_OPTIONS: `--import=${new URL('kill-at.mjs', import.meta.url).href}`, KILL_AT: String(killAt), GITHUB_ACTIONS: '' },
        reject: false,
      });
    const read = { old: await readByAll(folder), new: {} };
    await write(0);
    read.new = await readByAll(folder);
    expect(read.new).not.toEqual(read.old);
    const after = await contents(folder);
    const [oldOnes, newOnes] = [seen(before), seen(after)];
    const ends = { old: 0, new: 0, swapping: 0 };
    for (let step = 1, killed = true; killed; step++) {
      await rm(folder, { recursive: true });
      for (const [path, text] of Object.entries(before)) {
        await mkdir(join(folder, path, '..'), { recursive: true });
        await writeFile(join(folder, path), text);
      }
      killed = (await write(step)).signal === 'SIGKILL';
      const files = await contents(folder);
      const now = seen(files);
      const isSwapping = Object.keys(files).some((path) => path.startsWith('.corematrix-report.next/plan'));
      const isWhole = [oldOnes, newOnes].some((whole) => isDeepStrictEqual(whole, now));
      const isMixed = Object.entries(now).every(([path, text]) => oldOnes[path] === text || newOnes[path] === text);
      expect(isSwapping ? isMixed : isWhole).toBe(true);
      const whole = isDeepStrictEqual(now, oldOnes) ? 'old' : 'new';
      ends[isSwapping ? 'swapping' : whole] += 1;
      // Without a swap, the folder has one whole report.
      const readers = isSwapping ? await readByAll(folder) : read.new;
      expect([readers, await contents(folder)]).toEqual([read.new, files]);
      await write(0);
      expect(await contents(folder)).toEqual(after);
    }
    expect(ends.old).toBeGreaterThan(10);
    expect(ends.swapping).toBeGreaterThan(5);
    expect(ends.new).toBeGreaterThan(0);
  });
});

describe('a report folder with the rest of a swap', () => {
  const complete = '.corematrix-report.next';
  let folder = '';
  let later = '';
  const write = async (env: Record<string, string> = {}, ...options: string[]) =>
    execa('node', [MAIN, 'report', later, '-o', folder, ...options], {
      env: { GITHUB_ACTIONS: '', ...env },
      reject: false,
      timeout: 60_000,
    });
  /** Leaves a swap whose results.json is not in its place yet, and a file of the user among the earlier logs. */
  const leaveSwap = async () => {
    await mkdir(join(folder, 'logs/mine'), { recursive: true });
    await writeFile(join(folder, 'logs/mine/notes.txt'), 'mine');
    const NODE_OPTIONS = `--import=${new URL('kill-at.mjs', import.meta.url).href}`;
    expect(await write({ NODE_OPTIONS, KILL_ON: '.next/report/results.json' }, '--force')).toMatchObject({ signal: 'SIGKILL' });
    expect(await readdir(join(folder, complete))).toEqual(expect.arrayContaining(['logs-before', 'plan.json', 'report']));
    await rm(join(folder, '.corematrix-report.lock'));
  };
  /** The answer of the next command; `changed` tells whether it changed a file. */
  const answer = async () => {
    const before = await contents(base);
    const { exitCode, stderr } = await write();
    return { exitCode, stderr: stderr.replaceAll(base, 'BASE'), changed: !isDeepStrictEqual(await contents(base), before) };
  };
  const REFUSED = {
    exitCode: 2,
    stderr: `error: BASE/report/${complete}: not a report that corematrix prepared here; move it away`,
    changed: false,
  };
  beforeEach(async () => {
    [folder, later] = [join(base, 'report'), join(base, 'later.json')];
    await writeFile(later, renderJson(LATER));
    await writeReportFolder(SAMPLE, folder);
  });

  it.each([
    ['nothing', []],
    ['only the mark of its owner', ['.owner']],
    ['the plan without a report', ['plan.json']],
    ['the plan and the mark of its owner', ['plan.json', '.owner']],
  ])('a removal of a finished swap that left %s is repeated by the next command', async (_, names) => {
    await mkdir(join(folder, complete));
    for (const name of names) await writeFile(join(folder, complete, name), name === 'plan.json' ? '{"stale":[],"logs":[]}' : '');
    expect(await write()).toMatchObject({ exitCode: 0 });
    const written = await contents(folder);
    await rm(folder, { recursive: true });
    await write();
    expect(written).toEqual(await contents(folder));
  });

  it.each([
    ['a folder with other files', async (path: string) => mkdir(join(path, 'photos'), { recursive: true })],
    ['a file', async (path: string) => writeFile(path, 'mine')],
  ])('%s with the name of a complete report is refused and stays', async (_, make) => {
    await make(join(folder, complete));
    expect(await answer()).toEqual(REFUSED);
  });

  it.each([
    ['a report that is a link', async (path: string) => symlink(join(base, 'other'), join(path, 'report'))],
    ['earlier logs that are a link', async (path: string) => symlink(join(base, 'other'), join(path, 'logs-before'))],
    ['a report', async (path: string) => cp(join(base, 'other'), join(path, 'report'), { recursive: true })],
    [
      'a named pipe for a plan',
      async (path: string) => rm(join(path, 'plan.json')).then(async () => execa('mkfifo', [join(path, 'plan.json')])),
    ],
  ])('a planted swap with %s is refused, and moves and removes nothing', async (_, plant) => {
    await mkdir(join(base, 'other'));
    for (const path of ['other/id_rsa', 'report/main.c']) await writeFile(join(base, path), 'mine');
    await mkdir(join(folder, complete));
    await writeFile(join(folder, complete, 'plan.json'), '{"mark":"1 2","stale":["main.c"],"logs":["logs/mine"]}');
    await plant(join(folder, complete));
    await mkdir(join(folder, complete, 'other'));
    expect(await answer()).toEqual(REFUSED);
  });

  it('a copy of an unfinished swap is refused, and the original is finished', async () => {
    await leaveSwap();
    const original = join(base, 'original');
    await rename(folder, original);
    await cp(original, folder, { recursive: true });
    expect(await answer()).toEqual(REFUSED);
    await rm(folder, { recursive: true });
    await rename(original, folder);
    expect(await write({}, '--force')).toMatchObject({ exitCode: 0 });
    expect(Object.keys(await contents(folder)).filter((path) => path.startsWith(complete))).toEqual([]);
  });

  it.each(['report', 'logs-before'])('an unfinished swap whose folder %s was replaced by a link is refused', async (name) => {
    await leaveSwap();
    await rename(join(folder, complete, name), join(base, 'other'));
    await symlink(join(base, 'other'), join(folder, complete, name));
    expect(await answer()).toEqual(REFUSED);
  });

  it('an unfinished swap makes no folder behind a link that took the place of the logs', async () => {
    await leaveSwap();
    await rm(join(folder, complete, 'report/logs'), { recursive: true, force: true });
    await rm(join(folder, 'logs'), { recursive: true, force: true });
    await mkdir(join(base, 'other'));
    await symlink(join(base, 'other'), join(folder, 'logs'));
    expect(await write()).toMatchObject({ exitCode: 2 });
    expect(await readdir(join(base, 'other'))).toEqual([]);
  });

  it('an unfinished swap removes no file that the earlier report did not write', async () => {
    await leaveSwap();
    const path = join(folder, complete, 'plan.json');
    await writeFile(path, (await readFile(path, 'utf8')).replace('"stale":[', '"stale":["main.c"'));
    await writeFile(join(folder, 'main.c'), 'mine');
    expect(await write({}, '--force')).toMatchObject({ exitCode: 0 });
    expect(await readFile(join(folder, 'main.c'), 'utf8')).toBe('mine');
  });

  it('commands that write different reports into one folder at once leave one of them whole', async () => {
    const alone = async (file: string) => {
      await execa('node', [MAIN, 'report', file, '-o', join(base, 'alone')]);
      const files = await contents(join(base, 'alone'));
      await rm(join(base, 'alone'), { recursive: true });
      return files;
    };
    const first = join(base, 'first.json');
    await writeFile(first, renderJson(SAMPLE));
    const files = [first, later, first, later];
    const said = await Promise.all(files.map(async (file) => execa('node', [MAIN, 'report', file, '-o', folder], { reject: false })));
    expect(said.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0]);
    expect([await alone(first), await alone(later)]).toContainEqual(await contents(folder));
  });
});

describe.skipIf(process.getuid?.() !== 0)('a disk that is full under the report folder (needs root for a mount)', () => {
  it('a report on a full disk leaves the earlier report unchanged, and the error names the full disk', async () => {
    const disk = join(base, 'disk');
    await mkdir(disk);
    await execa('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]);
    try {
      const folder = join(disk, 'report');
      await writeReportFolder(SAMPLE, folder);
      const before = await contents(folder);
      const logs = createLogStore();
      const [cell] = SAMPLE.cells;
      if (!cell) throw new Error('the sample is empty');
      const large = addLog(logs, Array.from({ length: 100_000 }, (_, line) => `line ${line} of a log`).join('\n'));
      const none = { libbpf: null, warnings: null, verifier: null, kernel: null, console: null };
      const programs = cell.programs.map((program) => ({ ...program, logs: { libbpf: null, verifier: null } }));
      const results = { ...SAMPLE, cells: [{ ...cell, programs, logs: { ...none, console: large } }], logs };
      await expect(writeReportFolder(results, folder)).rejects.toThrow(
        /^cannot write the report to .*ENOSPC.*; choose another folder with --out$/,
      );
      expect(await contents(folder)).toEqual(before);
    } finally {
      await execa('umount', [disk]);
    }
  });
});
