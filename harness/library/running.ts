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
export function asPublicError(error: unknown): unknown {
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
interface EventQueue {
  add: Emit;
  /** No more events follow. */
  end: () => void;
  read: () => AsyncGenerator<RunEvent, void>;
}

function eventQueue(): EventQueue {
  let waiting: RunEvent[] = [];
  let state: 'open' | 'ended' | 'left' = 'open';
  let wake = () => {};
  async function* read(): AsyncGenerator<RunEvent, void> {
    try {
      while (waiting.length > 0 || state === 'open') {
        const ready = waiting;
        waiting = [];
        yield* ready;
        if (waiting.length === 0 && state === 'open') await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      state = 'left';
      waiting = [];
    }
  }
  return {
    add: (event) => {
      if (state === 'open') waiting.push(event);
      wake();
    },
    end: () => {
      if (state === 'open') state = 'ended';
      wake();
    },
    read,
  };
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
  const queue = eventQueue();
  const onAbort = () => queue.add({ kind: 'interrupted' });
  const finished = withPublicErrors(async () => {
    signal.throwIfAborted();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await work(queue.add, signal);
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
