// Tests of the progress of a run: live and coloured on a terminal, plain lines elsewhere.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lineOf } from '../../../harness/cli/progress.ts';
import type { RunEvent } from '../../../harness/run/events.ts';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';
import { sample } from '../run/real-run.ts';
import { corematrix, hasTerminals, steady } from './command.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'progress-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const EVENTS: RunEvent[] = [
  { kind: 'note', text: 'good.bpf.o: left out' },
  { kind: 'planned', kernels: 1, objects: 2, cells: 2, jobs: 2, names: new Map([['k', '6.12']]) },
  { kind: 'download', kernel: 'k', bytes: 1, total: 2 },
  { kind: 'kernel-ready', kernel: 'k', release: '6.12.1', fromCache: false, bootMs: 2345 },
  { kind: 'kernel-ready', kernel: 'k', release: '6.12.1', fromCache: true, bootMs: 2345 },
  { kind: 'kernel-ready', kernel: 'k', release: '6.12.1', fromCache: false, bootMs: null },
  { kind: 'kernel-failed', kernel: 'k', reason: 'Kernel panic' },
  { kind: 'cell-started', kernel: 'k', object: 'good' },
  { kind: 'interrupted' },
];

describe('the line an event leaves', () => {
  it('events that matter to the user print one line, and mere progress prints none', () => {
    expect(EVENTS.map((event) => lineOf(event, { verbose: false, names: new Map([['k', '6.12']]) }))).toMatchInlineSnapshot(`
      [
        "good.bpf.o: left out",
        "1 kernel × 2 objects: 2 cells, 2 at a time",
        null,
        "6.12: booted in 2.3 s",
        null,
        "6.12: each guest is booted",
        "6.12: Kernel panic",
        null,
        "interrupted: ending guests and writing the report of finished cells (Ctrl-C again exits at once)",
      ]
    `);
  });

  it('the plan of an executable is told with its name', () => {
    const planned: RunEvent = { kind: 'planned', kernels: 3, objects: 1, cells: 3, jobs: 2, names: new Map() };
    expect(lineOf(planned, { verbose: false, executable: './loads.test' })).toBe('./loads.test on 3 kernels, 2 at a time');
  });
});

describe('a run', () => {
  const args = ['run', sample('exec_watch'), '-k', 'debian:6.12', '-o', 'report'];

  it('a run without a terminal writes plain lines', async () => {
    const { stdout, stderr, exitCode } = await corematrix(folder, [...args, '--verbose'], { FORCE_COLOR: '' });
    expect(`${steady(stderr)}\n---\n${steady(stdout)}\nexit ${exitCode}`).toMatchInlineSnapshot(`
      "1 kernel × 1 object: 1 cell, N at a time
      pass exec_watch on 6.12
      report: report/index.html
      ---

                   6.12
      exec_watch
        on_exec      ok
        on_exit      ok

      2 pass (1 kernel, 1 object, N s, ACCEL, libbpf N)
      exit 0"
    `);
  });

  it.skipIf(!hasTerminals)('a run on a terminal is live and coloured, and restores the terminal', async () => {
    const command = `node ${join(PACKAGE_ROOT, 'dist/harness/cli/main.js')} ${args.join(' ')} --no-cache`;
    const { stdout } = await execa('script', ['-qec', command, '/dev/null'], {
      cwd: folder,
      env: { TERM: 'xterm-256color', NO_COLOR: '' },
    });
    expect(stdout).toContain('\r\u001b[Kcells 0/1');
    expect(stdout).toContain('\u001b[32m');
    const [, last = ''] = /([^\r\n]*)\r?\n?$/.exec(stdout) ?? [];
    expect(last.replaceAll('\u001b[K', '')).toBe('report: report/index.html');
    expect(stdout).toMatch(/cells 0\/1 {2}0:0\d {2}exec_watch on 6\.12/);
  });
});
