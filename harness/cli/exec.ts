// `corematrix exec`: runs an executable of this machine in a fresh guest for each kernel.
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import type { FormatName } from '../base/format-names.ts';
import { UserError } from '../base/errors.ts';
import { writeReportFolder } from '../../reports/folder/write.ts';
import type { HtmlAssets } from '../../reports/model/render-options.ts';
import { withExplanation } from '../library/with-explanation.ts';
import { BUNDLE_FILE } from '../plan/bundle/schema.ts';
import { type Bundle, bundleOf } from '../plan/bundle/write.ts';
import { packExecutable } from '../plan/executable/pack-executable.ts';
import type { Results } from '../results/schema.ts';
import { exitCodeOfResults } from './exit.ts';
import { formatsOption, htmlAssetsOption, renderOptions } from './format-option.ts';
import { checkGuestMachine } from '../setup/guest-machine.ts';
import { EXIT } from './exit-codes.ts';
import { addHelp } from './help.ts';
import { interruptible } from './interrupt.ts';
import { writeLine } from './lines.ts';
import { missingPrograms } from './missing-programs.ts';
import { nextCommand } from './next-command.ts';
import { accelOption, forceOption, jobsOption, repeated, seconds } from './options.ts';
import { checkOut } from './out-folder.ts';
import type { PrintedBytes } from '../run/evidence.ts';
import { passOn, runExecutable } from './run-executable.ts';
import { INTERRUPTED } from './progress.ts';
import { SELECTOR_FORMS } from './selector-help.ts';
import { showMatrix, showResults } from './show-results.ts';
import { standardInput } from './standard-input.ts';
import { addTrustOptions, sourcesOf, type TrustFlags } from './trust-options.ts';

interface ExecOptions extends TrustFlags {
  kernel?: string[];
  with?: string[];
  env?: Variables;
  stdin?: boolean;
  results?: string;
  timeout: number;
  jobs?: number;
  accel: 'auto' | 'kvm' | 'tcg';
  out?: string;
  format?: FormatName[];
  htmlAssets: HtmlAssets;
  force?: boolean;
  bundle?: boolean;
  verbose?: boolean;
}

/** Go's own time limit for the tests of a package. */
const DEFAULT_TIMEOUT = 600;
const MAX_INPUT = 16 << 20;
/** What a command line holds in place of the value of a variable. */
const HIDDEN = '…';

/** Variables by name; null for one that has no value here. */
type Variables = Readonly<Record<string, string | null>>;

/** Reads `NAME=VALUE`, or `NAME` for the value in the environment of this process. */
function repeatedVariable(text: string, before: Variables = {}): Variables {
  const [, name, value] = /^([A-Za-z_]\w*)(?:=(.*))?$/s.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError('Expected NAME=VALUE or NAME.');
  return { ...before, [name]: value ?? process.env[name] ?? null };
}

/**
 * The command line for the results, without the values of variables, which may be secret.
 * @param argv the program and its arguments, which end the command line
 */
function withoutValues(command: readonly string[], argv: readonly string[]): string[] {
  const end = command.length - argv.length;
  return command.map((word, at) => {
    if (at >= end) return word;
    if (command[at - 1] === '--env') return word.replace(/=.*$/s, `=${HIDDEN}`);
    return word.replace(/^(--env=\w+=).*$/s, `$1${HIDDEN}`);
  });
}

/** The variables that have a value. The others do not get into the guest. */
function variablesWithValue(all: Variables, note: (text: string) => void): Record<string, string> {
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => {
      if (value !== null) return [[name, value]];
      note(`--env ${name}: it is not set here, so the guest does not get it`);
      return [];
    }),
  );
}

/** Tells which programs the guest lacks. If the executable ended for that reason, this is wrong usage and no failure on a kernel. */
async function tellMissing(results: Results): Promise<void> {
  const missing = results.run.complete ? await missingPrograms(results) : null;
  if (!missing) return;
  writeLine(process.stderr, `${missing.decides ? 'error' : 'corematrix exec'}: ${missing.text}`);
  if (missing.decides) process.exitCode = EXIT.usage;
}

interface Finished {
  results: Results;
  /** What the executable printed; null if nothing is known of it. */
  output: PrintedBytes | null;
  bundle: Bundle | undefined;
}

/** Writes the report folder if one is named. The terminal has the output of the executable, or the matrix if there are several kernels. */
async function save({ results, output, bundle }: Finished, { out, format, htmlAssets, force }: ExecOptions): Promise<void> {
  const bundled = bundle && { bundleFile: BUNDLE_FILE, bundle: bundle.bytes };
  const [only, more] = results.cells;
  if (only && !more) {
    await passOn({ results, cell: only, output }, 'exec');
    if (out !== undefined)
      await writeReportFolder(results, out, { ...renderOptions(), htmlAssets, force, ...bundled, ...(format && { formats: format }) });
    return;
  }
  process.exitCode = exitCodeOfResults(results, 0);
  if (out !== undefined) return showResults(results, out, { formats: format, htmlAssets, force, bundle });
  showMatrix(results);
}

/** The report folder is checked before any guest starts. Options of a report folder need one. */
async function checkFolder({ out, format, force, htmlAssets, bundle }: ExecOptions): Promise<void> {
  const needing = [
    ['--bundle', bundle === true],
    ['--format', format !== undefined],
    ['--html-assets', htmlAssets !== 'inline'],
    ['--force', force === true],
  ] as const;
  const [first] = needing.find(([, isGiven]) => isGiven) ?? [];
  if (out === undefined && first !== undefined) throw new UserError(`${first} needs a report folder; name one with -o`);
  if (out !== undefined) await checkOut(out, { formats: format, force, htmlAssets, bundleFile: bundle === true ? BUNDLE_FILE : undefined });
}

async function exec(argv: readonly [string, ...string[]], options: ExecOptions, command: string[]): Promise<void> {
  const { kernel: selectors = [], with: named = [], timeout, accel, jobs, verbose = false, results: file = null } = options;
  const note = (text: string) => writeLine(process.stderr, `note: ${text}`);
  if (selectors.length === 0)
    throw new UserError('no kernel: name one with -k before the program; options after the program belong to the program');
  await checkGuestMachine();
  await checkFolder(options);
  const env = variablesWithValue(options.env ?? {}, note);
  const input = options.stdin === true ? await standardInput(MAX_INPUT, 'a guest') : null;
  const files = { with: named, env, input, results: file, timeoutMs: timeout * 1000, directory: resolve('.') };
  const object = await packExecutable({ argv, ...files, note });
  let output: PrintedBytes | null = null;
  const onPrinted = (printed: PrintedBytes) => (output = printed);
  await interruptible({
    onInterrupt: () => writeLine(process.stderr, options.out === undefined ? 'interrupted' : INTERRUPTED),
    work: async (signal) =>
      runExecutable(
        {
          object,
          selectors,
          sources: sourcesOf(options),
          accel,
          jobs,
          verbose,
          many: true,
          command: withoutValues(command, argv),
          onPrinted,
        },
        signal,
      ),
    save: async (results) => {
      const bundled = { run: results.run.id, objects: [object], releases: [], expectations: [] };
      const bundle = options.bundle === true ? await bundleOf(bundled) : undefined;
      await save({ results: await withExplanation(results, [], note), output, bundle }, options);
      await tellMissing(results);
      const next = nextCommand(results, results.run.command, options.out ?? '');
      if (next !== null) writeLine(process.stderr, `next: ${next}`);
    },
  });
}

/** Adds `exec` to the command line. */
export function addExecCommand(program: Command): void {
  const command = program
    .command('exec')
    .summary('run any executable of this machine, such as a test, on real kernels')
    .description(
      'Packs an executable with its shared libraries and named files, and runs it in a fresh guest for each kernel. With one kernel, its ' +
        'output and exit status are passed on; with several, the matrix is shown. Tests in its output (go test -v or -json, libtest, TAP, ' +
        'Catch2, GoogleTest), or in a file of it (--results, JUnit XML), become rows.',
    )
    .argument('<program...>', 'program and its arguments; options after the program belong to the program')
    .passThroughOptions()
    .option('-k, --kernel <selector>', `kernel selector, repeatable: ${SELECTOR_FORMS}`, repeated)
    .optionsGroup('What the guest gets:')
    .option(
      '--with <path[:guestpath]>',
      'file or folder to copy into the guest, repeatable; without a guest path it has the same path there',
      repeated,
    )
    .option(
      '--env <name[=value]>',
      'environment variable for the program, repeatable; without a value, that of this environment',
      repeatedVariable,
    )
    .option(
      '-i, --stdin',
      'give standard input to the program on each kernel, up to 16 MiB; without this option its standard input is empty',
    )
    .option('--timeout <seconds>', 'time limit of the program on each kernel, in seconds', seconds, DEFAULT_TIMEOUT)
    .option('--results <file>', 'file that the program writes in the guest with the results of its tests, in JUnit XML')
    .optionsGroup('How to run it:')
    .addOption(jobsOption())
    .addOption(accelOption())
    .optionsGroup('What to write:')
    .option('-o, --out <dir>', 'report folder (default: none is written)')
    .addOption(formatsOption())
    .addOption(htmlAssetsOption())
    .addOption(forceOption())
    .option(
      '--bundle',
      `write the executable with its files to ${BUNDLE_FILE} in the report folder, so that "rerun" works on another machine; it has no value of --env`,
    )
    .option('-v, --verbose', 'show progress also for one kernel')
    .action(async ([name = '', ...args]: string[], options: ExecOptions) =>
      exec([name, ...args], options, ['corematrix', ...process.argv.slice(2)]),
    );
  addTrustOptions(command);
  addHelp(command, {
    notes: [
      'The program starts in the same folder as here. The guest has its testdata/ (up to 8 MiB), what --with names, and nothing else of this\n' +
        'machine. A script is packed with its interpreter; Python, Perl and Ruby also need their standard library, and each script needs the\n' +
        'programs that it calls: name them with --with.',
      'Of the variables of this environment, the guest has only those that --env names. It sets PATH, HOME, TMPDIR and LD_LIBRARY_PATH itself.',
      'With one kernel, the exit status is that of the program (128 and the number of the signal that ended it). A message of corematrix itself\n' +
        'begins with "error:" or "corematrix exec:".',
    ],
    exit: {
      asExpected: 'the program ended with 0, and no test failed',
      incompatible: 'with several kernels: the program failed on at least one; with one kernel: the status of the program',
      usage:
        'wrong usage, or the program cannot run in a guest: it is of another architecture, or a library or a program that it calls is missing',
      infrastructure: 'no verdict: the guest failed, or the time limit was reached',
      interrupted: 'interrupted with Ctrl-C; the report has the finished cells',
    },
    examples: [
      'corematrix exec -k debian:6.12 ./loads.test -test.v',
      'corematrix exec -k debian:all -o report ./suite --verbose',
      "go test -exec 'corematrix exec -k debian:6.12' ./...",
      "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER='corematrix exec -k debian:6.12' cargo test",
      'corematrix exec -k debian:all --results out.xml ./suite --reporter=junit --out=out.xml',
      'corematrix exec -k debian:5.10 --stdin ./filter < packets.txt',
      'corematrix exec -k debian:5.10 --with /usr/lib/python3.11 --with prog.bpf.o ./check.py',
    ],
  });
}
