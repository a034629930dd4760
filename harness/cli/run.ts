// `corematrix run`: runs the matrix of corematrix.yaml and arguments.
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { weightOf } from '../base/blocking.ts';
import { configuredPath } from '../base/configured-path.ts';
import type { FormatName } from '../base/format-names.ts';
import type { HtmlAssets } from '../../reports/model/render-options.ts';
import { UserError } from '../base/errors.ts';
import type { Results } from '../results/schema.ts';
import type { Plan } from '../library/plan.ts';
import { activeExpectations, planNotes, runPlan } from '../library/run.ts';
import { startWork } from '../library/running.ts';
import { describeExpectation, unusedExpectations, whyUnused } from '../plan/expectations/expectations.ts';
import { checkGuestMachine } from '../setup/guest-machine.ts';
import { type Journal, JOURNAL_FILE, openJournal } from '../run/journal.ts';
import type { Gate } from '../base/vocabulary.ts';
import { checkGate, compareWith, gateOption } from './baseline.ts';
import { BUNDLE_FILE } from '../plan/bundle/schema.ts';
import { bundleOf } from '../plan/bundle/write.ts';
import { bundleOptions, wantsBundle } from './bundle-option.ts';
import { EXIT } from './exit-codes.ts';
import { exitCodeOfResults } from './exit.ts';
import { addHelp } from './help.ts';
import { formatsOption, htmlAssetsOption } from './format-option.ts';
import { checkHistory, historyOption, type NamedHistory, withHistory } from './history.ts';
import { interruptible } from './interrupt.ts';
import { writeLine } from './lines.ts';
import { accelOption, forceOption, jobsOption, outOption, seconds, wholeNumber } from './options.ts';
import { checkOut } from './out-folder.ts';
import { showProgress, withProgress } from './progress.ts';
import { addPlanOptions, type PlanOptions, readPlan } from './read-plan.ts';
import { nextCommand } from './next-command.ts';
import { showResults } from './show-results.ts';

interface RunOptions extends PlanOptions {
  jobs?: number;
  accel: 'auto' | 'kvm' | 'tcg';
  isolation?: 'snapshot' | 'boot';
  timeout?: number;
  bootTimeout?: number;
  predictFirst?: boolean;
  cache: boolean;
  gate?: Gate;
  failOnFlaky?: boolean;
  maxInfra?: number;
  format?: FormatName[];
  htmlAssets: HtmlAssets;
  json?: boolean;
  force?: boolean;
  bundle?: boolean;
  verbose?: boolean;
}

/** The report of an interrupted run with more relocations and programs takes over a second. */
const MAX_PARTIAL = 20_000;

interface Finished {
  options: RunOptions;
  plan: Plan;
  history: NamedHistory | undefined;
  /** Whether the run was all that the configuration has. */
  whole: boolean;
  formats: FormatName[] | undefined;
  /** The signal that interrupted the run; null for a run that was not interrupted. */
  endedBy: NodeJS.Signals | null;
}

/** Writes the report of a run and sets the exit code. */
async function saveRun(ran: Results, { options, plan, history, whole, formats, endedBy }: Finished): Promise<void> {
  if (endedBy !== null && endedBy !== 'SIGINT' && !ran.run.complete && weightOf(ran.cells) > MAX_PARTIAL) {
    writeLine(process.stderr, `no report, because a large one takes longer than ${endedBy} allows; --resume keeps the finished cells`);
    process.exitCode = EXIT.interrupted;
    return;
  }
  const { inputs } = plan;
  const results = await withHistory(ran, history?.path);
  const { comparison, gate } = await compareWith(options, results);
  const { htmlAssets, force } = options;
  // Set first: a report that cannot be written does not hide a failure.
  process.exitCode = exitCodeOfResults(results, inputs.problems.length, gate);
  const releases = results.kernels.map(({ release }) => release);
  const bundled = { run: results.run.id, objects: inputs.objects, releases, expectations: activeExpectations(plan) };
  const bundle = wantsBundle(options.bundle) ? await bundleOf(bundled) : undefined;
  await showResults(results, options.out, { json: options.json === true, formats, htmlAssets, comparison, force, bundle });
  // Expectations of cells that did not run are not unused.
  const ranAll = whole && results.cells.every(({ status }) => status !== 'skip');
  for (const one of ranAll ? unusedExpectations(activeExpectations(plan), results) : [])
    writeLine(
      process.stderr,
      `note: the expectation for ${describeExpectation(one)} matches nothing in this run: ${whyUnused(one, results)}`,
    );
  const next = nextCommand(results, results.run.command, options.out);
  if (next !== null) writeLine(process.stderr, `next: ${next}`);
}

/** The history that the command line names, else the one of the configuration. */
function historyOf({ history }: RunOptions, { config: { config, directory, at } }: Plan): NamedHistory | undefined {
  if (history !== undefined) return { path: history, place: '--history' };
  if (config.history === undefined) return undefined;
  return { path: configuredPath(directory, config.history), place: `${at(['history'])}: history` };
}

/** The journal of a run, if the run came so far. */
interface RunJournal {
  open: () => Promise<Journal>;
  end: (state: 'finished' | 'unfinished') => Promise<void>;
}

function runJournal({ out, resume }: RunOptions): RunJournal {
  let journal: Journal | null = null;
  return {
    open: async () => {
      journal = await openJournal(join(out, JOURNAL_FILE), resume === true);
      return journal;
    },
    end: async (state) => (state === 'finished' ? journal?.remove() : journal?.close()),
  };
}

async function runMatrix(objects: string[], options: RunOptions, command: string[]): Promise<void> {
  await checkGuestMachine();
  checkGate(options);
  const plan = await readPlan(objects, options);
  const { inputs } = plan;
  for (const problem of inputs.problems) writeLine(process.stderr, `error: ${problem}`);
  if (inputs.objects.length === 0) throw new UserError('no object can be used');
  for (const note of planNotes(plan)) writeLine(process.stderr, `note: ${note}`);

  const history = historyOf(options, plan);
  await checkHistory(history, options.out);
  const formats = options.format ?? plan.config.config.formats;
  const bundleFile = wantsBundle(options.bundle) ? BUNDLE_FILE : undefined;
  await checkOut(options.out, { ...options, formats, bundleFile });

  const journal = runJournal(options);
  const cache = options.cache ? undefined : false;
  const settings = { ...options, cache, policy: options, command, journal: journal.open };
  const progress = showProgress(process.stderr, { verbose: options.verbose === true });
  const whole = objects.length === 0 && options.kernel === undefined && options.shard === undefined;
  try {
    await interruptible({
      onInterrupt: () => {},
      work: async (signal) => {
        try {
          return await withProgress(
            startWork(async (emit) => runPlan(plan, settings, emit, signal), signal),
            progress,
          );
        } catch (error) {
          await journal.end('unfinished');
          throw error;
        }
      },
      save: async (ran, endedBy) => {
        progress.end();
        await saveRun(ran, { options, plan, history, whole, formats, endedBy });
        await journal.end(ran.run.complete ? 'finished' : 'unfinished');
      },
    });
  } finally {
    progress.end();
  }
}

/** Adds `run` to the command line. */
export function addRunCommand(program: Command): void {
  const command = program
    .command('run')
    .summary('load objects on a matrix of real kernels and write the report folder')
    .description(
      'Boots every kernel of the matrix in QEMU, loads each object through libbpf in a fresh guest, and writes the results to ' +
        'the report folder.',
    );
  const [bundle, noBundle] = bundleOptions();
  addPlanOptions(command)
    .optionsGroup('How to run it:')
    .addOption(jobsOption())
    .addOption(accelOption())
    .addOption(
      new Option('--isolation <how>', 'guest of each cell: a private copy of a booted guest, or a fresh boot').choices([
        'snapshot',
        'boot',
      ]),
    )
    .option(
      '--timeout <seconds>',
      'time limit of a cell, in seconds (default: 300, 60 under KVM; more for an object with 1,000 programs)',
      seconds,
    )
    .option('--boot-timeout <seconds>', 'time limit of the boot of a kernel, in seconds (default: 90, 30 under KVM)', seconds)
    .option('--predict-first', 'run cells that are predicted to fail first; all cells still run')
    .option('--resume', 'continue a run into the same folder that was killed: keep its finished cells')
    .option('--no-cache', 'run every cell, even if an earlier run has its verdict for the same object, kernel, settings and versions')
    .optionsGroup('What counts as a failure:')
    .addOption(gateOption())
    .option('--fail-on-flaky', 'exit with 1 if a cell needed more than one attempt')
    .option('--max-infra <n>', 'number of infrastructure failures to tolerate before exiting with 3 (default: 0)', wholeNumber)
    .optionsGroup('What to write:')
    .addOption(outOption())
    .addOption(formatsOption())
    .addOption(htmlAssetsOption())
    .addOption(forceOption())
    .addOption(historyOption())
    .addOption(bundle)
    .addOption(noBundle)
    .option('--json', 'write the results to standard output as JSON')
    .option('-v, --verbose', 'show a line for every cell')
    .action(async (objects: string[], options: RunOptions) => runMatrix(objects, options, ['corematrix', ...process.argv.slice(2)]));
  addHelp(command, {
    exit: {
      asExpected: 'every program ended as expected',
      incompatible: 'a program failed unexpectedly, or passed although a failure is declared',
      usage: 'wrong usage or configuration, or an object that cannot be used; the others have run',
      infrastructure: 'no program failed, but some have no verdict',
      interrupted: 'interrupted with Ctrl-C; the report has the finished cells',
    },
    examples: [
      'corematrix run prog.bpf.o -k debian:all',
      'corematrix run build/*.bpf.o -k debian:5.10 -k debian:6.12 -o report',
      'corematrix run -c corematrix.yaml --jobs 4',
      'corematrix run --last-failed -v',
      'corematrix run --shard 2/3 --baseline last-night/ -o shard-2',
    ],
  });
}
