// GitHub annotations: workflow commands that a job writes to its log.
import type { Results } from '../harness/results/schema.ts';
import { notesOf } from './model/notes.ts';
import { type Finding, findings, pathBelow } from './model/findings.ts';
import { type Why, whyLines, whyOf } from './model/why.ts';
import { kernelNames } from '../harness/results/kernel-names.ts';
import type { RenderOptions } from './model/render-options.ts';
import { plural } from '../harness/base/text.ts';
import { shortened, visible } from '../harness/base/visible.ts';

/** GitHub shows this many annotations of each type for a step and drops the rest silently. */
const MAX_OF_TYPE = 10;
const MESSAGE_LENGTH = 1000;
const TITLE_LENGTH = 120;
const MAX_KERNELS = 6;

const COMMANDS = { fail: 'error', xpass: 'error', infra: 'warning', 'not-run': 'warning' } as const satisfies Record<
  Finding['status'],
  string
>;

/** @see escapeData and escapeProperty in actions/toolkit, packages/core/src/command.ts */
function escapedData(text: string): string {
  return visible(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapedProperty(text: string): string {
  return escapedData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

function list(kernels: readonly string[]): string {
  const more = kernels.length > MAX_KERNELS ? ` and ${kernels.length - MAX_KERNELS} more` : '';
  return `${kernels.slice(0, MAX_KERNELS).join(', ')}${more}`;
}

interface Context {
  root: string;
  /** Names of kernels by their ids. */
  names: ReadonlyMap<string, string>;
  why: (finding: Finding) => Why;
}

/** Reason and place on the first line, then what to do. */
function annotation(finding: Finding, { root, names, why }: Context): string {
  const { object, program, source } = finding;
  const kernels = finding.kernels.map((kernel) => names.get(kernel) ?? kernel);
  const file = source && pathBelow(root, source.file);
  const place = file === null ? [] : [`file=${escapedProperty(file)}`, ...(source && source.line > 0 ? [`line=${source.line}`] : [])];
  const name = object && program !== null ? `${object.id}/${program}` : null;
  const what = finding.class ?? finding.status;
  const title = `title=${escapedProperty(shortened(name === null ? what : `${what}: ${name}`, TITLE_LENGTH))}`;
  const where = name === null ? `${plural(finding.count, 'program')} on ${list(kernels)}` : `on ${list(kernels)}`;
  const message = `${shortened(finding.reason, MESSAGE_LENGTH)} (${where})`;
  const lines = [message, ...whyLines(why(finding)).map((line) => shortened(line, MESSAGE_LENGTH))];
  return `::${COMMANDS[finding.status]} ${[...place, title].join(',')}::${lines.map(escapedData).join('%0A')}`;
}

/**
 * A line for each program and root cause, up to GitHub's limit, the most serious first; a notice counts the rest.
 * @param options.root the folder to which source paths are made relative: the checked-out repository
 */
export function renderGithub(results: Results, { root = '' }: RenderOptions = {}): string {
  const counts = new Map<string, number>();
  const all = findings(results);
  const shown = all.filter(({ status }) => {
    const count = (counts.get(COMMANDS[status]) ?? 0) + 1;
    counts.set(COMMANDS[status], count);
    return count <= MAX_OF_TYPE;
  });
  const context = { root, names: kernelNames(results.kernels), why: whyOf(results) };
  const lines = shown.map((finding) => annotation(finding, context));
  const left = all.length - shown.length;
  if (left > 0) lines.push(`::notice title=corematrix::${escapedData(`${plural(left, 'more finding')} in the report`)}`);
  for (const note of notesOf(results)) lines.push(`::notice title=corematrix::${escapedData(note)}`);
  return lines.map((line) => `${line}\n`).join('');
}
