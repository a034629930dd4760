// Imitates a GitHub runner: its variables, files and folders.
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';

export const ACTION = join(PACKAGE_ROOT, 'docs/ci/action');

export interface Runner {
  folder: string;
  /** The checked-out repository, in which steps run. */
  workspace: string;
  /** The folder of files of one job, RUNNER_TEMP. */
  temp: string;
  /** Programs that precede those of this machine. */
  bin: string;
}

/** What a step printed and wrote. */
export interface Step {
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
  /** Content of GITHUB_OUTPUT. */
  output: string;
  /** Content of GITHUB_STEP_SUMMARY. */
  summary: string;
}

export async function imitatedRunner(): Promise<Runner> {
  const folder = await mkdtemp(join(tmpdir(), 'ci-'));
  const runner = { folder, workspace: join(folder, 'workspace'), temp: join(folder, 'temp'), bin: join(folder, 'bin') };
  for (const path of [runner.workspace, runner.temp, runner.bin]) await mkdir(path);
  return runner;
}

/** Puts a shell script before the programs of this machine. */
export async function addProgram({ bin }: Runner, name: string, script: string): Promise<void> {
  await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

/** Runs a script of the action as a step: in the workspace, with files of its own for the output and the summary. */
export async function runStep(runner: Runner, name: string, variables: Record<string, string> = {}): Promise<Step> {
  const files = { GITHUB_OUTPUT: join(runner.folder, 'output'), GITHUB_STEP_SUMMARY: join(runner.folder, 'summary') };
  await Promise.all(Object.values(files).map(async (file) => writeFile(file, '')));
  const github = { GITHUB_ACTIONS: 'true', GITHUB_ACTION_PATH: PACKAGE_ROOT, GITHUB_WORKSPACE: runner.workspace, ...files };
  const path = [runner.bin, process.env['PATH'] ?? ''].join(delimiter);
  const env = { CI: 'true', ...github, RUNNER_TEMP: runner.temp, PATH: path, ...variables };
  const program = name.endsWith('.mjs') ? 'node' : 'bash';
  const options = { cwd: runner.workspace, env, reject: false, stdin: 'ignore' } as const;
  const { exitCode, stderr, stdout } = await execa(program, [join(ACTION, name)], options);
  const [output = '', summary = ''] = await Promise.all(Object.values(files).map(async (file) => readFile(file, 'utf8')));
  return { exitCode, stderr, stdout, output, summary };
}
