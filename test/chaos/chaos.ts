// Runs real guests through seeded schedules of faults and compares each run with an undisturbed one.
// usage: npm run chaos -- [--seed N] [--runs N] [--cells M] [--keep]
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { UserError } from '../../harness/base/errors.ts';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';
import { exitCodeOf, reportError } from '../../harness/cli/exit.ts';
import { checkRun } from './check.ts';
import { endChaos, MOST_CELLS, prepareChaos, runSchedule } from './drive.ts';
import { describeSchedule, scheduleOf } from './schedule.ts';

const say = (text: string) => process.stdout.write(`${text}\n`);

function numberOf(option: string, text: string, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new UserError(`--${option} is '${text}'; expected a whole number from 1 to ${most}`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      runs: { type: 'string', default: '1' },
      cells: { type: 'string', default: '4' },
      keep: { type: 'boolean', default: false },
    },
  });
  const first = numberOf('seed', values.seed, 2 ** 31);
  const runs = numberOf('runs', values.runs, 100_000);
  const cells = numberOf('cells', values.cells, MOST_CELLS);
  const chaos = await prepareChaos(cells, join(PACKAGE_ROOT, 'dist/harness/cli/main.js'));
  const failed: number[] = [];
  let faults = 0;
  for (let seed = first; seed < first + runs; seed++) {
    const schedule = scheduleOf(seed, cells);
    const started = performance.now();
    const observed = await runSchedule(chaos, schedule);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const found = checkRun(chaos.undisturbed, observed);
    faults += observed.events.filter(({ fault }) => fault !== undefined).length;
    say(`${found.length === 0 ? 'as expected' : 'DIFFERS    '}  ${seconds.padStart(6)} s  ${describeSchedule(schedule)}`);
    for (const line of found) say(`    ${line}`);
    if (found.length > 0) failed.push(seed);
  }
  say(`${runs} runs with ${faults} faults: ${failed.length} differ from the undisturbed run`);
  for (const seed of failed) say(`to repeat: npm run chaos -- --seed ${seed} --cells ${cells} --keep`);
  if (values.keep) say(`kept: ${chaos.folder}`);
  else await endChaos(chaos);
  process.exitCode = failed.length > 0 ? 1 : 0;
}

try {
  await main();
} catch (error) {
  reportError(error);
  process.exitCode = exitCodeOf(error);
}
