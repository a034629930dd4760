// One cell of a run again, with everything kept.
import { constants, existsSync } from 'node:fs';
import { access, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../../harness/setup/root.ts';
import { sample } from '../run/real-run.ts';
import { corematrix, steady } from './command.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rerun-'));
  await corematrix(folder, ['run', sample('task_state'), '-k', 'debian:6.12', '-o', 'report']);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const said = async (...args: string[]) => {
  const { stdout, stderr, exitCode } = await corematrix(folder, args);
  return `${steady(stderr)}\n---\n${steady(stdout)}\nexit ${exitCode}`.replaceAll(folder, 'FOLDER');
};

it('gives the verdict of the run, and keeps what led to it', async () => {
  expect(await said('rerun', 'report', '6.12/task_state', '-o', 'again')).toMatchInlineSnapshot(`
    "1 kernel × 1 object: 1 cell, N at a time
    fail task_state on debian-6.12-REST: task_struct___before_5_14.state: no such field (byte_off, task_state.bpf.c:25)
    report: FOLDER/again/debian-6.12-REST.task_state/index.html
    the same guest by hand: FOLDER/again/debian-6.12-REST.task_state/qemu.sh
    ---

                  6.12
    task_state
      old_name    FAIL
      new_name      ok
      either_name   ok

    fail core-field-missing: task_struct___before_5_14.state: no such field (byte_off, task_state.bpf.c:25) [0baa2a1e7902]
         task_state/old_name on debian-6.12-REST

    2 pass, 1 fail (1 kernel, 1 object, N s, ACCEL, libbpf N)
    exit 1"
  `);
  const [kept = ''] = await readdir(join(folder, 'again'));
  expect((await readdir(join(folder, 'again', kept))).toSorted().join(' ')).toMatchInlineSnapshot(
    `"guest index.html junit.xml logs qemu.sh results.json summary.md"`,
  );
  await access(join(folder, 'again', kept, 'qemu.sh'), constants.X_OK);
});

it('names the nearest where there is no such cell', async () => {
  expect(await said('rerun', 'report', '6.12/task_stat')).toMatchInlineSnapshot(`
    "error: no object "task_stat" in these results; did you mean task_state?
    ---

    exit 2"
  `);
  expect(await said('rerun', 'report', '5.10/task_state')).toMatchInlineSnapshot(`
    "error: no kernel "5.10" in these results; there are: debian-6.12-REST
    ---

    exit 2"
  `);
});

// A machine in a folder may have no terminals.
it.skipIf(!existsSync('/dev/ptmx'))('has a shell in a guest beside it, which has the object and ends with what is typed', async () => {
  const command = `node ${join(PACKAGE_ROOT, 'dist/harness/cli/main.js')} shell -k debian:6.12 ${sample('task_state')}`;
  const { stdout } = await execa('script', ['-qec', command, '/dev/null'], {
    input: 'echo answer-$((40+2)); ls /root; uname -r\nexit\n',
  });
  expect(stdout).toContain('answer-42');
  expect(stdout).toContain('task_state.bpf.o');
});
