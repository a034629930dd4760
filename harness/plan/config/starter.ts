// The corematrix.yaml that `corematrix init` writes: short, and with everything that may be added in a comment beside it.
import { dirname, relative, sep } from 'node:path';
import { DEFAULT_SELECTOR } from '../../../kernels/registry.ts';
import { firstForms } from '../../../kernels/selector-help.ts';
import type { ObjectResult } from '../../results/schema.ts';
import { shortened, visible } from '../../base/visible.ts';
import type { BpfObject } from '../../bpf/object/object.ts';
import { DEFAULT_NAMES } from '../object-settings/defaults.ts';
import { inline, proposalFor } from '../object-settings/proposal-lines.ts';

const MAX_LISTED = 40;
/** With more objects, only those are spoken of that need settings. */
const MAX_COMMENTED = 5;

interface StarterObject {
  file: string;
  bpf: BpfObject;
  result: Pick<ObjectResult, 'id' | 'programs'>;
}

/** Entries of objects that leave something to their loader, by path. */
function proposals(objects: readonly StarterObject[], directory: string): Map<string, string[]> {
  const entries = new Map<string, string[]>();
  for (const { file, bpf } of objects) {
    const { isNeeded, lines } = proposalFor(bpf);
    const path = relative(directory, file).split(sep).join('/');
    const isShown = objects.length > MAX_COMMENTED ? isNeeded : lines.length > 0;
    if (isShown) entries.set(path, [`  - path: ${inline(path)}`, ...lines]);
  }
  return entries;
}

/** One pattern where all objects of a folder are meant, their paths otherwise. */
function objectPatterns(files: readonly string[], directory: string): string[] {
  const paths = files.map((file) => relative(directory, file).split(sep).join('/'));
  const folders = [...new Set(paths.map(dirname))];
  const suffix = paths.every((path) => path.endsWith('.bpf.o')) ? '.bpf.o' : '.o';
  const plain = folders.every((folder) => !/[*?[\]{}()!]/.test(folder));
  if (!plain || paths.length < 2 || !paths.every((path) => path.endsWith(suffix))) return paths;
  return folders.map((folder) => (folder === '.' ? `*${suffix}` : `${folder}/*${suffix}`));
}

function listed({ id, programs }: Pick<ObjectResult, 'id' | 'programs'>): string {
  return `#   ${shortened(visible(`${id}: ${programs.map(({ name }) => name).join(', ') || 'no programs'}`), 110)}`;
}

/**
 * The text of a configuration for objects.
 * @param schema where the published JSON Schema lies relative to the configuration; null when that cannot be told
 */
export function starterConfig(objects: readonly StarterObject[], directory: string, schema: string | null): string {
  const [first] = objects;
  const object = first?.file.split(sep).at(-1) ?? 'prog.bpf.o';
  const program = first?.result.programs[0]?.name ?? 'my_program';
  const patterns = objectPatterns(
    objects.map(({ file }) => file),
    directory,
  );
  const proposed = proposals(objects, directory);
  const more = objects.length > MAX_LISTED ? [`#   and ${objects.length - MAX_LISTED} more`] : [];
  const lines = [
    ...(schema === null ? [] : [`# yaml-language-server: $schema=${schema}`]),
    '# What "corematrix run" runs, and what is known to fail. "corematrix plan" shows what it means.',
    '',
    `# The kernels to run on, for example ${firstForms()}. All forms: corematrix kernels --help`,
    `kernels: [${DEFAULT_SELECTOR}]`,
    '# One that the run may do without: { selector: debian:6.12/rt, optional: true }',
    '',
    '# Paths or patterns, relative to this file. Found here:',
    ...objects.slice(0, MAX_LISTED).map(({ result }) => listed(result)),
    ...more,
    'objects:',
    ...patterns.filter((pattern) => !proposed.has(pattern)).map((pattern) => `  - ${inline(pattern)}`),
    ...(proposed.size === 0
      ? []
      : ['  # What loaders of these set before they load them, as far as the objects tell; in comments, what else they may set.']),
    ...[...proposed.values()].flat(),
    '',
    `# Settings of every object that does not have them itself: ${DEFAULT_NAMES.join(', ')}.`,
    '# defaults: { mode: attach }',
    '',
    '# The same kernels every night, until "corematrix kernels update" brings newer ones:',
    '# lock: kernels.lock.json',
    '',
    '# What the report folder holds besides results.json and logs: html, junit, markdown, github, sarif, ctrf, tap.',
    '# formats: [html, junit, markdown]',
    '',
    '# A line for every run: since when each failure is there, and what is flaky.',
    '# history: history.jsonl',
    '',
    '# What the exit code tells: failures or only regressions against --baseline; flaky cells; how many may stay without a verdict.',
    '# policy: { gate: failures, failOnFlaky: false, maxInfra: 0 }',
    '',
    '# Seconds a cell may take, seconds a kernel may take to come up, and guests at the same time:',
    '# timeout: 300',
    '# bootTimeout: 90',
    '# jobs: 2',
    '',
    '# What is known to fail, and why; everything else must pass. A pass where a failure is expected is told, too.',
    '# "corematrix expectations update corematrix-report" writes them from a run.',
    '# expectations:',
    `#   - object: ${inline(visible(object))}`,
    `#     program: ${inline(visible(program))} # without it, every program of the object`,
    "#     kernels: '<5.14' # without it, every kernel",
    '#     distribution: debian # without it, any; the same goes for arch: x86_64',
    '#     status: fail # or unsupported: out of scope there, whatever happens',
    '#     class: core-field-missing # another class is a failure',
    '#     reason: the field came with 5.14',
    '#     link: https://example.org/issues/1',
    '#     expires: 2030-12-31 # the last day it holds',
  ];
  return `${lines.join('\n')}\n`;
}
