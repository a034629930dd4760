// One QEMU process, which cannot outlive this one. Its monitor, bell, console and state are inherited descriptors.
import { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { InfraError } from '../base/errors.ts';
import { startTrouble } from '../base/machine-trouble.ts';
import { bellLines, parseRing, type Ring } from './bell.ts';
import { FD } from './machine.ts';
import { openQmp, type Qmp } from './qmp.ts';
import { ringQueue } from './ring-queue.ts';

const CONSOLE_LIMIT = 1 << 20;
const FLOOD_LIMIT = 8 << 20;
const STDERR_LIMIT = 16 << 10;

export interface QemuProcess {
  pid: number;
  /** The exact command, program first, as it was executed. */
  command: string[];
  qmp: Qmp;
  /** The state of a guest to restore. */
  state: Duplex;
  /** Resolves with the next ring of the bell. Rejects if QEMU ends, the guest floods the bell, or `timeoutMs` is over. */
  nextRing: (timeoutMs: number) => Promise<Ring>;
  /** The console output so far: at most 1 MiB from the beginning, with a mark if it was cut. */
  console: () => string;
  /** The end of QEMU if it ends by itself within some milliseconds; null while it runs. */
  ending: (withinMs: number) => Promise<InfraError | null>;
  /** Kills QEMU and waits for its end. Safe to call more than once. */
  kill: () => Promise<void>;
}

function collect(limit: number, onFlood: (total: number) => void) {
  const chunks: Buffer[] = [];
  let kept = 0;
  let total = 0;
  return {
    take: (chunk: Buffer) => {
      total += chunk.length;
      if (kept < limit) chunks.push(chunk.subarray(0, limit - kept));
      kept = Math.min(limit, kept + chunk.length);
      onFlood(total);
    },
    text: () => {
      const text = Buffer.concat(chunks).toString('utf8');
      return total > kept ? `${text}\n[corematrix: ${total - kept} more bytes were not kept]\n` : text;
    },
  };
}

/** The exit codes of a POSIX shell for a program that is missing, or that it may not execute. */
const NOT_STARTED: ReadonlyMap<number, string> = new Map([
  [126, 'cannot be executed'],
  [127, 'does not exist'],
]);

function howEnded(program: string, result: { exitCode?: number; signal?: string }, stderr: string): string {
  const refused = NOT_STARTED.get(result.exitCode ?? 0);
  if (refused !== undefined) return `: ${program} ${refused}`;
  const said = stderr.trim().split('\n').at(-1) ?? '';
  if (said !== '') return `: ${said}`;
  // The disk has no room for a page of a mapped file.
  if (result.signal === 'SIGBUS')
    return ' by SIGBUS: no space left for the memory of the guest (df shows where; TMPDIR and COREMATRIX_CACHE move it)';
  return result.signal === undefined ? '' : ` by ${result.signal}`;
}

function duplex(stream: unknown): Duplex {
  if (stream instanceof Duplex) return stream;
  throw new InfraError('cannot open a descriptor for QEMU: too many files are open; raise the limit: ulimit -n 1024');
}

/** Starts a program only if this process, whose id is the first argument, has not died since the start of setpriv. */
const IF_PARENT_LIVES = '[ "$PPID" = "$0" ] && exec "$@"';

/**
 * Starts QEMU. It dies with this process, even if that is killed (PR_SET_PDEATHSIG through setpriv(1)), and with `signal`.
 * @param program path of qemu-system-*
 */
export function startQemu(program: string, args: string[], signal: AbortSignal): QemuProcess {
  signal.throwIfAborted();
  const command = [program, ...args];
  const child = execa('setpriv', ['--pdeathsig', 'KILL', '/bin/sh', '-c', IF_PARENT_LIVES, String(process.pid), ...command], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
    buffer: false,
    reject: false,
    // PR_SET_PDEATHSIG ends QEMU; the default of execa would add listeners for signals to the program around this library.
    cleanup: false,
    cancelSignal: signal,
    forceKillAfterDelay: false,
    killSignal: 'SIGKILL',
  });
  const rings = ringQueue();
  const stderr = collect(STDERR_LIMIT, () => undefined);
  const console = collect(CONSOLE_LIMIT, (total) => {
    if (total > FLOOD_LIMIT) rings.fail(new InfraError('the guest floods its console', { failure: 'infra-crash' }));
  });
  const onLine = (line: string) => {
    const ring = parseRing(line);
    if (ring) rings.add(ring);
  };
  child.stdout.on('data', bellLines(onLine, rings.fail));
  child.stderr.on('data', stderr.take);
  const consoleStream = duplex(child.stdio[FD.console]);
  consoleStream.on('data', console.take);
  consoleStream.on('error', () => undefined);
  const state = duplex(child.stdio.at(FD.state));
  state.on('error', () => undefined);
  const ended = child.then((result) => {
    const trouble = startTrouble(result);
    const how = trouble === null ? howEnded(program, result, stderr.text()) : ` before it started: ${trouble}`;
    const ending = new InfraError(result.isCanceled ? 'interrupted' : `QEMU ended${how}`, { failure: 'infra-crash' });
    rings.fail(ending);
    return ending;
  });

  return {
    pid: child.pid ?? 0,
    command,
    qmp: openQmp(duplex(child.stdio[FD.qmp])),
    state,
    nextRing: rings.next,
    console: console.text,
    ending: async (withinMs) => {
      const waiting = new AbortController();
      const timer = sleep(withinMs, null, { signal: waiting.signal }).catch(() => null);
      const ending = await Promise.race([ended, timer]);
      waiting.abort();
      return ending;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
