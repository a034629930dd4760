// Runs the tools that set-up needs (compilers, make, apt-get) and keeps their output.
import { $ } from 'zx/core';
import { InfraError } from '../base/errors.ts';
import { startTrouble } from '../base/machine-trouble.ts';

export interface Finished {
  ok: boolean;
  /** Standard output without the white space around it. */
  stdout: string;
  /** Standard output and standard error in the order of arrival, without the white space around them. */
  said: string;
}

interface RunOptions {
  cwd?: string;
  /** Variables beside those of this process. */
  env?: Readonly<Record<string, string>>;
}

/**
 * Runs a command to its end without input. A missing program is a failed command.
 * @throws InfraError if this machine cannot start a program
 */
export async function run(command: readonly string[], { env, ...options }: RunOptions = {}): Promise<Finished> {
  const running = $({
    ...options,
    ...(env && { env: { ...process.env, ...env } }),
    nothrow: true,
    quiet: true,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })`${[...command]}`;
  // A compiler that make started is ended, too: all of them are one process group.
  const end = () => {
    if (running.pid !== undefined) process.kill(-running.pid);
  };
  process.once('exit', end);
  const output = await running.finally(() => process.off('exit', end));
  const trouble = startTrouble(output);
  if (trouble !== null) throw new InfraError(`${command[0]} cannot be started: ${trouble}`);
  return { ok: output.exitCode === 0, stdout: output.stdout.trim(), said: output.stdall.trim() };
}

/** The first line of `program --version`; null if the program is missing. */
export async function versionLine(program: string): Promise<string | null> {
  const { ok, stdout } = await run([program, '--version']);
  return ok ? (stdout.split('\n')[0] ?? '') : null;
}

/** The last lines of a long output, where tools print the fault. */
export function lastLines(text: string, count: number): string {
  return text.split('\n').slice(-count).join('\n');
}

/** Seconds since `started` (from `performance.now()`), for messages. */
export function secondsSince(started: number): string {
  return `${((performance.now() - started) / 1000).toFixed(1)} s`;
}
