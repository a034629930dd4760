// `corematrix run`: the matrix, from corematrix.yaml and from arguments.
import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { cacheRoot } from '../base/files.ts';
import { DEFAULT_FORMATS, FORMAT_NAMES, type FormatName } from '../base/format-names.ts';
import type { HtmlAssets } from '../../reports/model/render-options.ts';
import type { Config } from '../plan/config/schema.ts';
import { UserError } from '../base/errors.ts';
import type { Results } from '../results/schema.ts';
import type { RunEvent } from '../run/events.ts';
import { describeExpectation, sortByExpiry, unusedExpectations } from '../plan/expectations/expectations.ts';
import { openJournal } from '../run/journal.ts';
import type { Gate } from '../base/vocabulary.ts';
import { run } from '../run/run.ts';
import { checkGate, compareWith, gateOption } from './baseline.ts';
import { exitCodeOfResults } from './exit.ts';
import { withExplanation } from './open-explanation.ts';
import { htmlAssetsOption, repeatedFormat } from './format-option.ts';
import { checkHistory, historyOption, withHistory } from './history.ts';
import { ensureAgents } from './agents.ts';
import { interruptible } from './interrupt.ts';
import { writeLine } from './lines.ts';
import { showProgress } from './progress.ts';
import { addPlanOptions, type PlanOptions, readPlan } from './read-plan.ts';
import { showResults } from './show-results.ts';

interface RunOptions extends PlanOptions {
  jobs?: number;
  accel: 'auto' | 'kvm' | 'tcg';
  isolation?: 'snapshot' | 'boot';
  timeout?: number;
  bootTimeout?: number;
  resume?: boolean;
  predictFirst?: boolean;
  cache: boolean;
  gate?: Gate;
  failOnFlaky?: boolean;
  maxInfra?: number;
  history?: string;
  format?: FormatName[];
  htmlAssets: HtmlAssets;
  json?: boolean;
  verbose?: boolean;
}

function positive(value: string): number {
  const number = Number(value);
  if (!Number.isFinite(number) || number <= 0) throw new InvalidArgumentError('Expected a number above 0.');
  return number;
}

function wholePositive(value: string): number {
  if (!Number.isInteger(positive(value))) throw new InvalidArgumentError('Expected a whole number above 0.');
  return Number(value);
}

function wholeNumber(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError('Expected a whole number, 0 or more.');
  return Number(value);
}

/** That of the configuration, with what was typed in its place; undefined when neither says anything. */
function policyOf({ gate, failOnFlaky, maxInfra }: RunOptions, { policy }: Config): Results['run']['policy'] {
  const typed = { ...(gate && { gate }), ...(failOnFlaky === true && { failOnFlaky }), ...(maxInfra !== undefined && { maxInfra }) };
  const whole = { ...policy, ...typed };
  return Object.keys(whole).length === 0 ? undefined : whole;
}

async function runMatrix(objects: string[], options: RunOptions, command: string[]): Promise<void> {
  checkGate(options);
  const { config, directory, selectors, inputs, choose, kernelOptions } = await readPlan(objects, options);
  for (const problem of inputs.problems) writeLine(process.stderr, `error: ${problem}`);
  if (inputs.objects.length === 0) throw new UserError('no object can be used');

  const history = options.history ?? (config.history === undefined ? undefined : join(directory, config.history));
  await checkHistory(history);
  const expectations = sortByExpiry(config.expectations ?? [], new Date());
  for (const one of expectations.expired)
    writeLine(process.stderr, `note: the expectation for ${describeExpectation(one)} expired on ${one.expires ?? ''} and no longer holds`);

  const progress = showProgress(process.stderr, options.verbose === true);
  const emit = (event: RunEvent) => progress.onEvent(event);
  try {
    const agents = await ensureAgents(inputs.objects, config.mirrors, emit);
    const journal = await openJournal(join(options.out, 'unfinished.jsonl'), options.resume === true);
    // Until the report is written: an interrupt is no reason to lose it.
    await interruptible(
      () => emit({ kind: 'interrupted' }),
      async (signal) => {
        const ran = await run(
          {
            objects: inputs.objects,
            selectors,
            kernelOptions: { ...(await kernelOptions()), signal, onProgress: (event) => emit(event) },
            cache: cacheRoot(),
            ...agents,
            expectations: expectations.active,
            isolation: options.isolation ?? config.isolation ?? 'snapshot',
            accel: options.accel,
            jobs: options.jobs ?? config.jobs ?? null,
            timeoutMs: (options.timeout ?? config.timeout ?? 0) * 1000 || null,
            journal,
            verdicts: options.cache && config.cache !== false ? 'reuse' : 'renew',
            bootTimeoutMs: (options.bootTimeout ?? config.bootTimeout ?? 0) * 1000 || null,
            stallMs: null,
            command,
            predictFirst: options.predictFirst === true,
            policy: policyOf(options, config),
            shard: options.shard,
            choose,
          },
          emit,
          signal,
        );
        progress.end();
        const results = await withHistory(await withExplanation(ran, inputs.objects), history);
        const { comparison, gate } = await compareWith(options, results);
        const { htmlAssets } = options;
        const formats = options.format ?? config.formats;
        await showResults(results, options.out, { json: options.json === true, formats, htmlAssets, comparison });
        if (results.run.complete) await journal.remove();
        // A part of the matrix says nothing about the rest of it.
        const whole =
          objects.length === 0 &&
          options.kernel === undefined &&
          options.shard === undefined &&
          results.cells.every(({ status }) => status !== 'skip');
        for (const one of whole ? unusedExpectations(expectations.active, results) : [])
          writeLine(process.stderr, `note: the expectation for ${describeExpectation(one)} matches nothing in this run`);
        process.exitCode = exitCodeOfResults(results, inputs.problems.length, gate);
      },
    );
  } finally {
    progress.end();
  }
}

/** Adds `run` to the command line. */
export function addRunCommand(program: Command): void {
  addPlanOptions(program.command('run'))
    .summary('load objects on a matrix of real kernels and write the report folder')
    .description(
      'Boots every kernel of the matrix in QEMU, gives each object a pristine guest, loads it through libbpf and writes what happened.',
    )
    .option(
      '--format <name>',
      `a format for the report folder, repeatable: ${FORMAT_NAMES.join(', ')} (default: ${DEFAULT_FORMATS.join(', ')})`,
      repeatedFormat,
    )
    .option('-j, --jobs <n>', 'guests at a time (default: what processors and memory bear)', wholePositive)
    .addOption(
      new Option('--accel <name>', 'accelerator; auto uses KVM only after a guest has run under it')
        .choices(['auto', 'kvm', 'tcg'])
        .default('auto'),
    )
    .addOption(
      new Option('--isolation <how>', 'a private copy of a snapshot for every cell, or a boot for every cell').choices([
        'snapshot',
        'boot',
      ]),
    )
    .option('--timeout <seconds>', 'seconds a cell may take (default: 300, 60 under KVM)', positive)
    .option('--boot-timeout <seconds>', 'seconds a kernel may take to come up (default: 90, 30 under KVM)', positive)
    .addOption(gateOption())
    .addOption(historyOption())
    .option('--fail-on-flaky', 'fail (1) also where a cell took more than one attempt')
    .option('--max-infra <n>', 'so many cells may stay without a verdict before the exit code is 3 (default: 0)', wholeNumber)
    .addOption(htmlAssetsOption())
    .option('--resume', 'keep the cells that a run into the same folder had finished before it was killed')
    .option(
      '--no-cache',
      'run every cell, also where an earlier run has a verdict on the same object, kernel, settings and versions of everything',
    )
    .option('--predict-first', 'run what is predicted to fail before everything else; nothing is left out')
    .option('--json', 'write the results to standard output as JSON')
    .option('-v, --verbose', 'a line for every cell')
    .addHelpText(
      'after',
      `
Exit codes: 0 as expected, 1 compatibility failure, 2 usage or configuration, 3 infrastructure only, 130 interrupted.

Examples:
  corematrix run prog.bpf.o -k debian:all
  corematrix run build/*.bpf.o -k debian:5.10 -k debian:6.12 -o report
  corematrix run -c corematrix.yaml --jobs 4
  corematrix run --shard 2/3 --baseline last-night/ -o shard-2`,
    )
    .action(async (objects: string[], options: RunOptions) => runMatrix(objects, options, ['corematrix', ...process.argv.slice(2)]));
}
