// Gives memory back while large texts pass through. V8 lets them wait until its heap is near a limit of gigabytes.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes of large texts after which garbage is collected. */
const BETWEEN = 64 << 20;

let passed = 0;
let collect: unknown = null;

/** Counts bytes that passed through memory, and collects garbage when they are many. */
export function countPassed(bytes: number): void {
  passed += bytes;
  if (passed < BETWEEN) return;
  passed = 0;
  if (collect === null) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc');
  }
  if (typeof collect === 'function') collect();
}
