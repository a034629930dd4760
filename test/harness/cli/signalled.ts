// Starts commands in a folder of their own, waits for what they do, and ends them by a signal.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterEach, beforeEach } from 'vitest';
import { MAIN } from './command.ts';

/** Two seconds are the promise. A machine that runs other tests as well needs longer. */
export const SOON_MS = 6000;

/** The folder of the running test. */
export let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signals-'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

/** Starts corematrix in the folder of the test; `detached` gives it a process group of its own. */
export function start(args: readonly string[], env: Record<string, string> = {}, detached = false) {
  const options = { cwd: folder, env: { GITHUB_ACTIONS: '', TMPDIR: folder, ...env }, reject: false, stdin: 'ignore', all: true } as const;
  return execa(process.execPath, [MAIN, ...args], { ...options, detached });
}

/** Command lines of processes that name the folder of this test. */
export async function processes(): Promise<string[]> {
  const { stdout } = await execa('ps', ['-eo', 'args']);
  return stdout.split('\n').filter((line) => line.includes(folder) && !line.startsWith('ps '));
}

/** Waits until something is so. It throws when the limit has passed. */
export async function until(found: () => Promise<boolean>, limitMs = 60_000): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await found())) {
    if (performance.now() > deadline) throw new Error(`the event that the test waits for did not happen within ${limitMs / 1000} s`);
    await sleep(20);
  }
}

/** Waits until a run has printed a text. The time limit of the test ends the wait. */
export async function untilSaid(run: ReturnType<typeof start>, text: RegExp): Promise<void> {
  let seen = '';
  await new Promise<void>((found, ended) => {
    run.all.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
      if (text.test(seen)) found();
    });
    run.all.once('end', () => ended(new Error(`the run ended without ${text}:\n${seen}`)));
  });
}

/** Whether a guest of this test runs. */
export const guestRuns = async () => (await processes()).some((line) => line.startsWith('qemu-system'));

/** Sends a signal and waits for the end: how the process ended, and whether it was soon. */
export async function endBy(run: ReturnType<typeof start>, signal: NodeJS.Signals) {
  const sent = performance.now();
  run.kill(signal);
  const { exitCode, signal: killedBy } = await run;
  return { ended: exitCode ?? killedBy, soon: performance.now() - sent < SOON_MS, left: await processes() };
}
