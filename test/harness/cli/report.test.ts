// Tests of `corematrix report` and `corematrix merge` with results in files.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cellStatus } from '../../../harness/plan/expectations/expectations.ts';
import type { Results } from '../../../harness/results/schema.ts';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';
import { DEFAULT_FORMATS, FORMAT_NAMES, type FormatName } from '../../../harness/base/format-names.ts';
import { FORMATS } from '../../../reports/formats.ts';
import { renderGithub } from '../../../reports/github.ts';
import { readResults, renderJson } from '../../../reports/json.ts';
import { renderMarkdown } from '../../../reports/markdown.ts';
import { HOSTILE_SAMPLE } from '../../reports/hostile.ts';
import { SAMPLE } from '../../reports/sample.ts';
import { corematrix, type Said } from './command.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'corematrix-report-'));
  await mkdir(join(folder, 'whole'));
  await writeFile(join(folder, 'whole/results.json'), renderJson(SAMPLE));
  await writeFile(join(folder, 'hostile.json'), renderJson(HOSTILE_SAMPLE));
  for (const index of [1, 2, 3]) {
    await mkdir(join(folder, `shard ${index}`));
    await writeFile(join(folder, `shard ${index}/results.json`), renderJson(shardOf(index)));
  }
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const COMPLETE: Results = { ...SAMPLE, run: { ...SAMPLE.run, complete: true } };

function shardOf(index: number): Results {
  const cells = COMPLETE.cells.filter((_, at) => at % 3 === index - 1);
  return { ...COMPLETE, cells, run: { ...COMPLETE.run, shard: { index, total: 3 } } };
}

const said = ({ exitCode, stdout, stderr }: Said) => `${stdout}\n---\n${stderr}\nexit ${exitCode}`.replaceAll(folder, 'FOLDER');
const read = async (name: string) => readFile(join(folder, name), 'utf8');

/** The expected output of a format. Of the page, only the end, because its script depends on the build. */
function expected(format: FormatName, results: Results): string {
  return format === 'html' ? '</html>' : FORMATS[format].render(readResults(renderJson(results), 'results.json'));
}

const compared = (format: FormatName, text: string) => (format === 'html' ? text.trimEnd().slice(-7) : text);

describe('corematrix report', () => {
  it('corematrix report recreates the report folder from results', async () => {
    expect(said(await corematrix(folder, ['report', 'whole', '-o', 'again']))).toMatchInlineSnapshot(`
      "
                          5.10 6.12 7.4-rc3
      task_state
        old_name            ok   xf    !inf
        new_name          FAIL   ok    !inf
        either_name         XP   ok    !inf
        newer_hook         n/a   ok    !inf
      probes
        probe             skip FAIL       —
        hidden_on_purpose skip   ok       —

      fail core-field-missing: task_struct.__state: no such field (byte_off)
           task_state/new_name on 5.10
      fail attach-target-missing: do_unlinkat is not in this kernel
           probes/probe on 6.12
      xpass: passes, though it was expected to fail: this kernel has neither name
           task_state/either_name on 5.10
      infra infra-timeout: no word from the guest for 30 s
           task_state/old_name, task_state/new_name, task_state/either_name, task_state/newer_hook on 7.4-rc3

      interrupted: 5 pass, 2 fail, 1 xfail, 1 xpass, 1 unsupported, 2 skip, 4 infra, 2 not-run (3 kernels, 2 objects, 42.5 s, tcg, libbpf 1.7.0)
      ---
      report: again/index.html
      exit 0"
    `);
    expect((await readdir(join(folder, 'again'))).toSorted()).toEqual([
      '.corematrix-report.json',
      'index.html',
      'junit.xml',
      'logs',
      'results.json',
      'summary.md',
    ]);
    for (const name of DEFAULT_FORMATS) expect(compared(name, await read(`again/${FORMATS[name].file}`))).toBe(expected(name, SAMPLE));
  });

  it.each(FORMAT_NAMES)('corematrix report writes %s completely to a pipe', async (format) => {
    for (const [file, results] of [
      ['whole/results.json', SAMPLE],
      ['hostile.json', HOSTILE_SAMPLE],
    ] as const) {
      const main = join(PACKAGE_ROOT, 'dist/harness/cli/main.js');
      const piped = await execa({
        cwd: folder,
        stripFinalNewline: false,
      })`sh -c ${`node "${main}" report ${file} --format ${format} | cat`}`;
      expect(compared(format, piped.stdout)).toBe(expected(format, results));
    }
  });

  it('corematrix report ends without an error if the reader of a pipe exits', async () => {
    const main = join(PACKAGE_ROOT, 'dist/harness/cli/main.js');
    const { stdout, stderr } = await execa({
      cwd: folder,
    })`sh -c ${`(node "${main}" report whole --format html; echo $? >&2) | head -c 15`}`;
    expect([stdout, stderr]).toEqual(['<!doctype html>', '0']);
  });

  it('corematrix report refuses wrong input in one line', async () => {
    await writeFile(join(folder, 'not.json'), '{"schemaVersion": 2}');
    const all = [
      ['report', 'no/such'],
      ['report', 'not.json'],
      ['report', 'again/logs'],
      ['report', 'whole', '--format', 'pdf'],
      ['report', 'whole', '--format', 'html', '-o', 'x'],
      ['report', 'whole', 'shard 1'],
      ['report'],
    ];
    const outputs: string[] = [];
    for (const args of all) outputs.push((await corematrix(folder, args)).stderr.replaceAll(folder, 'FOLDER'));
    expect(outputs.join('\n')).toMatchInlineSnapshot(`
      "error: no/such: no such file; expected a results.json or the report folder it lies in
      error: not.json: 5 errors: run: missing; expected an object; kernels: missing; expected an array; objects: missing; expected an array; …
      error: again/logs/results.json: no such file
      error: option '--format <name>' argument 'pdf' is invalid. Allowed choices are html, json, junit, markdown, github, sarif, ctrf, tap, badge, shields.
      (add --help for the possible arguments)
      error: --format writes to standard output and --out a folder; choose one
      error: whole/results.json and shard 1/results.json cannot be merged: number of shards is no and 3; give the shards of one run
      error: missing required argument 'results'
      (add --help for the possible arguments)"
    `);
  });
});

describe('on GitHub', () => {
  const env = (summary: string) => ({ GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: folder, GITHUB_STEP_SUMMARY: join(folder, summary) });

  it('annotations on GitHub are written to the log, and the summary is appended to that of the job', async () => {
    await writeFile(join(folder, 'summary'), 'before\n');
    const { stderr } = await corematrix(folder, ['report', 'whole', '-o', 'again'], env('summary'));
    expect(`${stderr}\n`).toBe(`report: again/index.html\n${renderGithub(SAMPLE)}`);
    expect(await read('summary')).toBe(`before\n${renderMarkdown(SAMPLE)}`);
  });

  it('a shard on GitHub writes annotations but no summary', async () => {
    const { stderr } = await corematrix(folder, ['report', 'shard 1', '-o', 'again'], env('of shard'));
    expect(stderr.split('\n').filter((line) => line.startsWith('::'))).toHaveLength(3);
    const merged = await corematrix(folder, ['merge', 'shard 1', 'shard 2', 'shard 3', '-o', 'merged'], env('of merge'));
    expect(merged.stderr).toBe('report: merged/index.html');
    expect([await read('of shard').catch(() => 'none'), await read('of merge')]).toEqual(['none', renderMarkdown(COMPLETE)]);
  });

  it('a GitHub summary that cannot be written does not change the exit code', async () => {
    await execa('mkfifo', [join(folder, 'pipe')]);
    for (const [summary, reason] of [
      ['no/such', "ENOENT: no such file or directory, open 'FOLDER/no/such'"],
      ['pipe', "ENXIO: no such device or address, open 'FOLDER/pipe'"],
      ['whole', "EISDIR: illegal operation on a directory, open 'FOLDER/whole'"],
    ] as const) {
      const { exitCode, stderr } = await corematrix(folder, ['report', 'whole', '-o', 'again'], env(summary));
      expect([exitCode, stderr.split('\n').at(-1)?.replaceAll(folder, 'FOLDER')]).toEqual([
        0,
        `the job summary cannot be written: ${reason}`,
      ]);
    }
  });
});

describe('corematrix merge', () => {
  it('corematrix merge combines shards to the whole run', async () => {
    const whole = await corematrix(folder, ['merge', 'shard 3', 'shard 1/results.json', 'shard 2', '-o', 'merged']);
    expect(whole.exitCode).toBe(1);
    const { cells, kernels, objects, run } = readResults(await read('merged/results.json'), 'results.json');
    expect({ cells: cells.map(({ programs }) => programs.map(({ status }) => status)), kernels, objects, run: { ...run, id: '' } }).toEqual(
      {
        cells: COMPLETE.cells.map(({ programs }) => programs.map(({ status }) => status)),
        kernels: COMPLETE.kernels,
        objects: COMPLETE.objects,
        run: { ...COMPLETE.run, id: '' },
      },
    );
    const again = await corematrix(folder, ['report', 'shard 1', 'shard 2', 'shard 3', '-o', 'reported']);
    expect(again.stdout).toBe(whole.stdout);
    expect(await read('reported/results.json')).toBe(await read('merged/results.json'));
  });

  it('corematrix merge writes only the requested formats', async () => {
    await corematrix(folder, ['merge', 'shard 1', '-o', 'chosen']);
    await corematrix(folder, ['merge', 'shard 1', '-o', 'chosen', '--format', 'tap', '--format', 'sarif']);
    expect((await readdir(join(folder, 'chosen'))).toSorted()).toEqual([
      '.corematrix-report.json',
      'logs',
      'results.json',
      'results.sarif',
      'results.tap',
    ]);
    expect((await corematrix(folder, ['merge', 'shard 1', '--format', 'pdf'])).stderr).toMatchInlineSnapshot(`
      "error: option '--format <name>' argument 'pdf' is invalid. Allowed choices are html, json, junit, markdown, github, sarif, ctrf, tap, badge, shields.
      (add --help for the possible arguments)"
    `);
  });

  it('corematrix merge writes style, script and data of the page beside it, as corematrix report does', async () => {
    const { exitCode } = await corematrix(folder, ['merge', 'shard 1', 'shard 2', 'shard 3', '-o', 'beside', '--html-assets', 'external']);
    await corematrix(folder, ['report', 'shard 1', 'shard 2', 'shard 3', '-o', 'beside-again', '--html-assets', 'external']);
    const files = async (name: string) => (await readdir(join(folder, name))).toSorted();
    expect([exitCode, await files('beside')]).toEqual([1, await files('beside-again')]);
    expect(await read('beside/index.html')).toBe(await read('beside-again/index.html'));
    expect(await read('beside/index.html')).not.toContain('<style');
  });

  it('corematrix merge shows the cells of a missing shard as not run', async () => {
    expect(said(await corematrix(folder, ['merge', 'shard 2', '-o', 'partial']))).toMatchInlineSnapshot(`
      "
                          5.10 6.12 7.4-rc3
      task_state
        old_name             —    —    !inf
        new_name             —    —    !inf
        either_name          —    —    !inf
        newer_hook           —    —    !inf
      probes
        probe             skip    —       —
        hidden_on_purpose skip    —       —

      infra infra-timeout: no word from the guest for 30 s
           task_state/old_name, task_state/new_name, task_state/either_name, task_state/newer_hook on 7.4-rc3
      not-run: its shard is missing: 1/3 or 3/3
           task_state/old_name, task_state/new_name, task_state/either_name, task_state/newer_hook, probes/probe, probes/hidden_on_purpose on 5.10, 6.12, 7.4-rc3

      2 skip, 4 infra, 12 not-run (3 kernels, 2 objects, 42.5 s, tcg, libbpf 1.7.0)
      ---
      report: partial/index.html
      exit 3"
    `);
  });
});

describe('with a baseline', () => {
  const passing = { status: 'pass', stage: null, class: null, reason: null } as const;
  const better: Results = {
    ...COMPLETE,
    cells: COMPLETE.cells.map((cell) => {
      const programs = cell.programs.map((program) => (program.status === 'fail' ? { ...program, ...passing } : program));
      return cell.status === 'fail'
        ? { ...cell, ...passing, status: cellStatus({ status: 'pass', programs }), programs }
        : { ...cell, programs };
    }),
  };
  const exitCode = async (...args: string[]) => (await corematrix(folder, ['report', ...args, '-o', 'compared'])).exitCode;

  it('with a baseline and a gate, only regressions count for the exit code', async () => {
    await writeFile(join(folder, 'now.json'), renderJson(COMPLETE));
    await writeFile(join(folder, 'better.json'), renderJson(better));
    expect([
      await exitCode('now.json', '--gate', 'failures'),
      await exitCode('now.json', '--gate', 'regressions', '--baseline', 'now.json'),
      await exitCode('now.json', '--gate', 'regressions', '--baseline', 'better.json'),
      await exitCode('better.json', '--gate', 'regressions', '--baseline', 'now.json'),
      await exitCode('now.json', '--baseline', 'better.json'),
    ]).toEqual([1, 3, 1, 3, 0]);
  });

  it('the gate regressions+new also counts failures of programs that the baseline lacks, and no others', async () => {
    const names = new Map([['task_state', 'renamed']]);
    const renamed = (id: string) => names.get(id) ?? id;
    const objects = COMPLETE.objects.map((object) => ({ ...object, id: renamed(object.id) }));
    const cells = COMPLETE.cells.map((cell) => ({ ...cell, object: renamed(cell.object) }));
    await writeFile(join(folder, 'renamed.json'), renderJson({ ...COMPLETE, objects, cells }));
    expect([
      await exitCode('now.json', '--gate', 'regressions', '--baseline', 'renamed.json'),
      await exitCode('now.json', '--gate', 'regressions+new', '--baseline', 'renamed.json'),
      await exitCode('now.json', '--gate', 'regressions+new', '--baseline', 'now.json'),
      await exitCode('now.json', '--gate', 'regressions+new', '--baseline', 'better.json'),
    ]).toEqual([3, 1, 3, 1]);
  });

  it('with a baseline, output and report folder show changes first', async () => {
    const { stdout } = await corematrix(folder, ['merge', 'now.json', '--baseline', 'better.json', '-o', 'compared']);
    expect(stdout.split('\n\n')[0]).toMatchInlineSnapshot(`
      "
      since 2026-05-04 10:00 UTC: 2 regressions, 1 still failing
      regression: task_struct.__state: no such field (byte_off)
           task_state/new_name on 5.10
      regression: do_unlinkat is not in this kernel
           probes/probe on 6.12
      still failing: passes, though it was expected to fail: this kernel has neither name
           task_state/either_name on 5.10"
    `);
    expect(await read('compared/summary.md')).toContain('## Since 2026-05-04 10:00 UTC\n\n2 regressions, 1 still failing.\n');
  });

  it('a gate without a baseline is refused at once', async () => {
    const runs = [
      ['report', 'now.json', '--gate', 'regressions'],
      ['run', 'x.bpf.o', '-k', 'debian:6.12', '--gate', 'regressions'],
      ['run', 'x.bpf.o', '-k', 'debian:6.12', '--last-failed', '-o', 'nowhere'],
    ];
    const errors: string[] = [];
    for (const args of runs) errors.push((await corematrix(folder, args)).stderr);
    expect(errors).toEqual([
      'error: --gate regressions needs --baseline RESULTS: it takes two runs to see a regression',
      'error: --gate regressions needs --baseline RESULTS: it takes two runs to see a regression',
      'error: nowhere: no such file; expected a results.json or the report folder it lies in',
    ]);
  });
});
