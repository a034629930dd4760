// `corematrix expectations update`: updates the expectations in corematrix.yaml to match results.
import { basename, dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { writeOutputFile } from '../base/output-file.ts';
import { lineDiff } from '../base/diff.ts';
import { visibleText } from '../base/visible.ts';
import { editExpectations } from '../plan/config/edit.ts';
import { CONFIG_FILE, parseConfig } from '../plan/config/load.ts';
import type { Config } from '../plan/config/schema.ts';
import { expand } from '../plan/inputs/expand.ts';
import type { ObjectResult } from '../results/schema.ts';
import { readUserFile } from '../base/user-file.ts';
import { expectationChanges } from '../plan/expectations/update-expectations.ts';
import { EXIT } from './exit-codes.ts';
import { addHelp } from './help.ts';
import { writeLine } from './lines.ts';
import { readMerged } from './results-files.ts';

interface UpdateOptions {
  config: string;
  write?: boolean;
}

/**
 * Tells whether a configuration has an object, by the name of its file, as expectations name it. A configuration without objects, or with a
 * pattern that matches no file here, may have any.
 */
async function configuredObjects(
  objects: NonNullable<Config['objects']>,
  directory: string,
): Promise<(object: Pick<ObjectResult, 'path'>) => boolean> {
  const found = await Promise.all(objects.map(async (each) => expand(typeof each === 'string' ? each : each.path, directory)));
  if (found.length === 0 || found.some((files) => files.length === 0)) return () => true;
  const names = new Set(found.flat().map((file) => basename(file)));
  return ({ path }) => names.has(basename(path));
}

async function update(paths: string[], options: UpdateOptions): Promise<void> {
  const text = (await readUserFile(options.config, CONFIG_FILE)).toString();
  const { expectations = [], objects = [] } = parseConfig(text, options.config);
  const results = await readMerged(paths);
  const isConfigured = await configuredObjects(objects, dirname(resolve(options.config)));
  const others = results.objects.filter((object) => !isConfigured(object)).map(({ path }) => basename(path));
  for (const name of new Set(others))
    writeLine(process.stderr, `note: ${name} is not among the objects of ${options.config}, so no expectation is added for it`);
  const updated = editExpectations(text, expectationChanges(expectations, results, { today: new Date(), isConfigured }));
  parseConfig(updated, `${options.config} as it would be written`);
  if (updated === text) {
    writeLine(process.stderr, `${options.config}: every verdict is as expected`);
    return;
  }
  process.stdout.write(visibleText(lineDiff(text, updated).replace('\uFEFF', '')));
  if (options.write === true) {
    // It was read as a configuration above.
    await writeOutputFile({ path: options.config, ...CONFIG_FILE, isOurs: () => true }, updated);
    writeLine(process.stderr, `${options.config}: updated`);
    return;
  }
  writeLine(process.stderr, `${options.config}: not changed; add --write to write this`);
  process.exitCode = EXIT.incompatible;
}

/** Adds `expectations` with its own command to the command line. */
export function addExpectationsCommand(program: Command): void {
  const expectations = program
    .command('expectations')
    .summary('keep the list of expected failures up to date')
    .description('Keeps the list of expected failures in a configuration up to date.');
  addHelp(expectations, { examples: ['corematrix expectations update corematrix-report/'] });
  const command = expectations
    .command('update')
    .summary('update the expectations to match the results of a run')
    .description(
      'Shows how the expectations of a configuration must change to match the results. An expectation of a failure is removed ' +
        'if the program passes; one is added, with class and reason, if it fails. Expectations with status unsupported, comments and order stay unchanged. ' +
        'No expectation is added for an object that the configuration does not list.',
    )
    .argument('<results...>', 'results.json files or report folders')
    .option('-c, --config <file>', 'configuration file', 'corematrix.yaml')
    .option('--write', 'write the file instead of only showing the difference')
    .action(update);
  addHelp(command, {
    exit: { asExpected: 'nothing to change, or written', incompatible: 'something to change' },
    examples: ['corematrix expectations update corematrix-report/', 'corematrix expectations update shard-*/ -c nightly.yaml --write'],
  });
}
