// Tests of settings of objects, in real guests.
import { copyFile, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { loadConfig } from '../../../harness/plan/config/load.ts';
import { plainSources, readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { objectSources } from '../../../harness/plan/inputs/object-sources.ts';
import type { Results } from '../../../harness/results/schema.ts';
import { pulledBtf } from '../../kernels/pulled.ts';
import { realRun, sample } from './real-run.ts';

/** Reads the objects of a configuration in a new folder, and those of command-line arguments. */
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

test('settings apply to their object, also if the command line names it', async () => {
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

test('settings of a program that the object does not have are an error with its place', async () => {
  const { problems } = await inputsOf((object) => `  - path: ${object}\n    programs:\n      older_name: { autoload: false }\n`);
  expect(problems).toEqual([
    '<folder>/corematrix.yaml:4:19: no program "older_name" in the object (did you mean old_name?); it has: old_name, new_name, either_name',
  ]);
});

test('a program with autoload false is left out of the load', async () => {
  const { objects } = await inputsOf(WITHOUT);
  const { cells } = await realRun([], ['debian:6.1'], { objects });
  expect(cells.map(({ status, programs }) => [status, programs.map((program) => `${program.name} ${program.status}`)])).toEqual([
    ['pass', ['old_name skip', 'new_name pass', 'either_name pass']],
  ]);
});

/** One line for each program: status, reason, and whether the prediction was right. */
function programLines({ cells }: Results): string[] {
  return cells.flatMap(({ programs }) =>
    programs.map(({ name, status, reason, predicted }) => {
      const contradicted = predicted?.agrees === false ? ' (contradicts the prediction)' : '';
      return `${name} ${status}${reason === null ? '' : `: ${reason}`}${contradicted}`;
    }),
  );
}

/** The only object of a configuration whose entry names `sample`. */
async function objectOf(entry: string) {
  const { objects, problems } = await inputsOf(() => entry);
  expect(problems).toEqual([]);
  return objects;
}

test('a program is attached to the target in its settings, and fails alone on a kernel without it', async () => {
  const objects = await objectOf(`  - path: ${sample('choices')}
    programs:
      on_unlink: { attach_to: there_is_no_such_function }
      unlink_fentry: { attach_to: security_inode_unlink }
      unlink_kprobe: { type: tracing, attach_type: trace_fexit, attach_to: security_inode_unlink }
      filter_packets: { autoload: false }
      filename_fentry: { autoload: false }
`);
  expect(programLines(await realRun([], ['debian:6.1'], { objects }))).toEqual([
    'filter_packets skip',
    "on_unlink fail: attach target there_is_no_such_function (tracing) is not in this kernel's BTF",
    'remember pass',
    'unlink_fentry pass',
    'unlink_kprobe pass',
    'newest_helper pass',
    'newer_helper fail: helper bpf_ktime_get_coarse_ns#160 is not available to program type raw_tracepoint here',
    'oldest_helper skip',
    'filename_fentry skip',
  ]);
});

test('the first of the alternatives that loads is chosen, and if none loads, each one fails', async () => {
  const objects = await objectOf(`  - path: ${sample('choices')}
    programs:
      on_unlink: { autoload: false }
      unlink_fentry: { attach_to: there_is_no_such_function }
      filename_fentry: { autoload: if-supported }
      filter_packets: { autoload: if-supported }
    alternatives: [[newest_helper, newer_helper], [unlink_fentry, unlink_kprobe], [events, old_events]]
`);
  const results = await realRun([], ['debian:5.10'], { objects });
  expect(programLines(results)).toEqual([
    'filter_packets skip: left out: program type netfilter is unknown to this kernel',
    'on_unlink skip',
    'remember pass',
    "unlink_fentry skip: unlink_kprobe is chosen because this alternative does not load here: attach-target-missing: attach target there_is_no_such_function (tracing) is not in this kernel's BTF, and this kernel has no BTF of modules",
    'unlink_kprobe pass',
    'newest_helper fail: helper bpf_ktime_get_tai_ns#208 is unknown to this kernel',
    'newer_helper fail: helper bpf_ktime_get_coarse_ns#160 is unknown to this kernel',
    'oldest_helper skip',
    "filename_fentry skip: left out: attach target filename_unlinkat is not in this kernel's BTF, and this kernel has no BTF of modules",
  ]);
  expect(results.cells.map(({ status, class: failure, chosen }) => [status, failure, chosen])).toEqual([
    ['fail', 'helper-unknown', ['unlink_kprobe', 'old_events']],
  ]);
});

test('relocations are resolved with the custom BTF for a kernel', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'custom-btf-'));
  try {
    const [older, newer] = [await pulledBtf('debian:5.10'), await pulledBtf('debian:6.1')];
    await copyFile(older.path, join(folder, `${newer.release}.btf`));
    const objects = await objectOf(`  - { path: ${sample('task_state')}, btf: ${folder} }\n`);
    const { cells, ...rest } = await realRun([], ['debian:6.1'], { objects });
    // The custom BTF is that of 5.10, which has no __state.
    expect(programLines({ cells, ...rest }).filter((line) => !line.startsWith('old_name'))).toEqual([
      'new_name fail: task_struct.__state: no such field (byte_off, task_state.bpf.c:34)',
      'either_name pass',
    ]);
    expect(cells.flatMap(({ relocations }) => relocations.flatMap(({ predicted }) => predicted ?? []))).toEqual([]);
    const { problems } = await inputsOf((object) => `  - { path: ${object}, btf: nowhere.btf }\n`);
    expect(problems).toEqual([expect.stringMatching(/^<folder>\/corematrix\.yaml:2:\d+: .*nowhere\.btf: no such file or folder$/)]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('custom BTF for a kernel that cannot be read ends the run before a guest boots', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'custom-btf-'));
  try {
    const { release } = await pulledBtf('debian:6.1');
    await writeFile(join(folder, 'readme'), 'no BTF');
    await symlink('readme', join(folder, 'link.btf'));
    await execa('tar', ['--create', '--xz', '--file', `${release}.btf.tar.xz`, 'readme', 'link.btf'], { cwd: folder });
    const objects = await objectOf(`  - { path: ${sample('task_state')}, btf: ${folder} }\n`);
    const events: string[] = [];
    const onEvent = ({ kind }: { kind: string }) => void events.push(kind);
    await expect(realRun([], ['debian:5.10', 'debian:6.1'], { objects, onEvent })).rejects.toThrow(
      expect.objectContaining({
        name: 'UserError',
        message: expect.stringMatching(/^[^ ]*:2:\d+: [^ ]*\.btf\.tar\.xz: no file ending in \.btf in this archive$/),
      }),
    );
    expect(events).not.toContain('accel');
    expect(events).not.toContain('kernel-ready');
  } finally {
    await rm(folder, { recursive: true });
  }
});
