// Guests take turns: as many at a time as the machine bears, the most urgent first, else in the order in which they were asked for.

/** Runs a task when its turn has come; settles as the task does. */
export type Turns = <Result>(urgency: number, task: () => Promise<Result>) => Promise<Result>;

interface Waiting {
  urgency: number;
  start: () => void;
}

/** @param atATime tasks that run side by side, at least one */
export function takeTurns(atATime: number): Turns {
  // The most urgent first.
  const waiting: Waiting[] = [];
  let running = 0;
  const next = () => {
    while (running < atATime) {
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
