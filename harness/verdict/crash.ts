// Objects that break what loads them, kernel or libbpf: a finding of its own, and only once two guests booted for it alone broke the same way.
import { constants } from 'node:os';
import type { KernelFault } from '../guest/health.ts';
import type { FailureClass } from '../base/failures.ts';

export interface Crash {
  class: Extract<FailureClass, 'kernel-crash' | 'libbpf-crash'>;
  /** What the guest showed. */
  reason: string;
}

/** What a guest showed of a crash, and whether it was booted for this object alone. */
interface Witness {
  isolation: 'snapshot' | 'boot';
  crash: Crash | null;
}

/** How a loading process ended that never does so by itself. */
export interface LoaderEnd {
  /** Null when it ended on its own. */
  signal: string | null;
  status: number;
}

/** What a program's own mistake ends it with. SIGKILL is the kernel's doing, or the host's. */
const OWN_MISTAKES: readonly string[] = ['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL'] satisfies NodeJS.Signals[];

const WHAT_CRASHES = { 'kernel-crash': 'breaks the kernel', 'libbpf-crash': 'crashes libbpf' } as const satisfies Record<
  Crash['class'],
  string
>;

/**
 * Takes a wait status apart.
 * @see wait(2); signals have the same numbers on every architecture guests have
 */
export function loaderEnd(waitStatus: number): LoaderEnd {
  const number = waitStatus & 0x7f;
  if (number === 0) return { signal: null, status: (waitStatus >> 8) & 0xff };
  const [name = `signal ${number}`] = Object.entries(constants.signals).find(([, value]) => value === number) ?? [];
  return { signal: name, status: 0 };
}

/** What broke in a guest, the kernel before what runs on it; null when nothing did that an object could be blamed for. */
export function crashIn(fault: KernelFault | null, end: LoaderEnd | null): Crash | null {
  if (fault) return fault.grave ? { class: 'kernel-crash', reason: fault.reason } : null;
  const signal = end?.signal ?? '';
  return OWN_MISTAKES.includes(signal) ? { class: 'libbpf-crash', reason: `the loading process died of ${signal}` } : null;
}

/** The verdict on an object, when the last two guests were booted for it alone and both broke the same way. */
export function provenCrash(guests: readonly Witness[]): Crash | null {
  const [before, last] = guests.slice(-2);
  if (before?.isolation !== 'boot' || !last?.crash || before.crash?.class !== last.crash.class) return null;
  const { class: failure, reason } = last.crash;
  return { class: failure, reason: `loading it ${WHAT_CRASHES[failure]}, in two fresh boots: ${reason}` };
}
