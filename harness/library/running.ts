// Work that reports its progress as events and ends with a result.
import { InfraError, toInfraError, UserError } from '../base/errors.ts';
import { machineTrouble } from '../base/machine-trouble.ts';
import type { Emit, RunEvent } from '../run/events.ts';

/**
 * Work that goes on. It starts at once, whether or not its events are read.
 *
 * Each event is delivered once, in order. The loop over the events ends when the work does, and throws the error of the work. To leave the
 * loop early does not stop the work; abort its signal for that.
 */
export interface Running<Result> extends AsyncIterable<RunEvent> {
  /** Resolves with the result, or rejects with the error of the work. */
  readonly finished: Promise<Result>;
}

/** Trouble of this machine, such as a full disk, becomes an InfraError that says what to do. Other errors stay as they are. */
function asPublicError(error: unknown): unknown {
  if (error instanceof UserError || error instanceof InfraError) return error;
  return machineTrouble(error) === null ? error : toInfraError(error);
}

/** Waits for work and passes its error on as `asPublicError` gives it. */
export async function withPublicErrors<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw asPublicError(error);
  }
}

/** Events in order, for one reader. */
class EventQueue {
  #waiting: RunEvent[] = [];
  #isOpen = true;
  #wake = () => {};

  add(event: RunEvent): void {
    if (this.#isOpen) this.#waiting.push(event);
    this.#wake();
  }

  /** No more events follow. */
  end(): void {
    this.#isOpen = false;
    this.#wake();
  }

  async *read(): AsyncGenerator<RunEvent, void> {
    try {
      for (;;) {
        const ready = this.#waiting.splice(0);
        yield* ready;
        if (this.#waiting.length > 0) continue;
        if (!this.#isOpen) return;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      // The reader has left: later events have no use.
      this.#isOpen = false;
      this.#waiting = [];
    }
  }
}

/**
 * Starts work.
 * @param work gets a function that reports events, and the signal
 * @param signal its abort is reported as the event `interrupted`
 */
export function startWork<Result>(
  work: (emit: Emit, signal: AbortSignal) => Promise<Result>,
  signal: AbortSignal = new AbortController().signal,
): Running<Result> {
  const queue = new EventQueue();
  const emit: Emit = (event) => queue.add(event);
  const onAbort = () => emit({ kind: 'interrupted' });
  const finished = withPublicErrors(async () => {
    signal.throwIfAborted();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await work(emit, signal);
    } finally {
      signal.removeEventListener('abort', onAbort);
      queue.end();
    }
  });
  // A program may only read the events; then the loop throws the error.
  finished.catch(() => queue.end());
  async function* events(): AsyncGenerator<RunEvent, void> {
    yield* queue.read();
    await finished;
  }
  const reader = events();
  return { finished, [Symbol.asyncIterator]: () => reader };
}
