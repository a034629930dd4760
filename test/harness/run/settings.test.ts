// Objects with settings of their own, in real guests.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../../harness/config/load.ts';
import { plainSources, readInputs } from '../../../harness/run/inputs.ts';
import { objectSources } from '../../../harness/run/object-sources.ts';
import { realRun, sample } from './real-run.ts';

/** The objects of a configuration in a folder of its own, and of arguments beside it. */
async function inputsOf(entries: (object: string) => string, args: readonly string[] = []) {
  const folder = await mkdtemp(join(tmpdir(), 'settings-'));
  try {
    const file = join(folder, 'corematrix.yaml');
    await writeFile(file, `objects:\n${entries(relative(folder, sample('task_state')))}`);
    const configured = objectSources(await loadConfig(file), folder);
    const inputs = args.length > 0 ? await readInputs(plainSources(args, folder), { configured }) : await readInputs(configured);
    return { ...inputs, problems: inputs.problems.map((problem) => problem.replaceAll(folder, '<folder>')) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const WITHOUT = (object: string) => `  - path: ${object}\n    programs: { old_name: { autoload: false } }\n`;

test('settings hold for the object that is named, in the configuration or as an argument', async () => {
  const plain = await inputsOf((object) => `  - ${object}\n${WITHOUT(object)}  - { path: ${object}, name: as-it-is }\n`);
  expect(plain.problems).toEqual([]);
  expect(plain.objects.map(({ result, settings }) => [result.id, settings])).toEqual([
    ['task_state', { programs: { old_name: { autoload: false } } }],
    ['as-it-is', {}],
  ]);
  const named = await inputsOf(WITHOUT, [sample('task_state'), sample('rss_stat')]);
  expect(named.objects.map(({ result, settings }) => [result.id, settings])).toEqual([
    ['task_state', { programs: { old_name: { autoload: false } } }],
    ['rss_stat', {}],
  ]);
});

test('settings of a program that is not there are an error with its place', async () => {
  const { problems } = await inputsOf((object) => `  - path: ${object}\n    programs:\n      older_name: { autoload: false }\n`);
  expect(problems).toEqual([
    '<folder>/corematrix.yaml:4:19: no program "older_name" in the object; it has: old_name, new_name, either_name',
  ]);
});

test('a program that is switched off is left out of the load', async () => {
  const { objects } = await inputsOf(WITHOUT);
  const { cells } = await realRun([], ['debian:6.1'], { objects });
  expect(cells.map(({ status, programs }) => [status, programs.map((program) => `${program.name} ${program.status}`)])).toEqual([
    ['pass', ['old_name skip', 'new_name pass', 'either_name pass']],
  ]);
});

const CHOICES = `  - path: <choices>
    name: missing
    programs:
      on_unlink: { attach_to: there_is_no_such_function }
      unlink_fentry: { attach_to: security_inode_unlink }
      unlink_kprobe: { type: tracing, attach_type: trace_fexit, attach_to: security_inode_unlink }
      filter_packets: { autoload: false }
      filename_fentry: { autoload: false }
`;

test('a program goes where it is told, and fails alone where that is not', async () => {
  const { objects, problems } = await inputsOf(() => CHOICES.replace('<choices>', sample('choices')));
  expect(problems).toEqual([]);
  const { cells } = await realRun([], ['debian:6.1'], { objects });
  const lines = cells.flatMap(({ programs }) =>
    programs.map(({ name, status, reason, predicted }) => [name, status, reason, predicted?.agrees]),
  );
  expect(lines).toEqual([
    ['filter_packets', 'skip', null, null],
    ['on_unlink', 'fail', "attach target there_is_no_such_function (tracing) is not in this kernel's BTF", true],
    ['unlink_fentry', 'pass', null, true],
    ['unlink_kprobe', 'pass', null, true],
    ['filename_fentry', 'skip', null, null],
  ]);
});
