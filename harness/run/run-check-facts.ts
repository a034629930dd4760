// Reads the facts of a run check from the frames of a guest's response.
import type { Frame } from '../guest/protocol/frames.ts';
import type { RunCheckFacts } from '../verdict/evidence/evidence.ts';

/** No plan asks for more. */
const MAX_FACTS = 65_536;
const MAX_LINE = 2048;

/** The last line that a command printed. */
function lastLine(printed: readonly Buffer[]): string {
  const text = Buffer.concat(printed).subarray(-MAX_LINE).toString('utf8').trim();
  return text.slice(text.lastIndexOf('\n') + 1);
}

/** The facts of a run check; null if the frames have none. */
export function runCheckFacts(frames: readonly Frame[]): RunCheckFacts | null {
  const facts: RunCheckFacts = { triggered: new Map(), commands: new Map(), events: new Map(), values: new Map(), runs: new Map() };
  let count = 0;
  let printed: Buffer[] = [];
  for (const frame of frames) {
    if (count === MAX_FACTS) break;
    if (frame.type === 'output') printed.push(frame.bytes);
    count += 1;
    if (frame.type === 'triggered') facts.triggered.set(frame.index, { errno: frame.errno, returned: frame.returned });
    else if (frame.type === 'trigger-end') {
      facts.commands.set(frame.index, { end: frame.end, value: frame.value, said: lastLine(printed) });
      printed = [];
    } else if (frame.type === 'events') facts.events.set(frame.index, { errno: frame.errno, count: frame.count });
    else if (frame.type === 'map-value') facts.values.set(frame.index, { errno: frame.errno, value: frame.value });
    else if (frame.type === 'runs') facts.runs.set(frame.program, frame.count);
    else count -= 1;
  }
  return count === 0 ? null : facts;
}
