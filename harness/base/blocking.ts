// Work that blocks this process for seconds. No listener can answer a signal in that time, so the command line takes listeners away for it:
// a signal then ends the process at once. Guests end with the process, and finished cells are in the journal of the run.
import { setImmediate } from 'node:timers/promises';

/** Signals that ask a command to end. */
export const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** More relocations and programs than this may block for over a second. */
const LONG = 10_000;

/** An amount of work: relocations and programs, about a tenth of a millisecond each. */
export type Weight = number;

/** Whether this process runs only the command line. In any other program, the listeners belong to that program and stay. */
let isCommandLine = false;

/** Lets `blocking` take listeners away. The command line calls it once; a program that uses the library never does. */
export function blockAsCommandLine(): void {
  isCommandLine = true;
}

interface Counted {
  relocations: readonly unknown[];
  programs: readonly unknown[];
}

/** The amount of work for objects or cells. */
export function weightOf(all: readonly Counted[]): Weight {
  return all.reduce((sum, { relocations, programs }) => sum + relocations.length + programs.length, 0);
}

/** Lets listeners answer the signals that have arrived. One turn may have begun after the event loop looked for signals. */
async function answerSignals(): Promise<void> {
  await setImmediate();
  await setImmediate();
}

/** Gives signals their default action. Returns what gives them back to their listeners. */
function defaultSignals(): () => void {
  const taken = ENDING_SIGNALS.map((name) => ({ name, listeners: process.listeners(name) }));
  for (const { name, listeners } of taken) for (const each of listeners) process.off(name, each);
  return () => {
    for (const { name, listeners } of taken) for (const each of listeners) process.on(name, each);
  };
}

/**
 * Runs work whose steps may be long. On the command line, a signal during long work ends the process at once.
 * @param signal if given, the work does not begin after it aborted, and its reason is thrown; without it, a signal that arrived just
 * before the work ends the process, too
 */
export async function blocking<Result>(weight: Weight, work: () => Result | Promise<Result>, signal?: AbortSignal): Promise<Result> {
  if (weight <= LONG) return work();
  if (!isCommandLine) {
    signal?.throwIfAborted();
    return work();
  }
  let arrived: NodeJS.Signals | null = null;
  const note = (name: NodeJS.Signals) => {
    arrived = name;
  };
  for (const name of ENDING_SIGNALS) process.on(name, note);
  await answerSignals();
  for (const name of ENDING_SIGNALS) process.off(name, note);
  signal?.throwIfAborted();
  const giveBack = defaultSignals();
  try {
    if (!signal && arrived !== null) process.kill(process.pid, arrived);
    return await work();
  } finally {
    giveBack();
  }
}
