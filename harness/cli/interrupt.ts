// Ctrl-C: the first stops the queue, ends guests and lets a partial report be written; the second exits at once.
import { ENDING_SIGNALS } from '../base/blocking.ts';
import { EXIT } from './exit-codes.ts';

/** npm and a terminal both deliver one Ctrl-C to the process group: a second signal within this time, in milliseconds, is the same key press. */
const SAME_KEY_MS = 500;

/** Work without a report has this time to clear up after an interrupt, in milliseconds. */
const CLEAR_UP_MS = 1500;

/** Work ended because of an interrupt and left nothing to report. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';

  constructor(options?: ErrorOptions) {
    super('interrupted', options);
  }
}

interface Interruptible<T> {
  onInterrupt: () => void;
  /** Its signal aborts on the first SIGINT, SIGTERM or SIGHUP. */
  work: (signal: AbortSignal) => Promise<T>;
  /** Saves the result, also after an interrupt: it writes the report. It has no time limit after Ctrl-C. Null without an interrupt. */
  save?: (result: T, endedBy: NodeJS.Signals | null) => Promise<void>;
}

/**
 * Runs work that can be interrupted; a second SIGINT ends the process. Without a report to save, an interrupt ends the process soon.
 * @throws InterruptedError if the work rejects after an interrupt; any other error of `work`, and every error of `save`
 */
export async function interruptible<T>({ onInterrupt, work, save }: Interruptible<T>): Promise<T> {
  const controller = new AbortController();
  let first = 0;
  let endedBy: NodeJS.Signals | null = null;
  const exit = () => process.exit(EXIT.interrupted);
  const interrupt = (name: NodeJS.Signals) => {
    if (first === 0) {
      endedBy = name;
      first = performance.now();
      onInterrupt();
      controller.abort();
      if (!save) setTimeout(exit, CLEAR_UP_MS).unref();
      return;
    }
    if (performance.now() - first > SAME_KEY_MS) exit();
  };
  for (const name of ENDING_SIGNALS) process.on(name, interrupt);
  try {
    const result = await work(controller.signal).catch((error: unknown): never => {
      throw controller.signal.aborted ? new InterruptedError({ cause: error }) : error;
    });
    await save?.(result, endedBy);
    return result;
  } finally {
    // After the first interrupt, the next Ctrl-C keeps its meaning until the process ends.
    if (first === 0) for (const name of ENDING_SIGNALS) process.off(name, interrupt);
  }
}

/** Runs `work` with a signal that the first Ctrl-C aborts. */
export async function untilInterrupted(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  await interruptible({ onInterrupt: () => process.stderr.write('interrupted\n'), work });
}
