// Runs other programs of this machine to their end. Each has limits of time and of output, so that one that hangs or floods is an error.
import { execa, type Options, type Result } from 'execa';
import { awakeTimer } from './awake.ts';
import { InfraError } from './errors.ts';
import { startTrouble } from './machine-trouble.ts';

/** The limits of a program. */
export interface ProgramLimits {
  /** Milliseconds (default: 20 s). A loaded machine needs seconds to start a program. */
  ms?: number;
  /** Bytes of each output stream (default: 1 MiB). */
  bytes?: number;
}

/** Program and arguments. */
export type ProgramCommand = readonly [program: string, ...args: string[]];

const DEFAULTS = { ms: 20_000, bytes: 1 << 20 } as const satisfies Required<ProgramLimits>;

/** Each program gets its own process group, so that a limit also ends the processes that it started. */
interface Fixed {
  reject: false;
  detached: true;
  maxBuffer: number;
}

/** Process groups of programs that run now. They end with this process. */
const groups = new Set<number>();

function endGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

function endAll(): void {
  for (const group of groups) endGroup(group);
}

interface Running {
  pid?: number | undefined;
  stdout?: { destroy: () => void } | null;
  stderr?: { destroy: () => void } | null;
}

/** Waits for a program, and ends it with all that it started after so many milliseconds, or if it floods. Returns null if it was late. */
async function within<Ended extends { isMaxBuffer: boolean }>(child: Running & Promise<Ended>, ms: number): Promise<Ended | null> {
  const { pid } = child;
  if (pid === undefined) return child;
  if (groups.size === 0) process.once('exit', endAll);
  groups.add(pid);
  let late = false;
  const cancel = awakeTimer(ms, () => {
    late = true;
    endGroup(pid);
    // A process that left the group may still hold the pipes.
    child.stdout?.destroy();
    child.stderr?.destroy();
  });
  try {
    const ended = await child;
    if (ended.isMaxBuffer) endGroup(pid);
    return late ? null : ended;
  } finally {
    cancel();
    groups.delete(pid);
    if (groups.size === 0) process.off('exit', endAll);
  }
}

/**
 * Runs a program to its end. A program that fails, or that is not installed, is a result, not an error.
 * @param own options of execa
 * @throws InfraError if it exceeds a limit, or if this machine cannot start programs
 */
export async function runProgram<Own extends Options>(
  command: ProgramCommand,
  own: Own,
  limits: ProgramLimits = {},
): Promise<Result<Own & Fixed>> {
  const { ms, bytes } = { ...DEFAULTS, ...limits };
  const [program, ...args] = command;
  const shown = [program, ...args.slice(0, 1)].join(' ');
  const fixed: Fixed = { reject: false, detached: true, maxBuffer: bytes };
  const ended = await within(execa(program, args, { ...own, ...fixed }), ms);
  if (ended === null) throw new InfraError(`${shown}: has not ended after ${ms / 1000} s; check that program`);
  if (ended.isMaxBuffer) throw new InfraError(`${shown}: prints more than ${bytes} bytes; check that program`);
  const trouble = startTrouble(ended);
  if (trouble !== null) throw new InfraError(`${program} cannot be started: ${trouble}`);
  return ended;
}

/** Whether a program was not started because it is not installed, or may not be executed. */
export function isMissing({ exitCode, signal }: { exitCode?: number | undefined; signal?: string | undefined }): boolean {
  return exitCode === undefined && signal === undefined;
}
