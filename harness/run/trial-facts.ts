// From the frames of a guest's response to what was seen of a run.
import type { Frame } from '../guest/frames.ts';
import type { TrialFacts } from '../verdict/evidence.ts';

/** More than any plan asks for. */
const MAX_FACTS = 65_536;

/** The facts of a run; null where frames tell of none. */
export function trialFacts(frames: readonly Frame[]): TrialFacts | null {
  const facts: TrialFacts = { triggered: new Map(), events: new Map(), values: new Map(), runs: new Map() };
  let count = 0;
  for (const frame of frames) {
    if (count === MAX_FACTS) break;
    count += 1;
    if (frame.type === 'triggered') facts.triggered.set(frame.index, { errno: frame.errno, returned: frame.returned });
    else if (frame.type === 'events') facts.events.set(frame.index, { errno: frame.errno, count: frame.count });
    else if (frame.type === 'map-value') facts.values.set(frame.index, { errno: frame.errno, value: frame.value });
    else if (frame.type === 'runs') facts.runs.set(frame.program, frame.count);
    else count -= 1;
  }
  return count === 0 ? null : facts;
}
