// Root causes as text: on a terminal, in a mail, in a bug report.
import { styleText } from 'node:util';
import { pathText } from '../harness/explain/path.ts';
import type {
  CausePlace,
  CausePresence,
  CauseSituation,
  Explanation,
  Guard,
  GuardedPlace,
  LogLine,
  RootCause,
  SemanticChangePlace,
} from '../harness/results/explanation.ts';
import type { Relation } from '../harness/base/vocabulary.ts';
import { plural } from '../harness/base/text.ts';
import { visible, visibleText } from '../harness/base/visible.ts';
import { fileName } from './file-name.ts';

interface Options {
  colour: boolean;
}

type Style = Parameters<typeof styleText>[0];
type NameOf = (kernel: string) => string;

const RELATIONS = {
  'other-kind': 'the same, of another kind',
  renamed: 'another name',
  'moved-in': 'moved into a struct in it',
  'moved-out': 'moved out of a struct in it',
  'behind-pointer': 'moved behind a pointer',
  split: 'split off it',
  joined: 'a part of it',
} as const satisfies Record<Relation, string>;

const CERTAINTIES = {
  seen: 'seen in a guest',
  certain: 'certain: BTF alone decides it',
  possible: 'possible: it depends on what BTF does not tell',
} as const satisfies Record<RootCause['certainty'], string>;

/** What a cause is known from. */
export function certaintyText({ certainty, class: failure }: RootCause): string {
  if (failure === 'kconfig-missing' && certainty === 'certain') return "certain: the kernel's configuration decides it";
  return CERTAINTIES[certainty];
}

const MAX_EVIDENCE = 6;

function paint(text: string, style: Style, { colour }: Options): string {
  return colour ? styleText(style, text, { validateStream: false }) : text;
}

function listed(kernels: readonly string[], nameOf: NameOf): string {
  return kernels.map((kernel) => visible(nameOf(kernel))).join(' ');
}

/** Where a report folder keeps the log. */
function logLines(log: LogLine | null): string[] {
  if (!log) return [];
  const { kernel, object, program, kind, line } = log;
  const parts = [object, ...(program === null ? [] : [program])].map(fileName);
  return [`    log: logs/${fileName(kernel)}/${parts.join('.')}.${kind}.log:${line}`];
}

/** What a kernel has instead: the way there, its type, and how that is related to what is missing. */
export function alternativeWords({ relation, paths: ways, type, certainty }: CauseSituation['alternatives'][number]) {
  return { path: ways.map((way) => pathText(way)).join('->'), type, how: `${RELATIONS[relation]}, ${certainty}` };
}

function situationLines({ kernels, summary, alternatives, hints, evidence, log }: CauseSituation, nameOf: NameOf): string[] {
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
    ...logLines(log),
  ];
}

/** Which kernels have what is missing: `of 11 kernels, 10 kernels have it: first 6.1, last 7.3`. */
export function presenceText({ first, last, gaps, has, lacks: hasNot, witnesses }: CausePresence, nameOf: NameOf): string {
  if (first === null || last === null) return `none of the ${plural(hasNot.length, 'kernel')} looked at has it`;
  const range = first === last ? `only ${nameOf(first)}` : `first ${nameOf(first)}, last ${nameOf(last)}`;
  const without = gaps.length > 0 ? `, but not ${listed(gaps, nameOf)}` : '';
  const changes = witnesses.map(({ from, to, change }) => `; ${change} between ${nameOf(from)} and ${nameOf(to)}`).join('');
  return `of ${plural(has.length + hasNot.length, 'kernel')}, ${plural(has.length, 'kernel')} ${has.length === 1 ? 'has' : 'have'} it: ${visible(range)}${without}${visible(changes)}`;
}

const REACHED = { yes: '', no: ' (not come to)', unknown: ' (if the verifier comes to it)' } as const;

function insnLines({ at, program }: CausePlace): string[] {
  if (!at || at.text === null) return [];
  const inside = at.program === program ? '' : ` of ${visible(at.program)}`;
  const state = at.state === null ? '' : `, where ${visible(at.state)}`;
  return [`    at insn ${at.insn}${inside}: ${visible(at.text)}${state}`];
}

function placeLines(place: CausePlace, nameOf: NameOf): string[] {
  const { object, program, relocation, source, fails, behind, reached } = place;
  const where = source ? ` ${source.exact ? '' : 'near '}${source.file}:${source.line}` : '';
  const what = relocation ? ` ${relocation.access} (${relocation.kind})` : '';
  const head = `  ${visible(object)}/${visible(program)}${visible(where)}${visible(what)}${reached === null ? '' : REACHED[reached]}`;
  const text = source?.text.trim() ?? '';
  return [
    head,
    ...(text === '' ? [] : [`    > ${visible(text)}`]),
    ...insnLines(place),
    ...(fails.length > 0 ? [`    fails on ${listed(fails, nameOf)}`] : []),
    ...(behind.length > 0 ? [`    behind another failure on ${listed(behind, nameOf)}`] : []),
  ];
}

function causeLines(cause: RootCause, nameOf: NameOf, options: Options): string[] {
  const {
    class: failure,
    subject,
    fingerprint,
    places,
    situations,
    presence,
    knownChange: known,
    snippet,
    advice,
    notReached: hides,
  } = cause;
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
    ...places.flatMap((place) => placeLines(place, nameOf)),
    ...situations.flatMap((situation) => situationLines(situation, nameOf)),
    ...(presence ? [`  ${presenceText(presence, nameOf)}`] : []),
    ...(known ? [`  known: ${known.text} (${known.id})`] : []),
    ...(hides === null ? [] : [`  hides: ${hides}`]),
    ...advice.map((line) => `  ${visible(line)}`),
    ...snippetLines,
    '',
  ];
}

function semanticChangeLines(places: readonly SemanticChangePlace[], nameOf: NameOf, options: Options): string[] {
  if (places.length === 0) return [];
  const lines = places.flatMap(({ object, program, relocation, source, what, kernels }) => {
    const where = source ? ` ${source.exact ? '' : 'near '}${source.file}:${source.line}` : '';
    return [
      `  ${visible(object)}/${visible(program)}${visible(where)} ${visible(relocation.access)} (${relocation.kind})`,
      `    on ${listed(kernels, nameOf)}: ${visible(what)}`,
    ];
  });
  return [paint('loads, but may read something else', 'yellow', options), ...lines, ''];
}

function guardText({ relocation, source, value }: Guard): string {
  const where = source ? ` at ${source.exact ? '' : 'near '}${source.file}:${source.line}` : '';
  return `${relocation.access} (${relocation.kind}), which is ${value} there,${where}`;
}

/** What keeps the verifier away from what a kernel does not have. */
export function guardsText({ guards }: GuardedPlace): string {
  if (guards.length > 0) return `kept out by ${guards.map(guardText).join(' and ')}`;
  return 'nothing leads to it, whatever its checks answer: a constant, a version, or a function that is not called';
}

function guardedLines(places: readonly GuardedPlace[], nameOf: NameOf, options: Options): string[] {
  if (places.length === 0) return [];
  const lines = places.flatMap((place) => {
    const { object, program, relocation, source, kernels } = place;
    const where = source ? ` ${source.exact ? '' : 'near '}${source.file}:${source.line}` : '';
    return [
      `  ${visible(object)}/${visible(program)}${visible(where)} ${visible(relocation.access)} (${relocation.kind})`,
      `    not on ${listed(kernels, nameOf)}: ${visible(guardsText(place))}`,
    ];
  });
  return [paint('missing, but guarded', 'green', options), ...lines, ''];
}

/** A few lines for each root cause, and one that sums up; ends in a newline. Text of strangers is made safe. */
export function explanationText({ kernels, causes, semanticChanges: silent, guarded }: Explanation, options: Options): string {
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
  const total = causes.length === 0 ? 'nothing fails' : plural(causes.length, 'root cause');
  const lines = [
    ...causes.flatMap((cause) => causeLines(cause, nameOf, options)),
    ...semanticChangeLines(silent, nameOf, options),
    ...guardedLines(guarded, nameOf, options),
  ];
  return `${[...lines, `${total} on ${plural(kernels.length, 'kernel')}${without}`].join('\n')}\n`;
}
