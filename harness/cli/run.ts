// `corematrix run`: the matrix, from corematrix.yaml and from arguments.
import { access } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { cacheRoot } from '../../kernels/cache.ts';
import { readLock } from '../../kernels/lock.ts';
import { DEFAULT_FORMATS, FORMAT_NAMES, type FormatName } from '../../reports/format-names.ts';
import type { HtmlAssets } from '../../reports/options.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { UserError } from '../errors.ts';
import type { RunEvent } from '../run/events.ts';
import { describeExpectation, sortByExpiry, unusedExpectations } from '../plan/expectations.ts';
import { type Choose, chooseAll } from '../plan/choice.ts';
import { chooseSince, type Since } from '../plan/since.ts';
import { chooseShard, parseShard, type Shard } from '../plan/shard.ts';
import { readInputs } from '../run/inputs.ts';
import { openJournal } from '../run/journal.ts';
import { run } from '../run/run.ts';
import { ensureHelper } from '../setup/helper.ts';
import { baselineOption, checkGate, compareWith, type Gate, gateOption } from './baseline.ts';
import { exitCodeOfResults } from './exit.ts';
import { htmlAssetsOption, repeatedFormat } from './format-option.ts';
import { interruptible } from './interrupt.ts';
import { writeLine } from './lines.ts';
import { showProgress } from './progress.ts';
import { readResultsAt } from './results-files.ts';
import { showResults } from './show-results.ts';

const CONFIG_NAME = 'corematrix.yaml';

interface RunOptions {
  kernel?: string[];
  config?: string;
  out: string;
  jobs?: number;
  accel: 'auto' | 'kvm' | 'tcg';
  isolation?: 'snapshot' | 'boot';
  timeout?: number;
  bootTimeout?: number;
  resume?: boolean;
  refresh?: boolean;
  shard?: Shard;
  baseline?: string;
  gate?: Gate;
  lastFailed?: boolean;
  onlyChanged?: boolean;
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

function repeated(value: string, before: string[] = []): string[] {
  return [...before, value];
}

async function findConfig(named: string | undefined): Promise<{ config: Config; directory: string }> {
  if (named !== undefined) return { config: await loadConfig(named), directory: dirname(resolve(named)) };
  const found = await access(CONFIG_NAME).then(
    () => true,
    () => false,
  );
  return { config: found ? await loadConfig(CONFIG_NAME) : {}, directory: process.cwd() };
}

/** The cells that options leave; all of them without any. */
async function chosenCells({ baseline, out, shard, lastFailed, onlyChanged }: RunOptions): Promise<Choose> {
  const modes: Since[] = [
    ...(lastFailed === true ? ['last-failed' as const] : []),
    ...(onlyChanged === true ? ['only-changed' as const] : []),
  ];
  const read = async () => (await readResultsAt(baseline ?? out)).results;
  const earlier = baseline !== undefined || modes.length > 0 ? await read() : null;
  return chooseAll([
    // Of what lies in the report folder every machine may have another one, and shards must be cut alike.
    ...(shard ? [chooseShard(shard, baseline === undefined ? null : earlier)] : []),
    ...(earlier ? modes.map((mode) => chooseSince(mode, earlier)) : []),
  ]);
}

async function runMatrix(objects: string[], options: RunOptions, command: string[]): Promise<void> {
  const { config, directory } = await findConfig(options.config);
  const named = objects.length > 0 ? objects : (config.objects ?? []);
  if (named.length === 0)
    throw new UserError(
      `no object to run: name one, for example "corematrix run prog.bpf.o -k debian:all", or list objects in ${CONFIG_NAME}`,
    );
  const selectors = options.kernel ?? config.kernels ?? [];
  if (selectors.length === 0)
    throw new UserError(`no kernel to run on: give -k, for example "-k debian:all", or list kernels in ${CONFIG_NAME}`);
  checkGate(options);
  const choose = await chosenCells(options);
  const inputs = await readInputs(named, objects.length > 0 ? process.cwd() : directory);
  for (const problem of inputs.problems) writeLine(process.stderr, `error: ${problem}`);
  if (inputs.objects.length === 0) throw new UserError('no object can be used');

  const expectations = sortByExpiry(config.expectations ?? [], new Date());
  for (const one of expectations.expired)
    writeLine(process.stderr, `note: the expectation for ${describeExpectation(one)} expired on ${one.expires ?? ''} and no longer holds`);

  const progress = showProgress(process.stderr, options.verbose === true);
  const emit = (event: RunEvent) => progress.onEvent(event);
  try {
    const helper = await ensureHelper({ onNote: (text) => emit({ kind: 'note', text }), mirrors: config.mirrors });
    const journal = await openJournal(join(options.out, 'unfinished.jsonl'), options.resume === true);
    const results = await interruptible(
      () => emit({ kind: 'interrupted' }),
      async (signal) =>
        run(
          {
            objects: inputs.objects,
            selectors,
            kernelOptions: {
              cache: cacheRoot(),
              signal,
              mirrors: config.mirrors,
              lock: config.lock === undefined ? undefined : await readLock(join(directory, config.lock)),
              refresh: options.refresh,
              onProgress: (event) => emit(event),
            },
            cache: cacheRoot(),
            helper,
            expectations: expectations.active,
            isolation: options.isolation ?? config.isolation ?? 'snapshot',
            accel: options.accel,
            jobs: options.jobs ?? config.jobs ?? null,
            timeoutMs: (options.timeout ?? config.timeout ?? 0) * 1000 || null,
            journal,
            bootTimeoutMs: (options.bootTimeout ?? 0) * 1000 || null,
            stallMs: null,
            command,
            shard: options.shard,
            choose,
          },
          emit,
          signal,
        ),
    );
    progress.end();
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
  } finally {
    progress.end();
  }
}

/** Adds `run` to the command line. */
export function addRunCommand(program: Command): void {
  program
    .command('run')
    .summary('load objects on a matrix of real kernels and write the report folder')
    .description(
      'Boots every kernel of the matrix in QEMU, gives each object a pristine guest, loads it through libbpf and writes what happened.',
    )
    .argument('[object...]', 'BPF objects or patterns; without any, those of the configuration')
    .option(
      '-k, --kernel <selector>',
      'a kernel selector, repeatable: debian:6.12, debian:all, "debian:>=5.10,<=6.12", file:PATH, deb:PATH',
      repeated,
    )
    .option('-c, --config <file>', `configuration file (default: ${CONFIG_NAME} here, if there is one)`)
    .option('-o, --out <dir>', 'report folder', 'corematrix-report')
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
    .addOption(
      new Option('--shard <i/n>', 'run only this part of the matrix; "merge" joins the parts').argParser((text) => parseShard(text)),
    )
    .addOption(baselineOption())
    .addOption(gateOption())
    .option('--last-failed', 'only cells that failed or had no verdict in the baseline, or in the report folder without one')
    .option(
      '--only-changed',
      'only cells of another object file or another kernel than in the baseline, or in the report folder without one',
    )
    .addOption(htmlAssetsOption())
    .option('--refresh', 'read the kernel indexes anew')
    .option('--resume', 'keep the cells that a run into the same folder had finished before it was killed')
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
