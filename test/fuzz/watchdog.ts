// Ends a process whose parser hangs. Another thread watches, because the hanging thread cannot report anything.
import { Worker } from 'node:worker_threads';

const HANG_MS = 30_000;

const WATCH = `
const { workerData } = require('node:worker_threads');
const { writeSync } = require('node:fs');
const { shared, names, hangMs } = workerData;
// Processor time, because the clock also runs while other work of the machine keeps this process waiting.
const used = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };
let seen = -1, since = used();
setInterval(() => {
  const [count, seed, name] = shared;
  if (count !== seen || name < 0) { seen = count; since = used(); return; }
  if (used() - since < hangMs) return;
  writeSync(2, 'fuzz: ' + names[name] + ' hangs; reproduce with: COREMATRIX_FUZZ_START=' + (seed >>> 0) + ' COREMATRIX_FUZZ_RUNS=1 npm run fuzz -- -t "' + names[name] + '"\\n');
  process.kill(process.pid, 'SIGKILL');
}, 500);
`;

export interface Watchdog {
  /** Must be called before every input. */
  input: (seed: number) => void;
  stop: () => Promise<unknown>;
}

/** Watches a parser until `stop`. An input that takes 30 s of processor time ends the process with one line that names the seed. */
export function watchOver(name: string): Watchdog {
  const shared = new Int32Array(new SharedArrayBuffer(12));
  const worker = new Worker(WATCH, { eval: true, workerData: { shared, names: [name], hangMs: HANG_MS } });
  worker.unref();
  return {
    input: (seed) => {
      shared[1] = seed | 0;
      shared[0] = ((shared[0] ?? 0) + 1) | 0;
    },
    stop: async () => worker.terminate(),
  };
}
