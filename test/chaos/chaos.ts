// Runs real guests through seeded schedules of faults and compares each run with an undisturbed one.
// usage: npm run chaos -- [--seed N] [--runs N] [--cells M] [--at-once N] [--keep]
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { UserError } from '../../harness/base/errors.ts';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';
import { exitCodeOf, reportError } from '../../harness/cli/exit.ts';
import { endChaos, MOST_CELLS, prepareChaos } from './drive.ts';
import { runSeeds } from './seeds.ts';

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
      'at-once': { type: 'string', default: '1' },
      keep: { type: 'boolean', default: false },
    },
  });
  const first = numberOf('seed', values.seed, 2 ** 31);
  const runs = numberOf('runs', values.runs, 100_000);
  const cells = numberOf('cells', values.cells, MOST_CELLS);
  const atOnce = numberOf('at-once', values['at-once'], 100);
  const chaos = await prepareChaos(cells, join(PACKAGE_ROOT, 'dist/harness/cli/main.js'));
  const seeds = Array.from({ length: runs }, (_, index) => first + index);
  const failed = await runSeeds(chaos, seeds, { keep: values.keep, atOnce, say });
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
