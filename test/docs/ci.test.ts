// Tests of the GitHub action and the CI examples. They run every part that needs no CI server.
import { chmod, copyFile, cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';
import { VERSION } from '../../harness/base/version.ts';
import { corematrix, MAIN } from '../harness/cli/command.ts';
import { renderJson } from '../../reports/json.ts';
import { night as resultsOf } from '../harness/results/history/nights.ts';
import { sample } from '../harness/run/real-run.ts';
import { addProgram, imitatedRunner, type Runner, runStep } from './runner.ts';

const DOCS = join(PACKAGE_ROOT, 'docs/ci');
const read = async (path: string) => readFile(join(PACKAGE_ROOT, path), 'utf8');

let folder = '';
let runner: Runner;
beforeAll(async () => {
  runner = await imitatedRunner();
  folder = runner.workspace;
  await mkdir(join(folder, 'build'));
  await copyFile(sample('task_state'), join(folder, 'build/task state.bpf.o'));
  await writeFile(join(folder, 'corematrix'), `#!/bin/sh\nexec node "${PACKAGE_ROOT}/dist/harness/cli/main.js" "$@"\n`);
  await chmod(join(folder, 'corematrix'), 0o755);
});
afterAll(async () => rm(runner.folder, { recursive: true, force: true }));

async function action(inputs: Record<string, string>) {
  return runStep(runner, 'run.sh', { COREMATRIX_ACTION_MAIN: MAIN, ...inputs });
}

describe('the GitHub action', () => {
  it('the GitHub action runs the matrix, annotates, writes the summary and returns the exit code', async () => {
    const { exitCode, stderr, output, summary } = await action({
      COREMATRIX_OBJECTS: 'build/task state.bpf.o\n',
      COREMATRIX_KERNELS: 'debian:6.1\ndebian:6.12\n',
      COREMATRIX_FORMATS: 'tap\nsarif',
      COREMATRIX_OUT: 'report',
      COREMATRIX_BASELINE: 'none',
      COREMATRIX_GATE: 'regressions',
    });
    expect([exitCode, output]).toEqual([1, 'exit-code=1\nreport=report\n']);
    expect(stderr.split('\n').filter((line) => line.startsWith('::'))).toHaveLength(1);
    expect(summary).toContain('## Unexpected');
    // For the step that comments.
    expect(await readFile(join(runner.temp, 'corematrix/summary.md'), 'utf8')).toBe(summary);
    expect((await readdir(join(folder, 'report'))).toSorted()).toEqual([
      '.corematrix-report.json',
      'bundle.tar',
      'logs',
      'results.json',
      'results.sarif',
      'results.tap',
    ]);
    const again = await action({
      COREMATRIX_OBJECTS: 'build/*.bpf.o',
      COREMATRIX_KERNELS: 'debian:6.12',
      COREMATRIX_OUT: 'again',
      COREMATRIX_BASELINE: 'report',
      COREMATRIX_GATE: 'regressions',
      COREMATRIX_SHARD: '1/1',
    });
    expect([again.exitCode, again.output]).toEqual([0, 'exit-code=0\nreport=again\n']);
  });

  it('the GitHub action treats every input as text', async () => {
    const said = await action({
      COREMATRIX_OBJECTS: '--help\n$(touch hacked)\n`touch hacked`',
      COREMATRIX_KERNELS: '; touch hacked',
      COREMATRIX_OUT: 'x\nreport=y',
    });
    expect([said.exitCode, said.output]).toEqual([2, 'exit-code=2\nreport=xreport=y\n']);
    expect(await readdir(folder)).not.toContain('hacked');
  });

  it.each(['CONFIG', 'SHARD', 'BASELINE', 'GATE', 'FORMATS', 'FROZEN', 'ACTION_UNTRUSTED', 'OUT'])(
    'the GitHub action runs no command in the input COREMATRIX_%s',
    async (name) => {
      const hostile = '$(touch hacked)`touch hacked`"; touch hacked; \'\ntouch hacked';
      // A gate is read only beside a baseline that exists.
      const baseline = name === 'GATE' ? { COREMATRIX_BASELINE: 'build' } : {};
      const { exitCode, output } = await action({ COREMATRIX_OBJECTS: 'none.bpf.o', ...baseline, [`COREMATRIX_${name}`]: hostile });
      expect([exitCode, output.split('\n')]).toEqual([2, ['exit-code=2', expect.stringMatching(/^report=/), '']]);
      expect(await readdir(folder)).not.toContain('hacked');
    },
  );
});

describe('the GitHub action on a pull request', () => {
  const ours = { repository: { full_name: 'own/probes' } };
  const from = (repo: object | null) => ({ ...ours, pull_request: { head: { repo } } });
  const EVENTS = [
    ['a pull request from a fork', 'pull_request', from({ full_name: 'stranger/probes' }), true],
    ['a pull request from a deleted fork', 'pull_request_target', from(null), true],
    ['a comment on a pull request', 'issue_comment', { ...ours, issue: { pull_request: {} } }, true],
    ['a workflow after one of a fork', 'workflow_run', { ...ours, workflow_run: { head_repository: { full_name: 'a/b' } } }, true],
    ['an event that cannot be read', 'pull_request', null, true],
    ['a pull request from a branch', 'pull_request', from({ full_name: 'own/probes' }), false],
    ['a push', 'push', ours, false],
    ['a comment on an issue', 'issue_comment', { ...ours, issue: {} }, false],
  ] as const;

  const isRefused = async (name: string, event: object | null, untrusted: string) => {
    const place = await mkdtemp(join(folder, 'event-'));
    await writeFile(
      join(place, 'dangerous.yaml'),
      "mirrors: ['http://127.0.0.1:1/debian']\nobjects: [none.bpf.o]\nkernels: [debian:6.12]\n",
    );
    await writeFile(join(place, 'event.json'), event === null ? '{' : JSON.stringify(event));
    const github = { GITHUB_EVENT_NAME: name, GITHUB_EVENT_PATH: join(place, 'event.json'), GITHUB_REPOSITORY: 'own/probes' };
    const inputs = { ...github, COREMATRIX_CONFIG: join(place, 'dangerous.yaml'), COREMATRIX_ACTION_UNTRUSTED: untrusted };
    const { exitCode, stderr } = await action(inputs);
    expect(exitCode).toBe(2);
    return stderr.includes('dangerous.yaml:1:11: mirrors.0: refused because the configuration is not trusted');
  };

  it.each(EVENTS)('by default, the GitHub action decides about trust by the event: %s', async (_, name, event, expected) => {
    expect(await isRefused(name, event, 'auto')).toBe(expected);
  });

  it('the input of the GitHub action overrides the decision about trust by the event', async () => {
    const [[, name, fork], , , , , , [, push, event]] = EVENTS;
    expect([await isRefused(name, fork, 'false'), await isRefused(push, event, 'true'), await isRefused(push, event, 'yes')]).toEqual([
      false,
      true,
      true,
    ]);
  });
});

describe('an example', () => {
  it('the CI examples name only existing commands and options', async () => {
    const files = (await readdir(DOCS, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    const texts = await Promise.all(files.map(async ({ parentPath, name }) => readFile(join(parentPath, name), 'utf8')));
    const lines = texts.flatMap((text) => [
      ...text.matchAll(/(?:corematrix(?:@[\d.]+)?|main\.js|corematrix}"|\$main") (run|merge|report)\b(.*)/g),
    ]);
    expect(lines.length).toBeGreaterThan(3);
    for (const [, command = '', rest = ''] of lines) {
      const { stdout } = await corematrix(folder, [command, '--help']);
      expect((rest.match(/(?<= )--[a-z]+(-[a-z]+)*/g) ?? []).filter((option) => !stdout.includes(`${option} `))).toEqual([]);
    }
    const inputs = Object.keys(parse(await read('action.yml')).inputs);
    for (const name of ['github-nightly.yml', 'github-pull-request.yml']) {
      const steps = Object.values<{ steps: { uses?: string; with?: Record<string, string> }[] }>(
        parse(await read(`docs/ci/${name}`)).jobs,
      ).flatMap((job) => job.steps);
      const own = steps.filter(({ uses }) => uses === 'OWNER/corematrix@main').flatMap((step) => Object.keys(step.with ?? {}));
      expect(own.filter((input) => !inputs.includes(input))).toEqual([]);
      expect(steps.flatMap((step) => step.with?.version ?? [])).toEqual([VERSION]);
      expect(own).toEqual(expect.arrayContaining(['version', 'mirror']));
    }
    expect(parse(await read('docs/ci/gitlab-ci.yml'))['kernels-report'].artifacts.reports.junit).toBe('corematrix-report/junit.xml');
  });

  it('the nightly workflow merges its shards, compares with the newest night that succeeded, and continues its history', async () => {
    const { jobs } = parse(await read('docs/ci/github-nightly.yml'));
    const step = jobs.report.steps.find(({ name }: { name?: string }) => name === 'Join the parts');
    const place = join(folder, 'workflow');
    await mkdir(join(place, 'shards'), { recursive: true });
    await addProgram(runner, 'npx', `shift 2\nexec node "${MAIN}" "$@"`);
    const joined = async (day: number, status: 'pass' | 'fail', accept = '') => {
      const whole = resultsOf({ day, statuses: ['pass', status] });
      for (const [at, cell] of whole.cells.entries()) {
        const run = { ...whole.run, shard: { index: at + 1, total: whole.cells.length } };
        await mkdir(join(place, `shards/shard-${at + 1}`), { recursive: true });
        await writeFile(join(place, `shards/shard-${at + 1}/results.json`), renderJson({ ...whole, run, cells: [cell] }));
      }
      const { exitCode, stdout } = await execa('bash', ['-e', '-c', String(step.run)], {
        cwd: place,
        env: { GITHUB_ACTIONS: '', ACCEPT: accept, PATH: `${runner.bin}:${process.env['PATH'] ?? ''}` },
        reject: false,
      });
      const lines = stdout.split('\n');
      // What the job `before` does.
      for (const name of exitCode === 0 ? ['baseline', 'history'] : ['history']) {
        await rm(join(place, 'before', name), { recursive: true, force: true });
        await cp(join(place, 'corematrix-report'), join(place, 'before', name), { recursive: true });
      }
      await rm(join(place, 'corematrix-report'), { recursive: true });
      return {
        exitCode,
        lines: lines
          .slice(
            0,
            lines.findIndex((line) => line.includes('5.10')),
          )
          .filter((line) => line !== ''),
      };
    };
    const nights = [
      await joined(1, 'pass'),
      await joined(2, 'fail'),
      await joined(3, 'fail'),
      await joined(4, 'fail', 'true'),
      await joined(5, 'fail'),
    ];
    expect(nights).toMatchInlineSnapshot(`
      [
        {
          "exitCode": 0,
          "lines": [
            "no baseline: every unexpected failure counts",
          ],
        },
        {
          "exitCode": 1,
          "lines": [
            "since 2026-05-01 03:00 UTC: 1 regression; gate regressions: 1 regression",
            "regression: so it is",
            "     probes/probe on 6.12",
            "history of 2 runs since 2026-05-01; not as expected: 0, 1",
            "fails for the first time",
            "     probes/probe on 6.12",
            "flaky 1 of 2 runs (50 %)",
            "     probes/probe on 6.12",
          ],
        },
        {
          "exitCode": 1,
          "lines": [
            "since 2026-05-01 03:00 UTC: 1 regression; gate regressions: 1 regression",
            "regression: so it is",
            "     probes/probe on 6.12",
            "history of 3 runs since 2026-05-01; not as expected: 0, 1, 1",
            "fails since 2026-05-02, 2 runs",
            "     probes/probe on 6.12",
            "flaky 1 of 3 runs (33 %)",
            "     probes/probe on 6.12",
          ],
        },
        {
          "exitCode": 0,
          "lines": [
            "since 2026-05-01 03:00 UTC: 1 regression; gate regressions: 1 regression",
            "regression: so it is",
            "     probes/probe on 6.12",
            "history of 4 runs since 2026-05-01; not as expected: 0, 1, 1, 1",
            "fails since 2026-05-02, 3 runs",
            "     probes/probe on 6.12",
            "flaky 1 of 4 runs (25 %)",
            "     probes/probe on 6.12",
          ],
        },
        {
          "exitCode": 0,
          "lines": [
            "since 2026-05-04 03:00 UTC: 1 still failing; gate regressions: 0 regressions; not counted: 1 known failure",
            "still failing: so it is",
            "     probes/probe on 6.12",
            "history of 5 runs since 2026-05-01; not as expected: 0, 1, 1, 1, 1",
            "fails since 2026-05-02, 4 runs",
            "     probes/probe on 6.12",
            "flaky 1 of 5 runs (20 %)",
            "     probes/probe on 6.12",
          ],
        },
      ]
    `);
  });

  it('the nightly workflow fetches the newest results that exist, and goes on without any', async () => {
    const { jobs } = parse(await read('docs/ci/github-nightly.yml'));
    const place = join(folder, 'fetched');
    await mkdir(place);
    // Run 3 has no artifact any more.
    await addProgram(
      runner,
      'gh',
      `case "$*" in
*"--status success"*) printf '3\\n2\\n' ;;
*"--status completed"*) exit 1 ;;
"run download 2 "*) echo night-2 >"$7/results.json" ;;
*) exit 1 ;;
esac`,
    );
    const env = { GITHUB_WORKFLOW: 'kernels', GITHUB_REF_NAME: 'main', PATH: `${runner.bin}:${process.env['PATH'] ?? ''}` };
    const { exitCode, stdout } = await execa('bash', ['-e', '-c', String(jobs.before.steps[0].run)], { cwd: place, env, reject: false });
    expect([exitCode, stdout, await readFile(join(place, 'before/baseline/results.json'), 'utf8')]).toEqual([
      0,
      "::notice::no earlier run with status completed has an artifact 'corematrix': no history",
      'night-2\n',
    ]);
    expect((await readdir(join(place, 'before'))).toSorted()).toEqual(['baseline', 'fetched', 'history']);
  });

  it('the baseline of the nightly job is the newest night that succeeded or was accepted', async () => {
    await copyFile(join(DOCS, 'nightly.sh'), join(folder, 'nightly.sh'));
    await writeFile(join(folder, 'corematrix.yaml'), "kernels: ['debian:6.12']\nobjects: ['build/*.bpf.o']\n");
    const env = { COREMATRIX: join(folder, 'corematrix'), GITHUB_ACTIONS: '' };
    const night = async () => {
      const { exitCode, stdout, stderr } = await execa('sh', ['nightly.sh'], { cwd: folder, env, reject: false });
      const said = stderr.split('\n').filter((line) => line.includes('baseline'));
      return {
        exitCode,
        stillFailing: stdout.includes('1 still failing'),
        said: said.map((line) => line.replaceAll(/20\d\d-\d\d-\d\d/g, 'DATE')),
      };
    };
    const first = await night();
    const [today = ''] = (await readdir(join(folder, 'nightly'))).filter((name) => name.startsWith('20'));
    const second = await night();
    await rename(join(folder, 'nightly', today), join(folder, 'nightly/2026-01-01'));
    await writeFile(join(folder, 'nightly/baseline'), '2026-01-01\n');
    const accepted = await night();
    expect([first, second, accepted, (await readFile(join(folder, 'nightly/baseline'), 'utf8')) === `${today}\n`]).toMatchInlineSnapshot(`
      [
        {
          "exitCode": 1,
          "said": [
            "no baseline in nightly: every unexpected failure counts",
            "exit code 1: the baseline stays none; to accept the failures of this night: echo DATE >nightly/baseline",
          ],
          "stillFailing": false,
        },
        {
          "exitCode": 1,
          "said": [
            "no baseline in nightly: every unexpected failure counts",
            "exit code 1: the baseline stays none; to accept the failures of this night: echo DATE >nightly/baseline",
          ],
          "stillFailing": false,
        },
        {
          "exitCode": 0,
          "said": [],
          "stillFailing": true,
        },
        true,
      ]
    `);
  });
});
