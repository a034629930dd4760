// `corematrix expectations update`: updates the expectations in corematrix.yaml to match results.
import type { Command } from 'commander';
import { writeOutputFile } from '../base/output-file.ts';
import { lineDiff } from '../base/diff.ts';
import { visibleText } from '../base/visible.ts';
import { editExpectations } from '../plan/config/edit.ts';
import { CONFIG_FILE, parseConfig } from '../plan/config/load.ts';
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

async function update(paths: string[], options: UpdateOptions): Promise<void> {
  const text = (await readUserFile(options.config, CONFIG_FILE)).toString();
  const { expectations = [] } = parseConfig(text, options.config);
  const changes = expectationChanges(expectations, await readMerged(paths), new Date());
  const updated = editExpectations(text, changes);
  parseConfig(updated, `${options.config} as it would be written`);
  if (updated === text) {
    writeLine(process.stderr, `${options.config}: every verdict is as expected`);
    return;
  }
  process.stdout.write(visibleText(lineDiff(text, updated)));
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
        'if the program passes; one is added, with class and reason, if it fails. Expectations with status unsupported, comments and order stay unchanged.',
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
