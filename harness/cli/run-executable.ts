// Runs an executable in guests for `exec` and `shell`, and passes on its output.
import { cacheRoot } from '../base/files.ts';
import { UserError } from '../base/errors.ts';
import { unlessInterrupted } from '../base/interrupted.ts';
import type { Accel } from '../guest/machines.ts';
import { planKernels } from '../../kernels/plan.ts';
import type { KernelOptions } from '../../kernels/sources/options.ts';
import type { RunObject } from '../plan/inputs/inputs.ts';
import { logText } from '../results/logs.ts';
import type { CellResult, Results } from '../results/schema.ts';
import type { RunEvent } from '../run/events.ts';
import type { PrintedBytes } from '../run/evidence.ts';
import { run } from '../run/run.ts';
import { ensureAgents } from '../library/agents.ts';
import type { Sources } from '../library/sources.ts';
import { EXIT } from './exit-codes.ts';
import { exitCodeOfResults } from './exit.ts';
import { writeLine, writeParts } from './lines.ts';
import { showProgress } from './progress.ts';

const SIGNAL_STATUS = 128;
const MAX_KERNEL_LINES = 20;
/** KERN_WARNING. */
const WARNING = 4;

/** The number of kernels that selectors mean. A kernel of another architecture than the executable is an error. */
async function countKernels(selectors: readonly string[], object: RunObject, options: KernelOptions): Promise<number> {
  const planned = await planKernels([...selectors], options);
  const other = planned.find(({ arch }) => arch !== 'x86_64');
  if (other) throw new UserError(`${object.result.path}: an executable for x86-64, but ${other.id} is a kernel for ${other.arch}`);
  return planned.length;
}

interface ExecutableRun {
  object: RunObject;
  selectors: readonly string[];
  sources: Sources;
  accel: Accel | 'auto';
  jobs?: number | undefined;
  verbose: boolean;
  /** Whether the selectors may mean several kernels. */
  many: boolean;
  /** The command line for the results. */
  command: string[];
  /** Called with what the executable printed on a kernel. */
  onPrinted: (output: PrintedBytes) => void;
}

/**
 * Runs an executable in a fresh guest for each kernel.
 * @throws UserError if a kernel cannot run it, InfraError if nothing can run
 */
export async function runExecutable(
  { object, selectors, sources, accel, jobs, verbose, many, command, onPrinted }: ExecutableRun,
  signal: AbortSignal,
): Promise<Results> {
  const from = { cache: cacheRoot(), ...sources };
  const count = await unlessInterrupted(signal, countKernels(selectors, object, from));
  if (count > 1 && !many) throw new UserError(`${selectors.join(', ')}: ${count} kernels, but a shell is in one`);
  // The output of the executable is all that a caller such as `go test` expects.
  const isQuiet = count === 1 && !verbose && !process.stderr.isTTY;
  const progress = isQuiet ? null : showProgress(process.stderr, { verbose, executable: object.result.path });
  const emit = (event: RunEvent) => {
    if (event.kind === 'printed') onPrinted(event.output);
    progress?.onEvent(event);
  };
  try {
    const agents = await unlessInterrupted(signal, ensureAgents([object], sources, emit));
    const kernelOptions = { ...from, signal, onProgress: emit };
    const request = { objects: [object], selectors, kernelOptions, cache: from.cache, ...agents, expectations: [] };
    return await run({ ...request, isolation: 'snapshot', accel, jobs, limits: {}, command }, emit, signal);
  } finally {
    progress?.end();
  }
}

/**
 * The texts of a kernel log that are warnings or worse.
 * @see Documentation/ABI/testing/dev-kmsg in Linux: a record begins with its level in three bits of a number, and its text follows `;`
 */
function kernelWarnings(log: string): string[] {
  return log.split('\n').flatMap((line) => {
    const [, level, text] = /^(\d+),[^;]*;(.*)$/.exec(line) ?? [];
    return level !== undefined && text !== undefined && Number(level) % 8 <= WARNING ? [text] : [];
  });
}

/** What one executable did on one kernel. */
interface Passed {
  results: Results;
  cell: CellResult;
  /** Null if its guest did not come so far. */
  output: PrintedBytes | null;
}

/** Passes on what the executable printed, and sets its exit status as that of this process. */
export async function passOn({ results, cell, output }: Passed, name: 'exec' | 'shell'): Promise<void> {
  const say = (text: string) => writeLine(process.stderr, `corematrix ${name}: ${text}`);
  if (output) {
    await writeParts(process.stdout, [output.stdout]);
    await writeParts(process.stderr, [output.stderr]);
  }
  if (!cell.ended) {
    say(`no verdict on ${cell.kernel}: ${cell.reason ?? cell.status}`);
    process.exitCode = exitCodeOfResults(results, 0);
    return;
  }
  const { status, signal } = cell.ended;
  if (status === null) say(`signal ${signal ?? '?'} ended the executable on ${cell.kernel}`);
  const passed = status ?? SIGNAL_STATUS + (signal ?? 0);
  // A failed test or a missing file with results never ends with 0.
  const isFailure = passed === 0 && cell.status === 'fail' && name === 'exec';
  process.exitCode = isFailure ? EXIT.incompatible : passed;
  if (isFailure) say(`${cell.kernel}: ${cell.reason ?? ''}`);
  const warned = kernelWarnings(logText(results.logs, cell.logs.kernel));
  if (cell.status === 'pass' || warned.length === 0) return;
  say(`messages of ${cell.kernel}:`);
  for (const line of warned.slice(-MAX_KERNEL_LINES)) writeLine(process.stderr, `  ${line}`);
}
