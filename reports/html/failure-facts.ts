// The facts of a failure as one short line.
import type { CellProgram } from '../../harness/results/schema.ts';

/** Stage, class and errno of a failure as one line: `verify · core-field-missing · errno 22`; '' without a failure. */
export function failureFacts(of: Pick<CellProgram, 'stage' | 'class'> & { errno?: number | null }): string {
  return [of.stage, of.class, typeof of.errno === 'number' ? `errno ${of.errno}` : null].filter((fact) => fact !== null).join(' · ');
}

/** The facts of a program's failure and of its attaching and runs. */
export function programFacts(program: CellProgram): string {
  const { attached, runs } = program;
  const ran = runs === undefined ? '' : `ran ${runs} ${runs === 1 ? 'time' : 'times'}`;
  const after =
    attached === undefined
      ? ''
      : attached
        ? 'attached'
        : 'loaded, but not attached: libbpf does not by itself, and no attach_to says to what';
  return [failureFacts(program), after, ran].filter((fact) => fact !== '').join(' · ');
}
