// Exit codes, and how an error reaches a person.
import { styleText } from 'node:util';
import { visibleText } from '../base/visible.ts';
import { InfraError, UserError } from '../base/errors.ts';
import type { Comparison } from '../results/compare.ts';
import type { CellResult, Results } from '../results/schema.ts';

/** What a run's end means to a shell and to CI; infrastructure trouble never hides a compatibility failure. */
export const EXIT = { asExpected: 0, incompatible: 1, usage: 2, infrastructure: 3, interrupted: 130 } as const;

/** One line for errors a person can act on, the whole stack for those that should not happen. */
function describeError(error: unknown): string {
  if (error instanceof UserError || error instanceof InfraError) return error.message;
  if (error instanceof Error) return `unexpected error, please report it\n${error.stack ?? error.message}`;
  return `unexpected error, please report it\n${String(error)}`;
}

/** The exit code of a run that ended with this error. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UserError) return EXIT.usage;
  if (error instanceof InfraError) return EXIT.infrastructure;
  return EXIT.usage;
}

/** Cells that somebody has to see to because they have no verdict: not those of a kernel that need not be there, and is not. */
function withoutVerdict({ cells, kernels }: Results): CellResult[] {
  const optional = new Set(kernels.flatMap((kernel) => (kernel.optional ? [kernel.id] : [])));
  const excused = ({ kernel, class: failure }: CellResult) =>
    optional.has(kernel) && (failure === 'infra-kernel-unavailable' || failure === 'infra-boot');
  return cells.filter((cell) => cell.status === 'infra' && !excused(cell));
}

/**
 * What a finished run means by its policy: unexpected failures first, then unusable inputs, then infrastructure.
 * @param gate a comparison, where only regressions are to count as failures
 */
export function exitCodeOfResults(results: Results, problems: number, gate: Comparison | null = null): number {
  if (!results.run.complete) return EXIT.interrupted;
  const statuses = new Set(results.cells.map((cell) => cell.status));
  const failed = gate ? gate.programs.some(({ change }) => change === 'regression') : statuses.has('fail') || statuses.has('xpass');
  const { failOnFlaky = false, maxInfra = 0 } = results.run.policy ?? {};
  if (failed || (failOnFlaky && results.cells.some(({ flaky }) => flaky))) return EXIT.incompatible;
  if (problems > 0) return EXIT.usage;
  return statuses.has('not-run') || withoutVerdict(results).length > maxInfra ? EXIT.infrastructure : EXIT.asExpected;
}

/** Writes an error to standard error, coloured on a terminal, control sequences of foreign text made harmless. */
export function reportError(error: unknown): void {
  const label = styleText('red', 'error:', { stream: process.stderr, validateStream: true });
  process.stderr.write(`${label} ${visibleText(describeError(error))}\n`);
}
