// What to type when an executable of `exec` calls programs that the guest does not have.
import { basename, dirname } from 'node:path';
import { programsNotFound } from '../logs/programs-not-found.ts';
import { SYSTEM_PATH } from '../plan/executable/pack-executable.ts';
import { programsInPath } from '../plan/packing/find-program.ts';
import { logText } from '../results/logs.ts';
import type { CellResult, Results } from '../results/schema.ts';

/** Exit status of a shell that did not find a program. @see https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html */
const NOT_FOUND_STATUS = 127;

export interface MissingPrograms {
  /** What is wrong and what to type, in one line. */
  text: string;
  /** Whether an executable ended because of it, so that its verdict says nothing about the kernel. */
  decides: boolean;
}

/** The option that gives the program to the guest; null if this machine does not have it. */
async function optionFor(name: string): Promise<string | null> {
  const [file] = name.includes('/') ? [] : await programsInPath(name);
  if (file === undefined) return null;
  // Its folder must be in the PATH of the guest.
  return SYSTEM_PATH.includes(dirname(file)) ? `--with ${file}` : `--with ${file}:/usr/local/bin/${basename(file)}`;
}

/** The programs that the failed cells name as not found; null if there are none. */
export async function missingPrograms({ cells, logs, objects }: Results): Promise<MissingPrograms | null> {
  const failed = cells.filter(({ status, ended }) => status === 'fail' && ended);
  const namesIn = (cell: CellResult) => programsNotFound(`${logText(logs, cell.logs.stdout)}\n${logText(logs, cell.logs.stderr)}`);
  const names = [...new Set(failed.flatMap(namesIn))];
  if (names.length === 0) return null;
  const options = (await Promise.all(names.map(optionFor))).filter((option) => option !== null);
  const what = `${objects[0]?.path ?? 'the executable'} calls ${names.join(', ')}, which the guest does not have`;
  const advice =
    options.length > 0 ? `add ${options.join(' ')}` : 'this machine does not have it in PATH, either; give its path with --with';
  return { text: `${what}; ${advice}`, decides: failed.some(({ ended }) => ended?.status === NOT_FOUND_STATUS) };
}
