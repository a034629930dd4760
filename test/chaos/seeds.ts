// Runs the schedules of seeds, compares each with the undisturbed run, and writes a line for each.
import { rm } from 'node:fs/promises';
import pLimit from 'p-limit';
import { checkRun } from './check.ts';
import { disksRefused } from './disks.ts';
import { type Chaos, runSchedule } from './drive.ts';
import { type FaultName, filledDisk } from './faults.ts';
import { describeSchedule, repeatCommand, type Schedule, scheduleOf } from './schedule.ts';

export interface SeedsOptions {
  /** Whether the files of every run stay. Otherwise only those of a run that differs stay. */
  keep: boolean;
  /** Number of runs at a time. @default 1 */
  atOnce?: number;
  say: (line: string) => void;
}

/** Whether a schedule has a fault that fills a disk. */
export function needsDisks({ faults }: Schedule): boolean {
  return faults.some(({ fault }) => filledDisk(fault) !== null);
}

function struckText(struck: ReadonlyMap<FaultName, number>): string {
  const counted = [...struck].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return counted.map(([fault, count]) => `${fault} ${count}`).join(', ');
}

/** Runs the schedules of these seeds. Returns the seeds whose runs differ from the undisturbed run. */
export async function runSeeds(chaos: Chaos, seeds: readonly number[], { keep, atOnce = 1, say }: SeedsOptions): Promise<number[]> {
  const refused = await disksRefused();
  const struck = new Map<FaultName, number>();
  const failed: number[] = [];
  let skipped = 0;
  const runSeed = async (seed: number) => {
    const schedule = scheduleOf(seed, chaos.cells);
    if (refused !== null && needsDisks(schedule)) {
      say(`SKIPPED               ${describeSchedule(schedule)}: ${refused}`);
      skipped += 1;
      return;
    }
    const started = performance.now();
    const observed = await runSchedule(chaos, schedule);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const found = checkRun(chaos.undisturbed, observed);
    for (const { fault } of observed.events) if (fault !== undefined) struck.set(fault, (struck.get(fault) ?? 0) + 1);
    say(`${found.length === 0 ? 'as expected' : 'DIFFERS    '}  ${seconds.padStart(6)} s  ${describeSchedule(schedule)}`);
    for (const line of found) say(`    ${line}`);
    if (found.length > 0) failed.push(seed);
    else if (!keep) await rm(observed.folder, { recursive: true, force: true });
  };
  const limit = pLimit(atOnce);
  await Promise.all(seeds.map(async (seed) => limit(async () => runSeed(seed))));
  const total = [...struck.values()].reduce((sum, count) => sum + count, 0);
  say(`${seeds.length - skipped} runs with ${total} faults (${struckText(struck)}): ${failed.length} differ from the undisturbed run`);
  if (skipped > 0) say(`${skipped} runs SKIPPED: ${refused}`);
  for (const seed of failed) say(`to repeat: ${repeatCommand(seed, chaos.cells)}`);
  return failed;
}
