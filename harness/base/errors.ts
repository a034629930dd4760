// The two kinds of error a person can act on. What fails on a kernel is data in the results, never an exception.
import type { FailureClass } from './failures.ts';
import { machineTrouble } from './machine-trouble.ts';
import { shortened, visible, visibleText } from './visible.ts';

/** Longer messages are mostly embedded input, so they are cut. */
const MAX_MESSAGE = 1000;

interface ErrorFacts {
  cause?: unknown;
  /** The message for a program that calls the library, where `message` names what to type on the command line. */
  inProgram?: string;
  /** Lines to print below the message: the output of a program, or a list. */
  detail?: string;
}

/** A message may quote untrusted names, paths and versions. It still becomes one line of plain text. */
function textOf(message: string, detail: string | undefined): string {
  const line = shortened(visible(message.slice(0, MAX_MESSAGE * 2)), MAX_MESSAGE);
  return detail === undefined ? line : `${line}\n${visibleText(detail)}`;
}

/** Wrong usage, configuration or input. The message is one line: the fault, its place, and what to type instead. Exit code 2. */
export class UserError extends Error {
  override readonly name: string = 'UserError';
  /** The message for a program; absent if `message` is for both. */
  declare readonly inProgram?: string;

  constructor(message: string, { detail, inProgram, ...options }: ErrorFacts = {}) {
    super(textOf(message, detail), options);
    if (inProgram !== undefined) this.inProgram = textOf(inProgram, detail);
  }
}

/** All faults of one input, each with its place. Exit code 2. */
export class UserFaults extends UserError {
  readonly faults: readonly string[];
  /** The faults without a line that counts the others. */
  readonly shown: readonly string[];
  /** The number of all faults. */
  readonly total: number;

  /**
   * @param input the name of the input, for the line above several faults
   * @param faults one line each, at least one
   * @param total the number of all faults, if `faults` are only the first ones
   */
  constructor(input: string, faults: readonly string[], total = faults.length) {
    const [first = input] = faults;
    const lines = faults.map((fault) => shortened(visible(fault.slice(0, MAX_MESSAGE * 2)), MAX_MESSAGE));
    const more = total > faults.length ? [`and ${total - faults.length} more`] : [];
    super(total > 1 ? `${input}: ${total} errors` : first, total > 1 ? { detail: [...lines, ...more].join('\n') } : {});
    this.faults = [...lines, ...more];
    this.shown = lines;
    this.total = total;
  }
}

/** A configuration that is not valid: its faults, each with file, line and column. */
export class ConfigurationError extends UserFaults {
  override readonly name = 'ConfigurationError';
}

/** No object or no kernel can be used. Each problem is one line. Exit code 2. */
export class NothingUsableError extends UserError {
  override readonly name = 'NothingUsableError';
  /** The message without the problems. */
  readonly summary: string;
  readonly problems: readonly string[];

  constructor(summary: string, problems: readonly string[]) {
    super(summary, problems.length === 0 ? {} : { detail: problems.join('\n') });
    this.summary = summary;
    this.problems = problems;
  }
}

/**
 * The faults in an error, one line each.
 * @throws the error itself if the user cannot act on it
 */
export function faultsOf(error: unknown): readonly string[] {
  if (error instanceof UserFaults) return error.faults;
  if (error instanceof UserError) return [error.message];
  throw error;
}

/**
 * Does a step for every item, also after an item has a fault.
 * @throws UserFaults with the faults of all items; any other error at once
 */
export function withAllFaults<Item, Result>(input: string, items: Iterable<Item>, step: (item: Item) => Result): Result[] {
  const results: Result[] = [];
  const faults: string[] = [];
  for (const item of items) {
    try {
      results.push(step(item));
    } catch (error) {
      faults.push(...faultsOf(error));
    }
  }
  if (faults.length > 0) throw new UserFaults(input, faults);
  return results;
}

/** Failure classes of cells without a verdict. */
export type InfraClass = Extract<FailureClass, `infra-${string}`>;

/** The infrastructure failed (download, disk, QEMU, boot): no verdict about any object. Exit code 3. */
export class InfraError extends Error {
  override readonly name = 'InfraError';
  readonly failure: InfraClass;

  constructor(message: string, { detail, failure = 'infra-transport', ...options }: ErrorFacts & { failure?: InfraClass } = {}) {
    super(textOf(message, detail), options);
    this.failure = failure;
  }
}

/**
 * Turns anything that was thrown into an infrastructure error, so that finished work is not lost. Trouble of the machine says what to do;
 * wrong input keeps its message; any other error is a fault in corematrix and says so.
 */
export function toInfraError(error: unknown): InfraError {
  if (error instanceof InfraError) return error;
  if (error instanceof UserError) return new InfraError(error.message, { cause: error });
  const reason = machineTrouble(error) ?? `unexpected error, please report it: ${messageOf(error)}`;
  return new InfraError(reason, { cause: error });
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
