// Ctrl-C: the first stops the queue, ends guests and lets a partial report be written; the second exits at once.
import { EXIT } from './exit-codes.ts';

/** npm and a terminal both deliver one Ctrl-C to the process group: a second signal within this time, in milliseconds, is the same key press. */
const SAME_KEY_MS = 500;

/** Runs `work` with a signal that aborts on the first SIGINT, SIGTERM or SIGHUP; the second SIGINT ends the process. */
export async function interruptible<T>(onInterrupt: () => void, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let first = 0;
  const interrupt = () => {
    if (first === 0) {
      first = performance.now();
      onInterrupt();
      controller.abort();
      return;
    }
    if (performance.now() - first > SAME_KEY_MS) process.exit(EXIT.interrupted);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.on(name, interrupt);
  try {
    return await work(controller.signal);
  } finally {
    // After the first interrupt, the next Ctrl-C keeps its meaning until the process ends.
    if (first === 0) for (const name of signals) process.off(name, interrupt);
  }
}

/** Runs `work` with a signal that the first Ctrl-C aborts. */
export async function untilInterrupted(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  await interruptible(
    () => process.stderr.write('interrupted\n'),
    async (signal) => {
      try {
        await work(signal);
      } catch (error) {
        if (!signal.aborted) throw error;
        process.exitCode = EXIT.interrupted;
      }
    },
  );
}
