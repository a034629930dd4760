// Errors as a program that calls the library meets them: they name options of its functions, not of the command line.
import { ConfigurationError, InfraError, NothingUsableError, UserError } from '../base/errors.ts';
import type { RunEvent } from '../run/events.ts';
import { withPublicErrors } from './running.ts';

/** The options of the command line that messages from below this room name, with the options of the library. */
const OPTIONS: Readonly<Record<string, string>> = {
  '--accel': '`accel`',
  '--baseline': '`baseline`',
  '--boot-timeout': '`bootTimeout`',
  '--frozen': '`frozen`',
  '--isolation': '`isolation`',
  '--jobs': '`jobs`',
  '--loader': '`loader`',
  '--mirror': '`mirrors`',
  '--mirror-key': '`mirrorKeys`',
  '--shard': '`shard`',
  '--timeout': '`timeout`',
  '--trust-mirror': '`trustMirrors`',
  '--untrusted': '`untrusted`',
};

/** Commands to type in a shell stay as they are: they are in quotes. */
const COMMAND = /("(?:corematrix|npx corematrix) [^"]*")/;

/** Options that one function of the library names differently. */
export type OwnWords = Readonly<Record<string, string>>;

/** A message with the options of the library. */
export function inProgramWords(message: string, own: OwnWords = {}): string {
  const options = { ...OPTIONS, ...own };
  return message
    .split(COMMAND)
    .map((part) => (COMMAND.test(part) ? part : part.replaceAll(/(?<![\w-])--[a-z]+(?:-[a-z]+)*/g, (option) => options[option] ?? option)))
    .join('');
}

/** Lines that a call returns, such as `problems` and `notes`. */
export function linesInProgramWords(lines: readonly string[]): string[] {
  return lines.map((line) => inProgramWords(line));
}

/** An event of a call. The verdict of a cell is that of its results. */
export function eventInProgramWords(event: RunEvent): RunEvent {
  if (event.kind === 'note') return { ...event, text: inProgramWords(event.text) };
  return event.kind === 'kernel-failed' ? { ...event, reason: inProgramWords(event.reason) } : event;
}

/** The same error in the words of a program. A configuration names its own keys. */
function translated(error: unknown, own: OwnWords): unknown {
  const words = (message: string) => inProgramWords(message, own);
  if (error instanceof ConfigurationError) return error;
  if (error instanceof NothingUsableError) return new NothingUsableError(words(error.summary), error.problems.map(words));
  if (error instanceof UserError || error instanceof InfraError)
    error.message = words(error instanceof UserError ? (error.inProgram ?? error.message) : error.message);
  return error;
}

/**
 * Waits for the work of a call.
 * @throws the error of the work as `withPublicErrors` gives it, in the words of a program
 */
export async function forProgram<Result>(work: () => Promise<Result>, own: OwnWords = {}): Promise<Result> {
  try {
    return await withPublicErrors(work);
  } catch (error) {
    throw translated(error, own);
  }
}

/** The same for work that waits for nothing. */
export function inWordsOfProgram<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw translated(error, {});
  }
}
