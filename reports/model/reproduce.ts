// Commands that reproduce a cell, for copying.
import { selectorOfKernel } from '../../kernels/selector.ts';
import type { KernelResult, ObjectResult } from '../../harness/results/schema.ts';

/** A string as a word of a POSIX shell. */
function shellWord(text: string): string {
  return /^[\w./:=@,+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** Words as a line for a POSIX shell, quoted if needed. */
export function commandLine(words: readonly string[]): string {
  return words.map(shellWord).join(' ');
}

/** The command that runs one cell of a report again and keeps everything. */
export function rerunCommand(object: ObjectResult, kernel: KernelResult): string {
  return commandLine(['corematrix', 'rerun', 'corematrix-report', `${kernel.id}/${object.id}`]);
}

/** The command that runs one object on one kernel again. */
export function repeatCommand(object: ObjectResult, kernel: KernelResult): string {
  const loader = object.loader === undefined ? [] : ['--loader', object.loader];
  return commandLine(['corematrix', 'run', object.path, '-k', selectorOfKernel(kernel), ...loader]);
}
