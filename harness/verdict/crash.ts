// Objects that crash the kernel, libbpf or another loader. The verdict needs proof: two guests, booted for this object alone, crashed the same way.
import { constants } from 'node:os';
import { libraryName } from '../base/loader-name.ts';
import type { KernelFault } from '../guest/health.ts';
import type { FailureClass } from '../base/failures.ts';
import { panicIn } from './panic.ts';

export interface Crash {
  class: Extract<FailureClass, 'kernel-crash' | 'libbpf-crash' | 'loader-crash'>;
  /** What crashed in the guest, in one line. */
  reason: string;
}

/** The crash in one guest, and whether this guest was booted for the object alone. */
interface Witness {
  isolation: 'snapshot' | 'boot';
  crash: Crash | null;
}

/** How the process that loads objects ended. It does not end by itself. */
export interface LoaderEnd {
  /** Null if it exited. */
  signal: string | null;
  status: number;
}

/** Signals that a process causes itself. SIGKILL comes from the kernel or the host. */
const SELF_CAUSED: readonly string[] = ['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL'] satisfies NodeJS.Signals[];

/**
 * Decodes a wait status.
 * @see wait(2); signals have the same numbers on all guest architectures
 */
export function loaderEnd(waitStatus: number): LoaderEnd {
  const number = waitStatus & 0x7f;
  if (number === 0) return { signal: null, status: (waitStatus >> 8) & 0xff };
  const [name = `signal ${number}`] = Object.entries(constants.signals).find(([, value]) => value === number) ?? [];
  return { signal: name, status: 0 };
}

/**
 * The crash in a guest that an object can have caused, or null. A kernel crash counts before a crash of the loading process.
 * @param console of the guest, which has the message of a panic
 */
export function crashIn(fault: KernelFault | null, end: LoaderEnd | null, console = ''): Crash | null {
  if (fault) return fault.grave ? { class: 'kernel-crash', reason: fault.reason } : null;
  const signal = end?.signal ?? '';
  if (!SELF_CAUSED.includes(signal)) return null;
  const panic = panicIn(console);
  return { class: 'libbpf-crash', reason: `the loading process crashed with ${signal}${panic === null ? '' : `: ${panic}`}` };
}

/** The crash of a loading process as that of the library in it. */
function byLoader(crash: Crash, library: string): Crash {
  return crash.class === 'libbpf-crash' && library !== libraryName() ? { ...crash, class: 'loader-crash' } : crash;
}

/**
 * The proven crash: the last two guests were booted for the object alone and crashed the same way. Otherwise null.
 * @param loader the name of the loader
 */
export function provenCrash(guests: readonly Witness[], loader?: string): Crash | null {
  const [before, last] = guests.slice(-2);
  if (before?.isolation !== 'boot' || !last?.crash || before.crash?.class !== last.crash.class) return null;
  const library = libraryName(loader);
  const { class: failure, reason } = byLoader(last.crash, library);
  const what = failure === 'kernel-crash' ? 'the kernel' : library;
  return { class: failure, reason: `loading the object crashes ${what} in two fresh boots: ${reason}` };
}
