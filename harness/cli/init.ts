// `corematrix init`: writes a corematrix.yaml for existing objects.
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { Command } from 'commander';
import { plural } from '../base/text.ts';
import { CONFIG_FILE } from '../plan/config/load.ts';
import { settingsToFill, starterConfig } from '../plan/config/starter.ts';
import { UserError } from '../base/errors.ts';
import { checkOutputFile, type OutputFile, writeOutputFile } from '../base/output-file.ts';
import { plainSources, readInputs } from '../plan/inputs/inputs.ts';
import { PACKAGE_ROOT } from '../base/package-root.ts';
import { addHelp } from './help.ts';
import { writeLine } from './lines.ts';
import { CONFIG_NAME } from '../library/load-config.ts';

interface InitOptions {
  config: string;
  force?: boolean;
}

/** The path of the schema for an editor; known only if corematrix is installed below the folder, as npm does. */
function schemaPath(directory: string): string | null {
  const path = relative(directory, join(PACKAGE_ROOT, 'harness/plan/config/config.schema.json'));
  return path.startsWith('..') || !path.includes('node_modules') ? null : `./${path.split(sep).join('/')}`;
}

async function init(objects: string[], options: InitOptions): Promise<void> {
  const target = resolve(options.config);
  const output: OutputFile = { path: options.config, ...CONFIG_FILE, isOurs: null, force: options.force === true };
  await checkOutputFile(output);
  const patterns = objects.length > 0 ? objects : ['**/*.bpf.o'];
  const inputs = await readInputs(plainSources(patterns, process.cwd()));
  const used = objects.length > 0 ? inputs.objects : inputs.objects.filter(({ file }) => !file.split(sep).includes('node_modules'));
  if (used.length === 0 && objects.length > 0) throw new UserError(`no object can be used: ${inputs.problems.join('; ')}`);
  if (used.length === 0) throw new UserError('no *.bpf.o in this folder or below it; name the objects: corematrix init build/*.o');
  for (const problem of inputs.problems) writeLine(process.stderr, `note: skipped: ${problem}`);
  const directory = dirname(target);
  const text = starterConfig(used, { directory, schema: schemaPath(directory), areNamed: objects.length > 0 });
  await writeOutputFile(output, text);
  for (const setting of settingsToFill(used)) writeLine(process.stderr, `fill in: ${setting}`);
  writeLine(
    process.stderr,
    `${options.config}: ${plural(used.length, 'object')}; "corematrix plan" shows what it runs, "corematrix run" runs it`,
  );
}

/** Adds `init` to the command line. */
export function addInitCommand(program: Command): void {
  const command = program
    .command('init')
    .summary('write a corematrix.yaml for the objects in this folder')
    .description(
      'Writes a commented configuration for the named objects, or for those in this folder and below. Replaces a file only with --force.',
    )
    .argument('[object...]', 'BPF objects or patterns (default: every *.bpf.o in this folder and below)')
    .option('-c, --config <file>', 'configuration file to write', CONFIG_NAME)
    .option('--force', 'replace an existing configuration')
    .action(init);
  addHelp(command, {
    exit: { asExpected: 'written' },
    examples: ['corematrix init', 'corematrix init build/*.bpf.o -c nightly.yaml'],
  });
}
