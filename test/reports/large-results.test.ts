// Tests that commands need less memory than the logs that they write and read; `npm run bench:large` measures them with gigabytes of logs.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';

/** 72 MiB of logs, and a heap that cannot hold them. */
const CELLS = 9;
const HEAP = '--max-old-space-size=56';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'large-results-'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

it('a run and a report need less memory than the logs that they write and read', { timeout: 300_000 }, async () => {
  const place = (name: string) => join(folder, name);
  const built = (path: string) => join(PACKAGE_ROOT, 'dist', path);
  const commands = [
    [built('test/bench/large-results.js'), 'write', place('one'), '0', String(CELLS)],
    [built('harness/cli/main.js'), 'report', place('one'), '-o', place('again')],
  ];
  for (const command of commands) {
    const { exitCode, stderr } = await execa('node', [HEAP, ...command], { reject: false });
    expect([command[1], exitCode, stderr.includes('heap out of memory')]).toEqual([command[1], 0, false]);
  }
});
