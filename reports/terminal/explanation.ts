// Root causes as text: on a terminal, in a mail, in a bug report.
import { join } from 'node:path';
import type {
  CausePlace,
  CauseSituation,
  Explanation,
  GuardedPlace,
  LogLine,
  RootCause,
  MovedArgument,
  SemanticChangePlace,
} from '../../harness/results/explanation.ts';
import { plural } from '../../harness/base/text.ts';
import { visible, visibleText } from '../../harness/base/visible.ts';
import { alternativeWords, certaintyText, guardsText, listed, type NameOf, presenceText, sourcePlace } from '../model/explanation-words.ts';
import { logPath } from '../model/log-path.ts';
import { paint, type Colours } from './paint.ts';

const MAX_EVIDENCE = 6;

/** A cell of which an explanation says nothing. */
interface CellWithoutVerdict {
  kernel: string;
  object: string;
  class: string | null;
  reason: string | null;
}

interface ExplanationOptions extends Colours {
  /** Cells without a verdict (default: none). */
  noVerdict?: readonly CellWithoutVerdict[];
  /** The report folder with the logs (default: none, and no path of a log is shown). */
  folder?: string;
}

function logLines(log: LogLine | null, folder: string | undefined): string[] {
  if (!log || folder === undefined) return [];
  return [`    log: ${visible(join(folder, logPath(log)))}:${log.line}`];
}

function situationLines(
  { kernels, summary, alternatives, hints, evidence, log }: CauseSituation,
  nameOf: NameOf,
  folder: string | undefined,
): string[] {
  const instead = alternatives.map((alternative) => {
    const { path, type, how } = alternativeWords(alternative);
    return `    instead: ${visible(path)}, ${visible(type)} (${how})`;
  });
  return [
    `  on ${listed(kernels, nameOf)}: ${visible(summary)}`,
    ...instead,
    ...hints.map((hint) => `    ${visible(hint)}`),
    ...evidence
      .slice(0, MAX_EVIDENCE)
      .filter((line) => line !== summary)
      .map((line) => `    | ${visible(line)}`),
    ...logLines(log, folder),
  ];
}

const REACHED = { yes: '', no: ' (not reached)', unknown: ' (if the verifier reaches it)' } as const;

function insnLines({ at, program }: CausePlace): string[] {
  if (!at || at.text === null) return [];
  const inside = at.program === program ? '' : ` of ${visible(at.program)}`;
  const state = at.state === null ? '' : `, where ${visible(at.state)}`;
  return [`    at insn ${at.insn}${inside}: ${visible(at.text)}${state}`];
}

function placeLines(place: CausePlace, certainty: RootCause['certainty'], nameOf: NameOf): string[] {
  const { object, program, relocation, source, fails, behind, reached } = place;
  const where = source ? ` ${sourcePlace(source)}` : '';
  const what = relocation ? ` ${relocation.access} (${relocation.kind})` : '';
  const head = `  ${visible(object)}/${visible(program)}${visible(where)}${visible(what)}${reached === null ? '' : REACHED[reached]}`;
  const text = source?.text.trim() ?? '';
  return [
    head,
    ...(text === '' ? [] : [`    > ${visible(text)}`]),
    ...insnLines(place),
    ...(fails.length > 0 ? [`    ${certainty === 'possible' ? 'may fail' : 'fails'} on ${listed(fails, nameOf)}`] : []),
    ...(behind.length > 0 ? [`    behind another failure on ${listed(behind, nameOf)}`] : []),
  ];
}

function causeLines(cause: RootCause, nameOf: NameOf, options: ExplanationOptions): string[] {
  const { class: failure, subject, fingerprint, places, situations, presence, knownChange: known, snippet, advice, notReached } = cause;
  const snippetLines =
    snippet === null
      ? []
      : [
          '  write instead:',
          ...visibleText(snippet)
            .split('\n')
            .map((line) => (line === '' ? '' : `    ${line}`)),
        ];
  return [
    `${paint(failure, 'red', options)}: ${paint(visible(subject), 'bold', options)}  [${fingerprint}]`,
    `  ${certaintyText(cause)}`,
    ...places.flatMap((place) => placeLines(place, cause.certainty, nameOf)),
    ...situations.flatMap((situation) => situationLines(situation, nameOf, options.folder)),
    ...(presence ? [`  ${presenceText(presence, nameOf)}`] : []),
    ...(known ? [`  known: ${known.text} (${known.id})`] : []),
    ...(notReached === null ? [] : [`  not checked: ${notReached}`]),
    ...advice.map((line) => `  ${visible(line)}`),
    ...snippetLines,
    '',
  ];
}

function semanticChangeLines(places: readonly SemanticChangePlace[], nameOf: NameOf, options: Colours): string[] {
  if (places.length === 0) return [];
  const lines = places.flatMap(({ object, program, relocation, source, what, kernels }) => {
    const where = source ? ` ${sourcePlace(source)}` : '';
    return [
      `  ${visible(object)}/${visible(program)}${visible(where)} ${visible(relocation.access)} (${relocation.kind})`,
      `    on ${listed(kernels, nameOf)}: ${visible(what)}`,
    ];
  });
  return [paint('where it loads, may read something else', 'yellow', options), ...lines, ''];
}

function movedArgumentLines(moved: readonly MovedArgument[], nameOf: NameOf, options: Colours): string[] {
  if (moved.length === 0) return [];
  const lines = moved.flatMap(({ object, program, subject, parameters }) => [
    `  ${visible(object)}/${visible(program)} ${visible(subject)}`,
    ...parameters.map(({ text, kernels }) => `    ${visible(text)} on ${listed(kernels, nameOf)}`),
  ]);
  return [paint('reads an argument that is another parameter on other kernels', 'yellow', options), ...lines, ''];
}

function guardedLines(places: readonly GuardedPlace[], nameOf: NameOf, options: Colours): string[] {
  if (places.length === 0) return [];
  const lines = places.flatMap((place) => {
    const { object, program, relocation, source, kernels } = place;
    const where = source ? ` ${sourcePlace(source)}` : '';
    return [
      `  ${visible(object)}/${visible(program)}${visible(where)} ${visible(relocation.access)} (${relocation.kind})`,
      `    not on ${listed(kernels, nameOf)}: ${visible(guardsText(place))}`,
    ];
  });
  return [paint('missing, but guarded', 'green', options), ...lines, ''];
}

/** Why a cell has no verdict. */
export function noVerdictReason({ class: failure, reason }: Pick<CellWithoutVerdict, 'class' | 'reason'>): string {
  return [failure, reason].filter((part) => part !== null).join(': ') || 'the cell did not run';
}

/** The cells without a verdict: those with one object and one reason together. */
function noVerdictLines(cells: readonly CellWithoutVerdict[], nameOf: NameOf, options: Colours): string[] {
  if (cells.length === 0) return [];
  const groups = new Map<string, CellWithoutVerdict[]>();
  for (const cell of cells) {
    const key = JSON.stringify([cell.object, noVerdictReason(cell)]);
    groups.set(key, [...(groups.get(key) ?? []), cell]);
  }
  const lines = [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const kernels = group.map(({ kernel }) => kernel);
    return [`  ${visible(first.object)} on ${listed(kernels, nameOf)}`, `    ${visible(noVerdictReason(first))}`];
  });
  return [paint('no verdict', 'magenta', options), ...lines, ''];
}

/** What the last line says of a number of root causes and of cells without a verdict. */
function totalText(causes: number, noVerdict: number): string {
  const without = noVerdict === 0 ? '' : `${plural(noVerdict, 'cell')} without a verdict`;
  if (causes > 0) return [plural(causes, 'root cause'), without].filter((part) => part !== '').join(', ');
  return without === '' ? 'nothing fails' : `no failure is known, ${without}`;
}

/** A few lines for each root cause, and a summary line; ends in a newline. Untrusted text is escaped. */
export function explanationText(
  { kernels, causes, semanticChanges: silent, movedArguments = [], guarded }: Explanation,
  options: ExplanationOptions,
): string {
  const names = new Map(kernels.map(({ id, name }) => [id, name]));
  const nameOf = (kernel: string) => names.get(kernel) ?? kernel;
  const blind = kernels.filter(({ btf }) => !btf);
  const without =
    blind.length > 0
      ? `; no BTF of ${listed(
          blind.map(({ id }) => id),
          nameOf,
        )}`
      : '';
  const { noVerdict = [] } = options;
  const total = totalText(causes.length, noVerdict.length);
  const lines = [
    ...causes.flatMap((cause) => causeLines(cause, nameOf, options)),
    ...semanticChangeLines(silent, nameOf, options),
    ...movedArgumentLines(movedArguments, nameOf, options),
    ...guardedLines(guarded, nameOf, options),
    ...noVerdictLines(noVerdict, nameOf, options),
  ];
  return `${[...lines, `${total} on ${plural(kernels.length, 'kernel')}${without}`].join('\n')}\n`;
}
