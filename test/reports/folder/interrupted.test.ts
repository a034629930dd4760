// Tests of writing a report that ends early, because the process is killed or the disk is full.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
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
    await write(0);
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
      await write(0);
      expect(await contents(folder)).toEqual(after);
    }
    expect(ends.old).toBeGreaterThan(10);
    expect(ends.swapping).toBeGreaterThan(5);
    expect(ends.new).toBeGreaterThan(0);
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
