// TAP 14: a test point for each program on each kernel.
import type { CellProgram, CellResult, Results } from '../harness/results/schema.ts';
import { notesOf } from './model/notes.ts';
import { incompleteness } from './model/summary.ts';
import { surprise } from '../harness/results/unexpected.ts';
import { shortened, visible } from '../harness/base/visible.ts';

const TEXT_LENGTH = 400;

/** @see the TAP 14 specification: `#` begins a directive and `\` escapes, in descriptions and reasons. */
function escaped(text: string): string {
  return shortened(visible(text), TEXT_LENGTH).replaceAll('\\', '\\\\').replaceAll('#', '\\#');
}

/** A diagnostic block. Strings are written as JSON, which YAML reads, and keep to one line each. */
function yaml(facts: Readonly<Record<string, string | number | null>>): string[] {
  const lines = Object.entries(facts).flatMap(([key, value]) => (value === null ? [] : [`  ${key}: ${JSON.stringify(value)}`]));
  return ['  ---', ...lines, '  ...'];
}

function diagnosis(program: CellProgram, cell: CellResult): string[] {
  const { stage, class: failure, errno, status } = program;
  const message = status === 'xpass' ? surprise(program) : (program.reason ?? cell.reason ?? status);
  return yaml({ message: shortened(visible(message), TEXT_LENGTH), status, stage, class: failure, errno });
}

/** A program without a verdict is never `ok`, unless it was excluded on purpose: that is a skip. */
function point(program: CellProgram, cell: CellResult, number: number): string[] {
  const name = `${number} - ${escaped(`${cell.kernel}: ${cell.object}/${program.name}`)}`;
  const because = (text: string | null) => (text === null || text === '' ? '' : ` ${escaped(text)}`);
  switch (program.status) {
    case 'pass':
      return [`ok ${name}`];
    case 'xfail':
      return [`not ok ${name} # TODO${because(program.expected)}`, ...diagnosis(program, cell)];
    case 'unsupported':
      return [`ok ${name} # SKIP unsupported:${because(program.expected)}`];
    case 'skip':
      return [`ok ${name} # SKIP${because(program.reason)}`];
    case 'not-run':
      return [`ok ${name} # SKIP not run${because(program.reason ?? cell.reason)}`];
    case 'fail':
    case 'xpass':
    case 'infra':
      return [`not ok ${name}`, ...diagnosis(program, cell)];
  }
}

/** The text of a TAP stream. */
export function renderTap(results: Results): string {
  const points = results.cells.flatMap((cell) => cell.programs.map((program) => ({ cell, program })));
  const notes = [incompleteness(results), ...notesOf(results)].filter((note) => note !== null);
  const lines = [
    'TAP version 14',
    `1..${points.length}${points.length === 0 ? ' # SKIP nothing was run' : ''}`,
    ...notes.map((note) => `# ${note}`),
    ...points.flatMap(({ cell, program }, at) => point(program, cell, at + 1)),
  ];
  return `${lines.join('\n')}\n`;
}
