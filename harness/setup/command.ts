// Runs the tools that set-up needs (compilers, make, apt-get) and keeps their output.
import { type ProgramLimits, runProgram } from '../base/program.ts';

export interface Finished {
  ok: boolean;
  /** Standard output without the white space around it. */
  stdout: string;
  /** Standard output and standard error in the order of arrival, without the white space around them. */
  said: string;
}

interface RunOptions extends ProgramLimits {
  cwd?: string;
  /** Variables beside those of this process. */
  env?: Readonly<Record<string, string>>;
}

/** A build of libbpf on a loaded machine takes minutes, and so does the download of packages. */
const LIMITS = { ms: 30 * 60 * 1000, bytes: 64 << 20 } as const satisfies ProgramLimits;

/**
 * Runs a command to its end without input. A missing program is a failed command.
 * @throws InfraError if this machine cannot start a program, or if the command exceeds a limit
 */
export async function run([program = '', ...args]: readonly string[], { cwd, env, ...limits }: RunOptions = {}): Promise<Finished> {
  const options = { stdin: 'ignore', all: true, ...(cwd !== undefined && { cwd }), ...(env && { env: { ...env } }) } as const;
  const { exitCode, stdout, all } = await runProgram([program, ...args], options, { ...LIMITS, ...limits });
  return { ok: exitCode === 0, stdout: stdout.trim(), said: all.trim() };
}

/** A program names its version at once. */
const VERSION_LIMITS = { ms: 20_000, bytes: 1 << 20 } as const satisfies ProgramLimits;

/** The first line of `program --version`; null if the program is missing. */
export async function versionLine(program: string): Promise<string | null> {
  const { ok, stdout } = await run([program, '--version'], VERSION_LIMITS);
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
