// Tests of the limits of programs that corematrix runs: one that hangs or floods is an error, and nothing that it started is left.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';
import { isMissing, runProgram } from '../../../harness/base/program.ts';

const shell = (script: string) => ['sh', '-c', script] as const;

/** Whether a process has this argument. */
async function isRunning(argument: string): Promise<boolean> {
  const { stdout } = await execa('ps', ['-eo', 'args']);
  return stdout.split('\n').some((line) => line.includes(argument) && !line.includes('sh -c'));
}

it('a program returns its output and its exit status', async () => {
  const { exitCode, stdout, stderr } = await runProgram(shell('echo out; echo err >&2; exit 3'), { stdin: 'ignore' });
  expect([exitCode, stdout, stderr]).toEqual([3, 'out', 'err']);
});

it('a program that does not end in its time is an error, and what it started ends, too', async () => {
  const seconds = `9${process.pid}`;
  const started = performance.now();
  const hanging = runProgram(shell(`sleep ${seconds} & sleep ${seconds}; true`), { stdin: 'ignore' }, { ms: 500 });
  await expect(hanging).rejects.toThrow('sh -c: has not ended after 0.5 s; check that program');
  expect(performance.now() - started).toBeLessThan(15_000);
  await expect.poll(async () => isRunning(`sleep ${seconds}`)).toBe(false);
});

it('a program whose descendant keeps its output open is not awaited longer than its time', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'corematrix-test-'));
  const file = join(folder, 'pid');
  try {
    const started = performance.now();
    const hanging = runProgram(shell(`setsid sh -c 'echo $$ > "${file}"; exec sleep 60' & sleep 1`), { stdin: 'ignore' }, { ms: 2500 });
    await expect(hanging).rejects.toThrow(/has not ended/);
    expect(performance.now() - started).toBeLessThan(30_000);
  } finally {
    process.kill(Number(await readFile(file, 'utf8')), 'SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
});

it('a program that floods its output is an error, not a long text', async () => {
  await expect(runProgram(shell('yes'), { stdin: 'ignore' })).rejects.toThrow('sh -c: prints more than 1048576 bytes; check that program');
  await expect(runProgram(shell('yes >&2'), { stdin: 'ignore' }, { bytes: 1000 })).rejects.toThrow('sh -c: prints more than 1000 bytes');
});

it('a program that is not installed is told from one that fails or is killed', async () => {
  const endings = [['corematrix-no-such-program'], ['false'], shell('kill -9 $$')] as const;
  expect(await Promise.all(endings.map(async (each) => isMissing(await runProgram(each, { stdin: 'ignore' }))))).toEqual([
    true,
    false,
    false,
  ]);
});

it('a program ends with the process that runs it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'corematrix-test-'));
  try {
    const module = join(PACKAGE_ROOT, 'dist/harness/base/program.js');
    const seconds = `8${process.pid}`;
    const script = `import { runProgram } from '${module}'; setTimeout(() => process.exit(), 1500); await runProgram(['sleep', '${seconds}'], {}); `;
    await execa(process.execPath, ['--input-type=module', '--eval', script], { cwd: folder });
    await expect.poll(async () => isRunning(`sleep ${seconds}`)).toBe(false);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** Files that start programs without the limits here, and why they need no more. */
const WITH_OWN_LIMITS: Readonly<Record<string, string>> = {
  'harness/base/program.ts': 'has the limits',
  'harness/base/ownership.ts': 'flock gets an open file and has its own time limit',
  'harness/cli/shell.ts': 'the user ends the guest on the terminal; stty has a time limit',
  'harness/guest/qemu.ts': 'a guest has time limits of its own for boot and cell, and limits of output',
  'kernels/archive/decompress.ts': 'a stream of any length has limits of size and time',
};

it('every program is started with a time limit and a limit of output', () => {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', 'harness', 'kernels', 'reports', 'programs'], {
    cwd: PACKAGE_ROOT,
    encoding: 'utf8',
  });
  const files = listed.split('\n').filter((path) => path.endsWith('.ts'));
  const starting = files.filter((path) =>
    /from '(?:node:child_process|execa|zx\/core)'|import\('(?:node:child_process|execa)'\)/.test(
      readFileSync(join(PACKAGE_ROOT, path), 'utf8'),
    ),
  );
  expect(starting.toSorted()).toEqual(Object.keys(WITH_OWN_LIMITS).toSorted());
});
