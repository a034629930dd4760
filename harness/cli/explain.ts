// `corematrix explain`: root causes of failures and what to write instead, from objects and BTF or from results.
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { failureText } from '../../reports/terminal/failure.ts';
import { explanationText, noVerdictReason } from '../../reports/terminal/explanation.ts';
import { escapedJson } from '../../reports/json.ts';
import { UserError } from '../base/errors.ts';
import { FAILURE_CLASSES, type FailureClass, FAILURES } from '../base/failures.ts';
import { didYouMean } from '../base/similar.ts';
import { type CellWithoutVerdict, explainFailuresOf, type Explained } from '../library/explain.ts';
import { sourcesOf } from '../library/sources.ts';
import { EXIT } from './exit-codes.ts';
import { addHelp } from './help.ts';
import { writeLine } from './lines.ts';
import { checkedLoader } from './loader-option.ts';
import { repeated } from './options.ts';
import { pullFrom } from './pull-needed.ts';
import { type ConfigOptions, findConfig, settingsOption } from './read-plan.ts';
import { readResultsAt } from './results-files.ts';
import { isColoured } from './screen.ts';
import { addTrustOptions, namedSources, type TrustFlags } from './trust-options.ts';
import { untrustedOption } from './untrusted.ts';

interface ExplainOptions extends ConfigOptions, TrustFlags {
  kernel?: string[];
  loader?: string;
  json?: boolean;
}

async function areResults(path: string): Promise<boolean> {
  if (path.endsWith('.json')) return true;
  const facts = await stat(path).catch(() => null);
  return facts?.isDirectory() === true;
}

async function explainObjects(objects: readonly string[], options: ExplainOptions): Promise<Explained> {
  const { kernel: kernels, loader } = options;
  const config = await findConfig(options);
  return explainFailuresOf({ objects, kernels, pull: pullFrom(sourcesOf(namedSources(options), config)), loader, config });
}

const isClass = (input: string): input is FailureClass => FAILURE_CLASSES.some((failure) => failure === input);

/** Writes what failure classes mean. @throws UserError for an option or another input beside them */
function explainClasses(inputs: readonly string[], { json, kernel, loader, config }: ExplainOptions): void {
  const failures = inputs.filter(isClass);
  const other = inputs.find((input) => !isClass(input));
  if (other !== undefined) throw new UserError(`${other} is no failure class; explain failure classes in a call of their own`);
  if (kernel ?? loader ?? config)
    throw new UserError('-k, -c and --loader are for objects; a failure class means the same with all of them');
  if (json === true) writeLine(process.stdout, JSON.stringify(failures.map((name) => ({ class: name, ...FAILURES[name] }))));
  else process.stdout.write(failures.map(failureText).join('\n'));
}

/** What a word may mean that is neither a file nor a failure class: `core-field-missin`. */
async function checkNoMisspeltClass(inputs: readonly string[]): Promise<void> {
  for (const input of inputs) {
    const hint = /^[\w-]+$/.test(input) ? didYouMean(input, FAILURE_CLASSES) : '';
    const isThere = hint === '' || (await stat(input).catch(() => null)) !== null;
    if (!isThere) throw new UserError(`${input} is no file and no failure class${hint}`);
  }
}

const noVerdictText = (cell: CellWithoutVerdict) => `${cell.object} has no verdict on ${cell.kernel}: ${noVerdictReason(cell)}`;

async function run(inputs: string[], options: ExplainOptions): Promise<void> {
  const [first = '', cell, ...more] = inputs;
  if (inputs.some(isClass) && !(await areResults(first))) {
    explainClasses(inputs, options);
    return;
  }
  const fromResults = inputs.length > 0 && (await areResults(first));
  if (fromResults && options.kernel) throw new UserError('-k chooses kernels for objects; results have their own: name a cell instead');
  if (fromResults && options.loader !== undefined)
    throw new UserError('--loader is for objects; results have their own loaders: name an object of another loader instead');
  if (fromResults && options.config !== undefined) throw new UserError('-c is for settings of objects; results were made with their own');
  if (fromResults && more.length > 0) throw new UserError('results are explained one file at a time: corematrix explain RESULTS [CELL]');
  if (!fromResults) await checkNoMisspeltClass(inputs);
  const read = fromResults ? await readResultsAt(first) : null;
  const explained = read ? await explainFailuresOf({ results: read.results, cell }) : await explainObjects(inputs, options);
  const { explanation, noVerdict, problems, notes } = explained;
  for (const problem of problems) writeLine(process.stderr, `error: ${problem}`);
  for (const note of notes) writeLine(process.stderr, `note: ${note}`);
  if (options.json === true) for (const each of noVerdict) writeLine(process.stderr, `note: ${noVerdictText(each)}`);
  if (options.json === true) process.stdout.write(escapedJson(`${JSON.stringify(explanation)}\n`));
  else {
    const folder = read ? { folder: dirname(read.name) } : {};
    process.stdout.write(explanationText(explanation, { colour: isColoured(process.stdout), noVerdict, ...folder }));
  }
  process.exitCode = exitCodeOf(explained);
}

/** The exit code of a failure, even if other objects have problems or other cells have no verdict. */
function exitCodeOf({ explanation, noVerdict, problems }: Explained): number {
  if (explanation.causes.some(({ certainty }) => certainty !== 'possible')) return EXIT.incompatible;
  if (problems.length > 0) return EXIT.usage;
  return noVerdict.length > 0 ? EXIT.infrastructure : EXIT.asExpected;
}

/** Adds `explain` to the command line. */
export function addExplainCommand(program: Command): void {
  const command = program
    .command('explain')
    .summary('show why programs fail, what kernels have instead, and what to write')
    .description(
      'Shows the root causes of failures, each once for all programs and kernels: the source line, what kernels have instead, the first and ' +
        'the last kernel that has it, and C code that works on all of them. Uses an object and BTF alone, or the results of a run. For a ' +
        'failure class, it shows what the class means, how it is decided, and what to do.',
    )
    .argument(
      '[input...]',
      'BPF objects or patterns (default: those of the configuration); or results.json or a report folder, and then a kernel, an object, or KERNEL/OBJECT; or failure classes',
    )
    .option(
      '-k, --kernel <selector>',
      'where BTF comes from, as for "predict", repeatable (default: the kernels of the configuration, else the newest kernel of every series in the cache); what the cache lacks is pulled',
      repeated,
    )
    .addOption(settingsOption())
    .addOption(untrustedOption())
    .option(
      '--loader <name>',
      'loader of the objects that name none: libbpf@1.1, cilium@0.22, aya@0.14 (default: libbpf@default)',
      checkedLoader,
    )
    .option('--json', 'write everything to standard output as JSON')
    .action(run);
  addTrustOptions(command);
  addHelp(command, {
    exit: {
      usage: 'wrong usage or configuration, or an object or a kernel that cannot be used',
      asExpected: 'no program failed or is certain to fail',
      incompatible: 'a program failed or is certain to fail',
      infrastructure: 'no program failed, but cells of the results have no verdict',
    },
    examples: [
      'corematrix explain prog.bpf.o',
      'corematrix explain build/*.bpf.o -k debian:5.10 -k debian:6.12',
      'corematrix explain corematrix-report/ 6.12/tracer',
      'corematrix explain core-field-missing',
    ],
  });
}
