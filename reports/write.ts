// The report folder: every format of one run, each file whole or not there.
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { logText } from '../harness/results/logs.ts';
import type { CellResult, Results } from '../harness/results/schema.ts';
import { writeFileAtomic } from '../kernels/cache.ts';
import { renderHtml } from './html/render.ts';
import { renderJson } from './json.ts';
import { renderJunit } from './junit.ts';
import { renderMarkdown } from './markdown.ts';

const NAME_LENGTH = 120;

/** A foreign name as one component of a path: no separators, no leading dot, not too long. */
export function fileName(text: string): string {
  const plain = text.replaceAll(/[^\w.+~-]/g, '_').replace(/^\.+/, '_');
  return plain.slice(0, NAME_LENGTH) || '_';
}

/** The raw logs of one cell by the file each goes to, relative to the folder of its kernel. */
function logFiles(cell: CellResult, results: Results): [string, string][] {
  const stem = fileName(cell.object);
  const named: [string, string | null][] = [
    ['libbpf', cell.logs.libbpf],
    ['warnings', cell.logs.warnings],
    ['verifier', cell.logs.verifier],
    ['kernel', cell.logs.kernel],
    ['console', cell.logs.console],
    ...cell.programs.flatMap((program): [string, string | null][] => [
      [`${fileName(program.name)}.libbpf`, program.logs.libbpf],
      [`${fileName(program.name)}.verifier`, program.logs.verifier],
    ]),
  ];
  return named.flatMap(([name, id]) => (id === null ? [] : [[`${stem}.${name}.log`, `${logText(results.logs, id)}\n`]]));
}

/**
 * Writes results.json, index.html, junit.xml, summary.md and logs/ into a folder, which is made when it is missing.
 * @throws InfraError when the disk is full or may not be written
 */
export async function writeReportFolder(results: Results, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFileAtomic(join(folder, 'results.json'), renderJson(results));
  await writeFileAtomic(join(folder, 'index.html'), renderHtml(results));
  await writeFileAtomic(join(folder, 'junit.xml'), renderJunit(results));
  await writeFileAtomic(join(folder, 'summary.md'), renderMarkdown(results));
  await writeLogs(results, folder);
}

/** All logs appear at once: a folder beside the old one takes its place. */
async function writeLogs(results: Results, folder: string): Promise<void> {
  const building = join(folder, `logs.new-${process.pid}`);
  await rm(building, { recursive: true, force: true });
  for (const cell of results.cells) {
    const target = join(building, fileName(cell.kernel));
    await mkdir(target, { recursive: true });
    await Promise.all(logFiles(cell, results).map(async ([name, text]) => writeFile(join(target, name), text)));
  }
  await mkdir(building, { recursive: true });
  await rm(join(folder, 'logs'), { recursive: true, force: true });
  await rename(building, join(folder, 'logs'));
}
