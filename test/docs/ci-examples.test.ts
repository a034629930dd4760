// Tests of the CI examples for Jenkins, Buildkite, Kubernetes and GitLab: their shape, and their commands on a matrix in three parts.
import { copyFile, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { cacheRoot } from '../../harness/base/files.ts';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';
import { MAIN } from '../harness/cli/command.ts';
import { sample } from '../harness/run/real-run.ts';
import { addProgram, imitatedRunner, type Runner } from './runner.ts';

const DOCS = join(PACKAGE_ROOT, 'docs/ci');
const SERIES = ['5.10', '6.1', '6.12'];
const KERNELS = SERIES.map((series) => `debian:${series}`);
const SHARDS = [1, 2, 3];
const read = async (name: string) => readFile(join(DOCS, name), 'utf8');

let runner: Runner;
beforeAll(async () => {
  runner = await imitatedRunner();
  await addProgram(runner, 'corematrix', `exec node "${MAIN}" "$@"`);
  const project = join(runner.workspace, 'project');
  await mkdir(project);
  await copyFile(sample('task_state'), join(project, 'probe.bpf.o'));
  await writeFile(join(project, 'Makefile'), 'objects:\n\t@touch made\n');
  const lines = ['objects: [probe.bpf.o]', `kernels: ${JSON.stringify(KERNELS)}`, 'lock: kernels.lock.json'];
  await writeFile(join(project, 'corematrix.yaml'), `${lines.join('\n')}\n`);
  await execa(join(runner.bin, 'corematrix'), ['kernels', 'lock', ...KERNELS, '-o', 'kernels.lock.json'], { cwd: project });
});
afterAll(async () => rm(runner.folder, { recursive: true, force: true }));

/** A checkout of the project. */
async function checkout(name: string): Promise<string> {
  const place = join(runner.workspace, name);
  await execa('cp', ['-r', join(runner.workspace, 'project'), place]);
  return place;
}

/** Runs the commands of an example in a checkout. Returns the exit code. */
async function shell(place: string, script: string, variables: Record<string, string> = {}): Promise<number | undefined> {
  const path = [runner.bin, process.env['PATH'] ?? ''].join(delimiter);
  const env = { CI: 'true', GITHUB_ACTIONS: '', ...variables, PATH: path };
  return (await execa('bash', ['-e', '-c', script], { cwd: place, env, reject: false, stdin: 'ignore' })).exitCode;
}

const resultsSchema = z.object({
  kernels: z.array(z.object({ series: z.string() })),
  cells: z.array(z.object({ programs: z.array(z.object({ status: z.string() })) })),
});

/** The kernels of a report, whether all its programs have a verdict, and the names of its files. */
async function reportIn(place: string) {
  const folder = join(place, 'corematrix-report');
  const { kernels, cells } = resultsSchema.parse(JSON.parse(await readFile(join(folder, 'results.json'), 'utf8')));
  const statuses = new Set(cells.flatMap(({ programs }) => programs.map(({ status }) => status)));
  return { series: kernels.map(({ series }) => series), statuses: [...statuses].toSorted(), files: await readdir(folder) };
}

const WHOLE = { series: SERIES, statuses: ['fail', 'pass'], files: expect.arrayContaining(['junit.xml', 'results.json', 'summary.md']) };

it.each(['Jenkinsfile', 'buildkite.yml', 'kubernetes-job.yml', 'gitlab-ci.yml'])('the CI example %s has at most 40 lines', async (name) => {
  expect((await read(name)).trimEnd().split('\n').length).toBeLessThanOrEqual(40);
});

describe('Jenkinsfile', () => {
  it('every bracket of the Jenkinsfile is closed, and every part that it keeps is used', async () => {
    const text = (await read('Jenkinsfile')).replaceAll(/^\s*\/\/.*$/gm, '');
    let brackets = text.replaceAll(/'[^'\n]*'|"[^"\n]*"/g, '').replaceAll(/[^(){}[\]]/g, '');
    while (/\(\)|\{\}|\[\]/.test(brackets)) brackets = brackets.replaceAll(/\(\)|\{\}|\[\]/g, '');
    expect(brackets).toBe('');
    const [, values = ''] = /name 'SHARD'; values ([^}]*)/.exec(text) ?? [];
    const shards = [...values.matchAll(/'(\d+)'/g)].map(([, value]) => `shard-${value}`);
    expect([...text.matchAll(/unstash '([^']+)'/g)].map(([, name]) => name)).toEqual(shards);
    expect(shards).toEqual(SHARDS.map((shard) => `shard-${shard}`));
  });

  it('the commands of the Jenkinsfile run all parts and join them into one report', async () => {
    const commands = [...(await read('Jenkinsfile')).matchAll(/\bsh (?:returnStatus: true, script: )?'([^']*)'/g)].map(
      ([, text = '']) => text,
    );
    const [make = '', run = '', merge = ''] = commands;
    expect(commands).toHaveLength(3);
    const place = await checkout('jenkins');
    expect(await shell(place, make)).toBe(0);
    const codes: unknown[] = [];
    for (const shard of SHARDS) codes.push(await shell(place, run, { SHARD: `${shard}` }));
    expect([codes.every((code) => code === 0 || code === 1), await shell(place, merge)]).toEqual([true, codes.includes(1) ? 1 : 0]);
    expect(await reportIn(place)).toEqual(WHOLE);
  });
});

describe('buildkite.yml', () => {
  it('the commands of the Buildkite pipeline run all parts, join them, and annotate the build', async () => {
    const text = await read('buildkite.yml');
    // The upload of a pipeline replaces a variable after a single dollar sign.
    expect(text.replaceAll('$$', '')).not.toContain('$');
    const { steps } = parse(text.replaceAll('$$', '$'));
    const [kernels, wait, report] = steps;
    expect([kernels.parallelism, wait]).toEqual([SHARDS.length, { wait: null, continue_on_failure: true }]);
    const log = join(runner.folder, 'buildkite.log');
    await addProgram(runner, 'buildkite-agent', `echo "$*" >>'${log}'\n[ "$1" != annotate ] || cat >>'${log}'`);
    const place = await checkout('buildkite');
    const codes: unknown[] = [];
    for (const job of SHARDS.keys()) {
      const variables = { BUILDKITE_PARALLEL_JOB: `${job}`, BUILDKITE_PARALLEL_JOB_COUNT: `${kernels.parallelism}` };
      codes.push(await shell(place, kernels.command, variables));
    }
    expect(await readdir(place)).toEqual(expect.arrayContaining(['made', 'shard-1', 'shard-2', 'shard-3']));
    expect(await shell(place, report.command)).toBe(codes.includes(1) ? 1 : 0);
    expect(await reportIn(place)).toEqual(WHOLE);
    const [download, annotate, ...summary] = (await readFile(log, 'utf8')).split('\n');
    expect([download, annotate]).toEqual(['artifact download shard-*/**/* .', 'annotate --style info --context corematrix']);
    expect(summary.join('\n')).toBe(await readFile(join(place, 'corematrix-report/summary.md'), 'utf8'));
    // A part whose programs fail is not run again.
    expect(kernels.retry.automatic).toEqual([{ exit_status: 3, limit: 1 }]);
  });

  it('the report of the Buildkite pipeline fails if a part is missing, and shows that it did not run', async () => {
    const { steps } = parse((await read('buildkite.yml')).replaceAll('$$', '$'));
    await addProgram(runner, 'buildkite-agent', 'cat >/dev/null');
    const place = await checkout('buildkite-part');
    await shell(place, steps[0].command, { BUILDKITE_PARALLEL_JOB: '2', BUILDKITE_PARALLEL_JOB_COUNT: '3' });
    expect(await shell(place, steps[2].command)).toBeGreaterThan(0);
    expect((await reportIn(place)).statuses).toContain('not-run');
  });
});

/** The parts of a Job that this example uses. Other keys are errors: Kubernetes drops an unknown key, or refuses the Job. */
const jobSchema = z.strictObject({
  apiVersion: z.literal('batch/v1'),
  kind: z.literal('Job'),
  metadata: z.strictObject({ name: z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/) }),
  spec: z.strictObject({
    completions: z.int().positive(),
    parallelism: z.int().positive(),
    completionMode: z.literal('Indexed'),
    backoffLimitPerIndex: z.int(),
    podFailurePolicy: z.strictObject({
      rules: z.array(
        z.strictObject({
          action: z.literal('FailIndex'),
          onExitCodes: z.strictObject({ containerName: z.string(), operator: z.literal('In'), values: z.array(z.int().positive()) }),
        }),
      ),
    }),
    template: z.strictObject({
      spec: z.strictObject({
        restartPolicy: z.literal('Never'),
        containers: z.tuple([
          z.strictObject({
            name: z.string(),
            image: z.string(),
            command: z.tuple([z.literal('sh'), z.literal('-c')]),
            args: z.tuple([z.string()]),
            env: z.tuple([z.strictObject({ name: z.literal('RESULTS'), value: z.string() })]),
            resources: z.strictObject({ requests: z.record(z.enum(['cpu', 'memory']), z.string()) }),
            volumeMounts: z.tuple([z.strictObject({ name: z.string(), mountPath: z.string() })]),
          }),
        ]),
        volumes: z.tuple([z.strictObject({ name: z.string(), persistentVolumeClaim: z.strictObject({ claimName: z.string() }) })]),
      }),
    }),
  }),
});

describe('kubernetes-job.yml', () => {
  it('the Kubernetes Job has only known keys, and its names fit together', async () => {
    const { spec } = jobSchema.parse(parse(await read('kubernetes-job.yml')));
    const [container] = spec.template.spec.containers;
    const [rule] = spec.podFailurePolicy.rules;
    expect([spec.completions, spec.parallelism]).toEqual([SHARDS.length, SHARDS.length]);
    expect(rule?.onExitCodes).toEqual({ containerName: container.name, operator: 'In', values: [1, 2, 70] });
    expect(container.volumeMounts[0].name).toBe(spec.template.spec.volumes[0].name);
    expect(container.env[0].value).toBe(container.volumeMounts[0].mountPath);
  });

  it('the pods of the Kubernetes Job run all parts, and the command in its comment joins them', async () => {
    const text = await read('kubernetes-job.yml');
    const { spec } = jobSchema.parse(parse(text));
    const [script] = spec.template.spec.containers[0].args;
    const place = await checkout('kubernetes');
    const results = join(runner.folder, 'results');
    await mkdir(results);
    const codes: unknown[] = [];
    for (const index of SHARDS.keys()) {
      await symlink(cacheRoot(), join(results, `cache-${index + 1}`));
      codes.push(await shell(place, script, { JOB_COMPLETION_INDEX: `${index}`, RESULTS: results }));
    }
    const [, merge = ''] = /^# (corematrix merge .*)$/m.exec(text) ?? [];
    expect(await shell(place, merge.replace('/results', results))).toBe(codes.includes(1) ? 1 : 0);
    expect(await reportIn(place)).toEqual(WHOLE);
  });
});

it('the commands of the GitLab example run all parts and join them with a history', async () => {
  const example = parse(await read('gitlab-ci.yml'));
  const [run, report] = [example.kernels, example['kernels-report']].map(({ script }) => script.join('\n'));
  const place = await checkout('gitlab');
  for (const shard of SHARDS) await shell(place, run, { CI_NODE_INDEX: `${shard}`, CI_NODE_TOTAL: `${example.kernels.parallel}` });
  expect([0, 1]).toContain(await shell(place, report));
  expect(await reportIn(place)).toEqual(WHOLE);
  expect((await readFile(join(place, 'history.jsonl'), 'utf8')).trimEnd().split('\n')).toHaveLength(1);
});
