// Which exit code a command ends with, and how an error is printed.
import { paint } from '../../reports/terminal/paint.ts';
import { VERSION } from '../base/version.ts';
import { visibleText } from '../base/visible.ts';
import { InfraError, NothingUsableError, UserError } from '../base/errors.ts';
import { machineTrouble } from '../base/machine-trouble.ts';
import type { ProgramChange } from '../results/compare.ts';
import type { CellResult, Results } from '../results/schema.ts';
import { InterruptedError } from './interrupt.ts';
import { EXIT } from './exit-codes.ts';
import { isColoured } from './screen.ts';
import { writeLine } from './lines.ts';

const WHERE_TO_REPORT = `This is a fault in corematrix, not in your input. Please open an issue in its repository with the lines above, the command line, and this: corematrix ${VERSION}, Node.js ${process.version}, ${process.platform} ${process.arch}.`;

/** One line for errors that the user can act on; for a fault of corematrix, the stack and where to report it. */
function describeError(error: unknown): string {
  if (error instanceof NothingUsableError) return error.summary;
  if (error instanceof UserError || error instanceof InfraError) return error.message;
  const trouble = machineTrouble(error);
  if (trouble !== null) return trouble;
  const said = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `internal error: ${said}\n${WHERE_TO_REPORT}`;
}

/** The exit code of a command that ended with this error. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof InterruptedError) return EXIT.interrupted;
  if (error instanceof UserError) return EXIT.usage;
  if (error instanceof InfraError || machineTrouble(error) !== null) return EXIT.infrastructure;
  return EXIT.internal;
}

/**
 * The exit code of a command that had results before it ended with this error: a report that cannot be written hides neither a
 * compatibility failure nor an interrupt.
 * @param before the exit code so far
 */
export function exitCodeAfter(before: typeof process.exitCode, error: unknown): number {
  const code = exitCodeOf(error);
  if (code === EXIT.internal) return code;
  return [EXIT.interrupted, EXIT.incompatible].find((first) => first === before) ?? code;
}

/** Infrastructure failures that count. Those of an optional kernel that is missing or does not boot are excused. */
function withoutVerdict({ cells, kernels }: Results): CellResult[] {
  const optional = new Set(kernels.flatMap((kernel) => (kernel.optional ? [kernel.id] : [])));
  const excused = ({ kernel, class: failure }: CellResult) =>
    optional.has(kernel) && (failure === 'infra-kernel-unavailable' || failure === 'infra-boot');
  return cells.filter((cell) => cell.status === 'infra' && !excused(cell));
}

/**
 * The exit code of a finished run by its policy: unexpected failures first, then unusable inputs, then infrastructure.
 * @param gate the changes since a baseline that count as failures, if not every failure does
 */
export function exitCodeOfResults(results: Results, problems: number, gate: readonly ProgramChange[] | null = null): number {
  if (!results.run.complete) return EXIT.interrupted;
  const statuses = new Set(results.cells.map((cell) => cell.status));
  const failed = gate ? gate.length > 0 : statuses.has('fail') || statuses.has('xpass');
  const { failOnFlaky = false, maxInfra = 0 } = results.run.policy ?? {};
  if (failed || (failOnFlaky && results.cells.some(({ flaky }) => flaky))) return EXIT.incompatible;
  if (problems > 0) return EXIT.usage;
  return statuses.has('not-run') || withoutVerdict(results).length > maxInfra ? EXIT.infrastructure : EXIT.asExpected;
}

/** Writes an error to standard error, coloured on a terminal, with control sequences in untrusted text escaped. */
export function reportError(error: unknown): void {
  // Each problem is an error of its own.
  if (error instanceof NothingUsableError) for (const problem of error.problems) writeLine(process.stderr, `error: ${problem}`);
  const label = paint('error:', 'red', { colour: isColoured(process.stderr) });
  process.stderr.write(`${label} ${visibleText(describeError(error))}\n`);
}
