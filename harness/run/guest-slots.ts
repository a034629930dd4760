// Slots that limit the number of guests at a time. The most urgent task gets the next free slot; equal ones get it in their order.

/** Runs a task when a slot is free, and settles as the task does. */
export type GuestSlots = <Result>(urgency: number, task: () => Promise<Result>) => Promise<Result>;

interface Waiting {
  urgency: number;
  start: () => void;
}

/** @param count maximum number of tasks at the same time, at least 1 */
export function guestSlots(count: number): GuestSlots {
  // The most urgent is first.
  const waiting: Waiting[] = [];
  let running = 0;
  const next = () => {
    while (running < count) {
      const first = waiting.shift();
      if (!first) return;
      running += 1;
      first.start();
    }
  };
  return async (urgency, task) => {
    await new Promise<void>((start) => {
      const behind = waiting.findIndex((other) => other.urgency < urgency);
      waiting.splice(behind < 0 ? waiting.length : behind, 0, { urgency, start });
      next();
    });
    try {
      return await task();
    } finally {
      running -= 1;
      next();
    }
  };
}
