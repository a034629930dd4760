// The facts of a failure as one short line.
import type { CellProgram } from '../../harness/results/schema.ts';

/** Stage, class and errno of a failure as one line: `verify · core-field-missing · errno 22`; '' without a failure. */
export function failureFacts(of: Pick<CellProgram, 'stage' | 'class'> & { errno?: number | null }): string {
  return [of.stage, of.class, typeof of.errno === 'number' ? `errno ${of.errno}` : null].filter((fact) => fact !== null).join(' · ');
}

function attachedText(attached: CellProgram['attached']): string {
  if (attached === undefined) return '';
  return attached ? 'attached' : 'loaded, but not attached: neither its section nor attach_to names a target';
}

/** The facts of a program's failure and of its attaching and runs. */
export function programFacts(program: CellProgram): string {
  const { attached, runs } = program;
  const ran = runs === undefined ? '' : `ran ${runs} ${runs === 1 ? 'time' : 'times'}`;
  return [failureFacts(program), attachedText(attached), ran].filter((fact) => fact !== '').join(' · ');
}
