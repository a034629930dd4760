// The corematrix.yaml that `corematrix init` writes. It is short; comments show everything that may be added.
import { basename, dirname, relative, sep } from 'node:path';
import { DEFAULT_SELECTOR } from '../../../kernels/registry.ts';
import { firstForms } from '../../../kernels/selector-help.ts';
import type { ObjectResult } from '../../results/schema.ts';
import { shortened, visible } from '../../base/visible.ts';
import type { BpfObject } from '../../bpf/object/object.ts';
import { DEFAULT_NAMES } from '../object-settings/defaults.ts';
import { inline, proposalFor } from '../object-settings/proposal-lines.ts';

const MAX_LISTED = 40;
/** With more objects than this, settings are proposed only for objects that need them. */
const MAX_COMMENTED = 5;

interface StarterObject {
  file: string;
  bpf: BpfObject;
  result: Pick<ObjectResult, 'id' | 'programs'>;
}

/** Entries with proposed settings, by path, for the objects that depend on their loader. */
function proposals(objects: readonly StarterObject[], directory: string): Map<string, string[]> {
  const entries = new Map<string, string[]>();
  for (const { file, bpf } of objects) {
    const { isNeeded, lines } = proposalFor(bpf, file);
    const path = relative(directory, file).split(sep).join('/');
    const isShown = objects.length > MAX_COMMENTED ? isNeeded : lines.length > 0;
    if (isShown) entries.set(path, [`  - path: ${inline(path)}`, ...lines]);
  }
  return entries;
}

/** One pattern for each folder if all objects have the same suffix, otherwise the paths. Objects that the user named keep their paths. */
function objectPatterns(files: readonly string[], { directory, areNamed }: StarterOptions): string[] {
  const paths = files.map((file) => relative(directory, file).split(sep).join('/'));
  if (areNamed) return paths;
  const folders = [...new Set(paths.map(dirname))];
  const suffix = paths.every((path) => path.endsWith('.bpf.o')) ? '.bpf.o' : '.o';
  const plain = folders.every((folder) => !/[*?[\]{}()!]/.test(folder));
  if (!plain || paths.length < 2 || !paths.every((path) => path.endsWith(suffix))) return paths;
  return folders.map((folder) => (folder === '.' ? `*${suffix}` : `${folder}/*${suffix}`));
}

function listed({ id, programs }: Pick<ObjectResult, 'id' | 'programs'>): string {
  return `#   ${shortened(visible(`${id}: ${programs.map(({ name }) => name).join(', ') || 'no programs'}`), 110)}`;
}

export interface StarterOptions {
  /** The folder of the configuration. */
  directory: string;
  /** The path of the published JSON Schema relative to the configuration; null if there is no such path. */
  schema: string | null;
  /** If true, the user named the objects, and the configuration names exactly these. Otherwise patterns name those of whole folders. */
  areNamed: boolean;
}

/** The text of a configuration for objects. */
export function starterConfig(objects: readonly StarterObject[], options: StarterOptions): string {
  const { directory, schema } = options;
  const [first] = objects;
  const object = first?.file.split(sep).at(-1) ?? 'prog.bpf.o';
  const program = first?.result.programs[0]?.name ?? 'my_program';
  const patterns = objectPatterns(
    objects.map(({ file }) => file),
    options,
  );
  const proposed = proposals(objects, directory);
  const more = objects.length > MAX_LISTED ? [`#   and ${objects.length - MAX_LISTED} more`] : [];
  const lines = [
    ...(schema === null ? [] : [`# yaml-language-server: $schema=${schema}`]),
    '# The configuration of "corematrix run". "corematrix plan" shows the cells that it asks for.',
    '',
    `# Kernels to run on, for example ${firstForms()}. All forms: corematrix kernels --help`,
    `kernels: [${DEFAULT_SELECTOR}]`,
    '# If a kernel may be missing or fail to boot: { selector: debian:6.12/rt, optional: true }',
    '',
    '# Objects: paths or globs, relative to this file. Found:',
    ...objects.slice(0, MAX_LISTED).map(({ result }) => listed(result)),
    ...more,
    'objects:',
    ...patterns.filter((pattern) => !proposed.has(pattern)).map((pattern) => `  - ${inline(pattern)}`),
    ...(proposed.size === 0
      ? []
      : ['  # These objects may depend on settings that their loader makes. Settings in comments are optional.']),
    ...[...proposed.values()].flat(),
    '',
    `# Defaults for all objects; an object can override them. Possible: ${DEFAULT_NAMES.join(', ')}.`,
    '# defaults: { mode: attach }',
    '',
    '# File that pins the kernels, so that every run uses the same ones. "corematrix kernels update" moves it to newer ones.',
    '# lock: kernels.lock.json',
    '',
    '# Formats of the report besides results.json and logs: html, junit, markdown, github, sarif, ctrf, tap, badge, shields.',
    '# formats: [html, junit, markdown]',
    '',
    '# File to which every run appends a line. Reports use it to show since when a program fails and which cells are flaky.',
    '# history: history.jsonl',
    '',
    '# Rules for the exit code. gate: failures; or against --baseline, regressions or regressions+new. maxInfra: cells that may have no verdict.',
    '# policy: { gate: failures, failOnFlaky: false, maxInfra: 0 }',
    '',
    '# Time limits of a cell and of a boot, in seconds, and the maximum number of guests at the same time:',
    '# timeout: 300',
    '# bootTimeout: 90',
    '# jobs: 2',
    '',
    '# Expected failures, with reasons. All other programs must pass. A program that passes although it should fail is reported (xpass).',
    '# "corematrix expectations update corematrix-report" writes them from the results of a run.',
    '# expectations:',
    `#   - object: ${inline(visible(object))}`,
    `#     program: ${inline(visible(program))} # default: every program of the object`,
    "#     kernels: '<5.14' # default: every kernel",
    '#     distribution: debian # default: every distribution; arch: x86_64 works in the same way',
    '#     status: fail # or unsupported: any result is accepted',
    '#     class: core-field-missing # a failure of another class is unexpected',
    '#     reason: the field was added in 5.14',
    '#     link: https://example.org/issues/1',
    '#     expires: 2030-12-31 # last day on which it applies',
  ];
  return `${lines.join('\n')}\n`;
}

/** One line for each setting that the user must fill in before a run: `x.bpf.o: programs.on_unlink.attach_to`. */
export function settingsToFill(objects: readonly Pick<StarterObject, 'file' | 'bpf'>[]): string[] {
  return objects.flatMap(({ file, bpf }) => proposalFor(bpf, file).unfilled.map((setting) => `${basename(file)}: ${setting}`));
}
