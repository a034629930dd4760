// `corematrix expectations update`: what corematrix.yaml would have to say for results to be as expected.
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { writeFileAtomic } from '../base/files.ts';
import { lineDiff } from '../base/diff.ts';
import { visibleText } from '../base/visible.ts';
import { editExpectations } from '../plan/config/edit.ts';
import { parseConfig } from '../plan/config/load.ts';
import { messageOf, UserError } from '../base/errors.ts';
import { expectationChanges } from '../plan/expectations/update-expectations.ts';
import { EXIT } from './exit.ts';
import { writeLine } from './lines.ts';
import { readMerged } from './results-files.ts';

interface UpdateOptions {
  config: string;
  write?: boolean;
}

async function update(paths: string[], options: UpdateOptions): Promise<void> {
  const text = await readFile(options.config, 'utf8').catch((error: unknown) => {
    throw new UserError(`${options.config}: cannot be read: ${messageOf(error)}`, { cause: error });
  });
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
    await writeFileAtomic(options.config, updated);
    writeLine(process.stderr, `${options.config}: updated`);
    return;
  }
  writeLine(process.stderr, `${options.config}: not changed; add --write to write this`);
  process.exitCode = EXIT.incompatible;
}

/** Adds `expectations` with its own command to the command line. */
export function addExpectationsCommand(program: Command): void {
  const expectations = program.command('expectations').description('What is known to fail: keep it true.');
  expectations
    .command('update')
    .summary('make expectations say what results say')
    .description(
      'Shows how the expectations of a configuration have to change for results to be as expected: what passes is no longer expected to fail, ' +
        'what fails is, with its class and the reason it gave. What is declared unsupported stays. Comments and order stay.',
    )
    .argument('<results...>', 'results.json files, or the folders they lie in')
    .option('-c, --config <file>', 'configuration file', 'corematrix.yaml')
    .option('--write', 'write the file instead of only showing the difference')
    .addHelpText('after', '\nExit codes: 0 nothing to change, or written; 1 something to change; 2 usage, or a file that cannot be read.')
    .action(update);
}
