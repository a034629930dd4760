// Predictions on a terminal: the matrix, the reasons of failures, and a summary line.
import type { Prediction, ProgramPrediction, Verdict } from '../../harness/predict/result.ts';
import { plural } from '../../harness/base/text.ts';
import { shortened, visible } from '../../harness/base/visible.ts';
import { columnsThatFit } from './columns-that-fit.ts';
import { cutTo, firstOf } from './cut.ts';
import { paint, type Style } from './paint.ts';

interface Options {
  /** Width of the terminal in columns. */
  width: number;
  colour: boolean;
}

/** The cells of the matrix: words, so that colour is never needed. */
const MARKS = { fail: ['FAIL', 'red'], possible: ['?', 'yellow'], none: ['ok', 'green'] } as const satisfies Record<
  string,
  readonly [string, Style]
>;

const COLUMN = 4;
const MAX_COLUMN = 40;
const REASON_LENGTH = 300;
const MAX_CAUSES = 40;
const MAX_KERNELS = 8;

function markOf({ predicted, possible }: ProgramPrediction): keyof typeof MARKS {
  if (predicted) return 'fail';
  return possible ? 'possible' : 'none';
}

/** Series such as `6.12` if each has one kernel, else whole versions or ids. */
export function kernelHeads({
  kernels,
}: {
  kernels: readonly Pick<Prediction['kernels'][number], 'id' | 'series' | 'version'>[];
}): string[] {
  const choices = [kernels.map(({ series, id }) => series ?? id), kernels.map(({ version, id }) => version ?? id)];
  const names = choices.find((each) => new Set(each).size === each.length) ?? kernels.map(({ id }) => id);
  return names.map((name) => shortened(visible(name), MAX_COLUMN));
}

function matrix(prediction: Prediction, options: Options): string[] {
  const columns = kernelHeads(prediction).map((head, index) => {
    return { head, kernel: prediction.kernels[index]?.id ?? '', width: Math.max(COLUMN, head.length) };
  });
  const cells = new Map(prediction.cells.map((cell) => [`${cell.kernel} ${cell.object}`, cell]));
  const names = prediction.objects.flatMap(({ programs }) => programs.map(({ name }) => visible(name).length + 2));
  const first = Math.min(Math.max(12, ...names), Math.max(12, Math.floor(options.width / 2)));
  return columnsThatFit(columns, { room: options.width - first - 1, gap: 1 }).flatMap((band, number) => {
    const lines = [...(number > 0 ? [''] : []), `${' '.repeat(first)} ${band.map(({ head, width }) => head.padStart(width)).join(' ')}`];
    for (const { id, programs } of prediction.objects) {
      lines.push(paint(shortened(visible(id), options.width), 'bold', options));
      for (const [index, { name }] of programs.entries()) {
        const marks = band.map(({ kernel, width }) => {
          const program = cells.get(`${kernel} ${id}`)?.programs[index];
          if (!program) return ' '.repeat(width);
          const [text, style] = MARKS[markOf(program)];
          return ' '.repeat(width - text.length) + paint(text, style, options);
        });
        lines.push(`${shortened(`  ${visible(name)}`, first).padEnd(first)} ${marks.join(' ')}`.trimEnd());
      }
    }
    return lines;
  });
}

interface Cause {
  mark: 'fail' | 'possible';
  verdict: Verdict;
  where: { object: string; program: string; kernel: string }[];
}

/** Joins failures of the same class and reason. */
function causes(prediction: Prediction): Cause[] {
  const found = new Map<string, Cause>();
  for (const { kernel, object, programs } of prediction.cells) {
    for (const { name, predicted, possible } of programs) {
      const [mark, verdict] = predicted ? (['fail', predicted] as const) : (['possible', possible] as const);
      if (!verdict) continue;
      const key = `${mark} ${verdict.class} ${verdict.reason}`;
      const cause = found.get(key) ?? { mark, verdict, where: [] };
      found.set(key, cause);
      cause.where.push({ object, program: name, kernel });
    }
  }
  return [...found.values()].toSorted((a, b) => a.mark.localeCompare(b.mark));
}

function place({ where }: Pick<Cause, 'where'>, names: ReadonlyMap<string, string>, options: Options): string {
  const programs = [...new Set(where.map(({ object, program }) => `${visible(object)}/${visible(program)}`))];
  const kernels = [...new Set(where.map(({ kernel }) => names.get(kernel) ?? kernel))];
  const shown = firstOf(kernels, MAX_KERNELS, options);
  const list = `${shown.join(', ')}${kernels.length > shown.length ? ` and ${kernels.length - shown.length} more` : ''}`;
  return `${programs.join(', ')} on ${list}`;
}

function reasons(prediction: Prediction, options: Options): string[] {
  const names = new Map(kernelHeads(prediction).map((head, index) => [prediction.kernels[index]?.id ?? '', head]));
  const all = causes(prediction);
  const shown = firstOf(all, MAX_CAUSES, options).flatMap((cause) => {
    const { mark, verdict } = cause;
    const word = paint(mark === 'fail' ? 'fail' : 'may fail', MARKS[mark][1], options);
    return [
      `${word} ${verdict.class}: ${cutTo(visible(verdict.reason), REASON_LENGTH, options)}`,
      `     ${shortened(place(cause, names, options), options.width - 5)}`,
    ];
  });
  const more = all.length > shown.length / 2 ? [`and ${plural(all.length - shown.length / 2, 'more cause')}; --json has them all`] : [];
  return all.length === 0 ? [] : ['', ...shown, ...more];
}

/** Relocations that resolve but read something else, with where. */
function semanticChanges(prediction: Prediction, options: Options): string[] {
  const names = new Map(kernelHeads(prediction).map((head, index) => [prediction.kernels[index]?.id ?? '', head]));
  const objects = new Map(prediction.objects.map((object) => [object.id, object]));
  const found = new Map<string, Cause['where']>();
  for (const { kernel, object, relocations } of prediction.cells) {
    for (const { ref, suspicious } of relocations) {
      const relocation = objects.get(object)?.relocations[ref];
      if (suspicious === null || !relocation) continue;
      const key = `${relocation.access}: ${suspicious}`;
      found.set(key, [...(found.get(key) ?? []), { object, program: relocation.program, kernel }]);
    }
  }
  const shown = firstOf([...found], MAX_CAUSES, options).flatMap(([text, where]) => [
    `${paint('semantic change', 'yellow', options)} ${cutTo(visible(text), REASON_LENGTH, options)}`,
    `     ${shortened(place({ where }, names, options), options.width - 5)}`,
  ]);
  const more =
    found.size > shown.length / 2 ? [`and ${plural(found.size - shown.length / 2, 'more semantic change')}; --json has them all`] : [];
  return found.size === 0 ? [] : ['', ...shown, ...more];
}

/** The whole text, ending in a newline. Control sequences in untrusted text are escaped. */
export function predictionText(prediction: Prediction, milliseconds: number, options: Options): string {
  const marks = prediction.cells.flatMap(({ programs }) => programs.map(markOf));
  const count = (mark: keyof typeof MARKS) => marks.filter((each) => each === mark).length;
  const counts = [
    paint(`${count('fail')} fail`, 'red', options),
    paint(`${count('possible')} may fail`, 'yellow', options),
    paint(`${count('none')} ok`, 'green', options),
  ];
  const size = `${plural(prediction.kernels.length, 'kernel')}, ${plural(prediction.objects.length, 'object')}`;
  const total = `${counts.join(', ')} (${size}, ${milliseconds.toFixed(0)} ms, predicted from BTF: nothing was loaded)`;
  return `${[...matrix(prediction, options), ...reasons(prediction, options), ...semanticChanges(prediction, options), '', total].join('\n')}\n`;
}
