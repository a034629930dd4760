// System errors that the machine causes: a full disk, a limit, a missing folder. They are no faults of corematrix.
import { constants, tmpdir } from 'node:os';
import { relative } from 'node:path';

const SPACE = 'free some space on that disk';
const ACCESS = 'give this user access to it, or name another place';
const PLACE = 'name another place';
const MISSING = 'it is missing or was removed; make it, or name another place';
const FILES = 'raise the limit of open files: ulimit -n 1024';
const FILE_SIZE = 'raise the limit of file sizes: ulimit -f unlimited';
const TASKS = 'raise the limit of processes (ulimit -u), or run fewer guests at a time (--jobs)';
const MEMORY = 'free some memory, or run fewer guests at a time (--jobs)';
const HARDWARE = 'check that device; dmesg names the fault';
const NETWORK = 'check the network of this machine';
const AGAIN = 'end the program that uses it, or try again';
/** Only a fault in corematrix causes this error. */
const OURS = null;

type ErrorName = Exclude<keyof typeof constants.errno, `WSA${string}`>;

/**
 * What the user can do about each system error; null for an error that only a fault in corematrix causes.
 * @see errno(3)
 */
const ADVICE_BY_ERROR = {
  E2BIG: 'shorten the command line or the environment',
  EACCES: ACCESS,
  EADDRINUSE: AGAIN,
  EADDRNOTAVAIL: NETWORK,
  EAFNOSUPPORT: NETWORK,
  EAGAIN: TASKS,
  EALREADY: OURS,
  EBADF: OURS,
  EBADMSG: HARDWARE,
  EBUSY: AGAIN,
  ECANCELED: OURS,
  ECHILD: OURS,
  ECONNABORTED: NETWORK,
  ECONNREFUSED: NETWORK,
  ECONNRESET: NETWORK,
  EDEADLK: OURS,
  EDESTADDRREQ: OURS,
  EDOM: OURS,
  EDQUOT: SPACE,
  EEXIST: PLACE,
  EFAULT: OURS,
  EFBIG: FILE_SIZE,
  EHOSTUNREACH: NETWORK,
  EIDRM: OURS,
  EILSEQ: OURS,
  EINPROGRESS: OURS,
  EINTR: OURS,
  EINVAL: OURS,
  EIO: HARDWARE,
  EISCONN: OURS,
  EISDIR: PLACE,
  ELOOP: PLACE,
  EMFILE: FILES,
  EMLINK: PLACE,
  EMSGSIZE: OURS,
  EMULTIHOP: PLACE,
  ENAMETOOLONG: PLACE,
  ENETDOWN: NETWORK,
  ENETRESET: NETWORK,
  ENETUNREACH: NETWORK,
  ENFILE: 'close programs that hold many files open, or raise the limit: sysctl fs.file-max',
  ENOBUFS: MEMORY,
  ENODATA: OURS,
  ENODEV: HARDWARE,
  ENOENT: MISSING,
  ENOEXEC: 'install the program for this processor',
  ENOLCK: PLACE,
  ENOLINK: PLACE,
  ENOMEM: MEMORY,
  ENOMSG: OURS,
  ENOPROTOOPT: OURS,
  ENOSPC: SPACE,
  ENOSR: MEMORY,
  ENOSTR: OURS,
  ENOSYS: 'use a newer kernel, or a sandbox that allows this system call',
  ENOTCONN: OURS,
  ENOTDIR: PLACE,
  ENOTEMPTY: PLACE,
  ENOTSOCK: OURS,
  ENOTSUP: PLACE,
  ENOTTY: OURS,
  ENXIO: HARDWARE,
  EOPNOTSUPP: PLACE,
  EOVERFLOW: PLACE,
  EPERM: ACCESS,
  EPIPE: OURS,
  EPROTO: NETWORK,
  EPROTONOSUPPORT: NETWORK,
  EPROTOTYPE: OURS,
  ERANGE: OURS,
  EROFS: PLACE,
  ESPIPE: PLACE,
  ESRCH: OURS,
  ESTALE: AGAIN,
  ETIME: AGAIN,
  ETIMEDOUT: NETWORK,
  ETXTBSY: AGAIN,
  EWOULDBLOCK: TASKS,
  EXDEV: PLACE,
} as const satisfies Record<ErrorName, string | null>;

/** An error may be the cause of another one, which is the cause of a third. */
const MAX_CAUSES = 8;

function isErrorName(code: unknown): code is ErrorName {
  return typeof code === 'string' && Object.hasOwn(ADVICE_BY_ERROR, code);
}

function isBelow(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith('../');
}

const ABOUT_PLACES: ReadonlySet<string> = new Set([ACCESS, PLACE, MISSING]);

/** The folder of temporary files has its own variable, TMPDIR. */
function adviceFor(code: ErrorName, path: string | null): string | null {
  const advice = ADVICE_BY_ERROR[code];
  if (advice === null || path === null || !isBelow(tmpdir(), path)) return advice;
  return ABOUT_PLACES.has(advice)
    ? 'set TMPDIR to a folder that exists and that this user can write'
    : `${advice}, or set TMPDIR to another folder`;
}

/** The path in a system error. Errors of open files have none. */
function pathIn(error: Error): string | null {
  return 'path' in error && typeof error.path === 'string' ? error.path : null;
}

/**
 * Distinguishes a fault of the machine from a fault in corematrix.
 * @param error anything that was thrown; its causes count, too
 * @returns one line with the system call, its path and what to do; null if the machine is not to blame
 */
export function machineTrouble(error: unknown): string | null {
  let current = error;
  for (let depth = 0; depth < MAX_CAUSES && current instanceof Error; depth++) {
    if ('syscall' in current && 'code' in current && isErrorName(current.code)) {
      const path = pathIn(current);
      const advice = adviceFor(current.code, path);
      const place = path === null || current.message.includes(path) ? '' : ` '${path}'`;
      return advice === null ? null : `${current.message}${place}; ${advice}`;
    }
    current = current.cause;
  }
  return null;
}

/** Adds the path to a system error that has none, because it is about an open file. Returns the error. */
export function withPath(error: unknown, path: string): unknown {
  return error instanceof Error && 'syscall' in error && pathIn(error) === null ? Object.assign(error, { path }) : error;
}

/**
 * Why a program could not be started, if the machine is to blame.
 * @param ended the result of execa
 * @returns null if it started, is not installed, or may not be executed
 */
export function startTrouble({ cause }: { cause?: unknown }): string | null {
  if (!(cause instanceof Error) || !('syscall' in cause) || !String(cause.syscall).startsWith('spawn')) return null;
  const missing = 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'EACCES');
  return missing ? null : machineTrouble(cause);
}
