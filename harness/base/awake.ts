// A clock for time limits. It does not count time in which this process was stopped, the machine was suspended, or our own work kept
// this process from noticing anything: a limit that ended in such a time would blame the guest.

const TICK_MS = 500;
/** Timers of a busy process come late. A longer delay is lost time. */
const LATE_MS = 1000;

let lastTick: number | null = null;
let lastProcessor = 0;
let lost = 0;
let stopped = 0;

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Notes how much time was lost since the last tick. Whoever asks the clock first after a stop notes it. */
function tick(): void {
  const now = performance.now();
  const processor = processorMs();
  const gap = lastTick === null ? 0 : now - lastTick - TICK_MS;
  if (gap > LATE_MS) {
    lost += gap;
    // A process that was busy with its own work was not stopped, and its guests went on.
    if (processor - lastProcessor < gap / 2) stopped += gap;
  }
  lastTick = now;
  lastProcessor = processor;
}

function startTicking(): void {
  if (lastTick !== null) return;
  tick();
  setInterval(tick, TICK_MS).unref();
}

/** Milliseconds for measuring time limits. Lost time is left out. */
export function awakeNow(): number {
  startTicking();
  tick();
  return performance.now() - lost;
}

/** Milliseconds so far in which this process was stopped, probably together with its guests. */
export function stoppedMs(): number {
  startTicking();
  tick();
  return stopped;
}

/** Calls back after so many milliseconds without lost time. Any number is possible, unlike in setTimeout. Returns what cancels it. */
export function awakeTimer(ms: number, onEnd: () => void): () => void {
  const deadline = awakeNow() + ms;
  let timer = setTimeout(look, Math.min(ms, TICK_MS));
  function look(): void {
    const left = deadline - awakeNow();
    if (left <= 0) onEnd();
    else timer = setTimeout(look, Math.min(left, TICK_MS));
  }
  return () => clearTimeout(timer);
}
