// Errors as a program that calls the library meets them: they name options of its functions, not of the command line.
import { ConfigurationError, InfraError, NothingUsableError, UserError } from '../base/errors.ts';
import { withPublicErrors } from './running.ts';

/** The options of the command line that messages from below this room name, with the options of the library. */
const OPTIONS: Readonly<Record<string, string>> = {
  '--accel': '`accel`',
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

/** A message with the options of the library. */
export function inProgramWords(message: string): string {
  return message
    .split(COMMAND)
    .map((part) => (COMMAND.test(part) ? part : part.replaceAll(/(?<![\w-])--[a-z]+(?:-[a-z]+)*/g, (option) => OPTIONS[option] ?? option)))
    .join('');
}

/** The same error in the words of a program. A configuration names its own keys. */
function translated(error: unknown): unknown {
  if (error instanceof ConfigurationError) return error;
  if (error instanceof NothingUsableError) return new NothingUsableError(inProgramWords(error.summary), error.problems.map(inProgramWords));
  if (error instanceof UserError || error instanceof InfraError)
    error.message = inProgramWords(error instanceof UserError ? (error.inProgram ?? error.message) : error.message);
  return error;
}

/**
 * Waits for the work of a call.
 * @throws the error of the work as `withPublicErrors` gives it, in the words of a program
 */
export async function forProgram<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await withPublicErrors(work);
  } catch (error) {
    throw translated(error);
  }
}
