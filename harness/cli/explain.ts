// `corematrix explain`: root causes of failures and what to write instead, from objects and BTF or from results.
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { cacheRoot } from '../base/files.ts';
import { explanationText } from '../../reports/terminal/explanation.ts';
import { escapedJson } from '../../reports/json.ts';
import { loaderNotes } from '../plan/inputs/loader-notes.ts';
import { fixedOffsetNotes } from '../predict/fixed-offsets.ts';
import { UserError } from '../base/errors.ts';
import { findKernels } from '../kernel-btf/kernels.ts';
import type { Results } from '../results/schema.ts';
import { explain } from '../explain/explain.ts';
import type { Explanation } from '../results/explanation.ts';
import { seenFailures } from '../explain/failures.ts';
import { openKernels } from '../explain/kernel-cache.ts';
import { explainRun, keptExplanation } from '../explain/of-results.ts';
import { failuresByPrediction, objectsOfResults } from '../explain/sources.ts';
import { EXIT } from './exit-codes.ts';
import { addHelp } from './help.ts';
import { writeLine } from './lines.ts';
import { checkedLoader } from './loader-option.ts';
import { repeated } from './options.ts';
import { type ConfigOptions, readConfigured, settingsOption } from './read-plan.ts';
import { readResultsAt } from './results-files.ts';
import { untrustedOption } from './untrusted.ts';

interface ExplainOptions extends ConfigOptions {
  kernel?: string[];
  loader?: string;
  json?: boolean;
}

interface Explained {
  explanation: Explanation;
  problems: string[];
}

async function areResults(path: string): Promise<boolean> {
  if (path.endsWith('.json')) return true;
  const facts = await stat(path).catch(() => null);
  return facts?.isDirectory() === true;
}

async function explainObjects(patterns: readonly string[], { kernel = [], loader, ...config }: ExplainOptions): Promise<Explained> {
  const inputs = await readConfigured(patterns, config, { bigEndian: true, loaders: loader === undefined ? undefined : [loader] });
  const found = await findKernels(kernel, cacheRoot());
  const problems = [...inputs.problems, ...found.problems];
  for (const problem of problems) writeLine(process.stderr, `error: ${problem}`);
  if (inputs.objects.length === 0) throw new UserError('no object can be used');
  if (found.kernels.length === 0) throw new UserError('no kernel can be used');
  for (const note of [...loaderNotes(inputs.objects), ...fixedOffsetNotes(inputs.objects)]) writeLine(process.stderr, `note: ${note}`);
  const cache = openKernels(found.kernels, (problem) => {
    problems.push(problem);
    writeLine(process.stderr, `error: ${problem}`);
  });
  const { failures, recordsOf } = await failuresByPrediction(inputs.objects, cache);
  const explanation = await explain(failures, inputs.objects, cache, recordsOf);
  return { explanation, problems };
}

/** The cells that an argument names: the id or series of a kernel, the id of an object, or both as KERNEL/OBJECT. */
function wantedCells({ kernels, objects }: Results, cell: string | undefined): (kernel: string, object: string) => boolean {
  if (cell === undefined) return () => true;
  const at = cell.indexOf('/');
  const words = at < 0 ? [cell] : [cell.slice(0, at), cell.slice(at + 1)];
  const isKernel = (word: string) => kernels.filter(({ id, series, release }) => [id, series, release].includes(word)).map(({ id }) => id);
  const isObject = (word: string) => objects.filter(({ id, path }) => [id, basename(path)].includes(word)).map(({ id }) => id);
  const wanted = words.map((word) => ({ kernels: isKernel(word), objects: isObject(word) }));
  const unknown = words.find((_, index) => wanted[index]?.kernels.length === 0 && wanted[index].objects.length === 0);
  if (unknown !== undefined) {
    const known = `kernels ${kernels.map(({ series }) => series).join(', ')}; objects ${objects.map(({ id }) => id).join(', ')}`;
    throw new UserError(`no kernel or object '${unknown}' in these results; there are ${known}`);
  }
  return (kernel, object) => wanted.every((word) => word.kernels.includes(kernel) || word.objects.includes(object));
}

async function explainResults(path: string, cell: string | undefined): Promise<Explained> {
  const { results } = await readResultsAt(path);
  const wanted = wantedCells(results, cell);
  const problems: string[] = [];
  const tell = (problem: string) => {
    problems.push(problem);
    writeLine(process.stderr, `error: ${problem}`);
  };
  const objects = await objectsOfResults(results);
  for (const note of fixedOffsetNotes(objects)) writeLine(process.stderr, `note: ${note}`);
  const all = keptExplanation(results) ?? (await explainRun(results, objects, cacheRoot(), tell));
  const met = new Set(seenFailures(results, wanted).map(({ kernel, object, program }) => JSON.stringify([kernel, object, program])));
  // A cause is shown with all cells that have it.
  const causes = all.causes.filter(({ places }) =>
    places.some(({ object, program, fails, behind }) =>
      [...fails, ...behind].some((kernel) => met.has(JSON.stringify([kernel, object, program]))),
    ),
  );
  const silent = all.semanticChanges.filter(({ object, kernels }) => kernels.some((kernel) => wanted(kernel, object)));
  const guarded = all.guarded.filter(({ object, kernels }) => kernels.some((kernel) => wanted(kernel, object)));
  return { explanation: { ...all, causes, semanticChanges: silent, guarded }, problems };
}

async function run(inputs: string[], options: ExplainOptions): Promise<void> {
  const [first = '', cell, ...more] = inputs;
  const fromResults = await areResults(first);
  if (fromResults && options.kernel) throw new UserError('-k chooses kernels for objects; results have their own: name a cell instead');
  if (fromResults && options.loader !== undefined)
    throw new UserError('--loader is for objects; results have their own loaders: name an object of another loader instead');
  if (fromResults && options.config !== undefined) throw new UserError('-c is for settings of objects; results were made with their own');
  if (fromResults && more.length > 0) throw new UserError('results are explained one file at a time: corematrix explain RESULTS [CELL]');
  const { explanation, problems } = fromResults ? await explainResults(first, cell) : await explainObjects(inputs, options);
  if (options.json === true) process.stdout.write(escapedJson(`${JSON.stringify(explanation)}\n`));
  else process.stdout.write(explanationText(explanation, { colour: process.stdout.isTTY }));
  if (explanation.causes.some(({ certainty }) => certainty !== 'possible')) process.exitCode = EXIT.incompatible;
  else process.exitCode = problems.length > 0 ? EXIT.usage : EXIT.asExpected;
}

/** Adds `explain` to the command line. */
export function addExplainCommand(program: Command): void {
  const command = program
    .command('explain')
    .summary('show why programs fail, what kernels have instead, and what to write')
    .description(
      'Shows the root causes of failures, each once for all programs and kernels: the source line, what kernels have instead, the first and ' +
        'the last kernel that has it, and C code that works on all of them. Uses an object and BTF alone, or the results of a run.',
    )
    .argument('<input...>', 'BPF objects or patterns; or results.json or a report folder, and then a kernel, an object, or KERNEL/OBJECT')
    .option(
      '-k, --kernel <selector>',
      'where BTF comes from, as for "predict", repeatable (default: the newest kernel of every series in the cache)',
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
  addHelp(command, {
    exit: { asExpected: 'no program failed or is certain to fail', incompatible: 'a program failed or is certain to fail' },
    examples: [
      'corematrix explain prog.bpf.o',
      'corematrix explain build/*.bpf.o -k debian:5.10 -k debian:6.12',
      'corematrix explain corematrix-report/ 6.12/tracer',
    ],
  });
}
