// Where a log is in the report folder.
import { fileName } from './file-name.ts';

/** The folder of all logs in a report folder. */
export const LOG_FOLDER = 'logs';

/** What tells a log from every other log of a run. */
export interface LogPlace {
  kernel: string;
  object: string;
  /** The program that the log is of; null for a log of the whole object. */
  program: string | null;
  /** Its key in the schema of results: it has lower-case letters only. */
  kind: string;
}

/**
 * The path of a log, relative to the report folder: `logs/KERNEL/OBJECT/verifier.log`, or `.../PROGRAM.verifier.log` for a log of one
 * program. Different places have different paths, also where a file system ignores the case of letters.
 */
export function logPath({ kernel, object, program, kind }: LogPlace): string {
  // A kind has no dot, so a log of the object never has the name of a log of a program.
  const name = program === null ? kind : `${fileName(program)}.${kind}`;
  return [LOG_FOLDER, fileName(kernel), fileName(object), `${name}.log`].join('/');
}
