// Tests of TAP with Perl's own harness and the reference parser of TAP 14.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { Parser } from 'tap-parser';
import { describe, expect, it } from 'vitest';
import { createLogStore } from '../../harness/results/logs.ts';
import type { Results } from '../../harness/results/schema.ts';
import { renderTap } from '../../reports/tap.ts';
import { HOSTILE_SAMPLE } from './hostile.ts';
import { SAMPLE } from './sample.ts';

const EMPTY: Results = { ...SAMPLE, kernels: [], objects: [], cells: [], logs: createLogStore() };
const GOOD: Results = {
  ...SAMPLE,
  cells: SAMPLE.cells.map((cell) => ({
    ...cell,
    programs: cell.programs.filter(({ status }) => status !== 'fail' && status !== 'xpass' && status !== 'infra'),
  })),
};

/** The output of Perl's harness. It supports everything that these reports use, but only up to version 13. */
async function prove(results: Results): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tap-'));
  try {
    await writeFile(join(folder, 'x.tap'), renderTap(results).replace('TAP version 14\n', 'TAP version 13\n'));
    const { stdout } = await execa('prove', ['-e', 'cat', join(folder, 'x.tap')], { reject: false });
    return stdout.replaceAll(folder, 'FOLDER').replaceAll(/Files=.*\n/g, '');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The result of the reference parser. */
function parsed(results: Results) {
  const parser = new Parser({ strict: false });
  const names: string[] = [];
  const extra: string[] = [];
  parser.on('assert', ({ ok, name, skip, todo, diag }) => {
    names.push(
      `${ok ? 'ok' : 'not ok'} ${name}${skip ? ` SKIP ${skip}` : ''}${todo ? ` TODO ${todo}` : ''}${diag ? ` ${JSON.stringify(diag)}` : ''}`,
    );
  });
  parser.on('extra', (text: string) => extra.push(text));
  parser.end(renderTap(results));
  const { ok, count, pass, fail, skip, todo } = parser.results ?? {};
  return { names, extra, summary: { ok, count, pass, fail, skip, todo } };
}

describe('TAP', () => {
  it('TAP has a test point for each program on each kernel', () => {
    expect(renderTap(SAMPLE)).toMatchInlineSnapshot(`
      "TAP version 14
      1..18
      # interrupted
      ok 1 - debian-5.10.262-amd64: task_state/old_name
      not ok 2 - debian-5.10.262-amd64: task_state/new_name
        ---
        message: "task_struct.__state: no such field (byte_off)"
        status: "fail"
        stage: "verify"
        class: "core-field-missing"
        errno: 22
        ...
      not ok 3 - debian-5.10.262-amd64: task_state/either_name
        ---
        message: "passes, though it was expected to fail: this kernel has neither name"
        status: "xpass"
        ...
      ok 4 - debian-5.10.262-amd64: task_state/newer_hook # SKIP unsupported: the hook came with 6.1
      ok 5 - debian-5.10.262-amd64: probes/probe # SKIP
      ok 6 - debian-5.10.262-amd64: probes/hidden_on_purpose # SKIP
      not ok 7 - debian-6.12.117-amd64: task_state/old_name # TODO state is called __state since 5.14
        ---
        message: "task_struct.__state: no such field (byte_off)"
        status: "xfail"
        stage: "verify"
        class: "core-field-missing"
        errno: 22
        ...
      ok 8 - debian-6.12.117-amd64: task_state/new_name
      ok 9 - debian-6.12.117-amd64: task_state/either_name
      ok 10 - debian-6.12.117-amd64: task_state/newer_hook
      not ok 11 - debian-6.12.117-amd64: probes/probe
        ---
        message: "do_unlinkat is not in this kernel"
        status: "fail"
        stage: "attach"
        class: "attach-target-missing"
        errno: 2
        ...
      ok 12 - debian-6.12.117-amd64: probes/hidden_on_purpose
      not ok 13 - file-vmlinux-7.4: task_state/old_name
        ---
        message: "no word from the guest for 30 s"
        status: "infra"
        class: "infra-timeout"
        ...
      not ok 14 - file-vmlinux-7.4: task_state/new_name
        ---
        message: "no word from the guest for 30 s"
        status: "infra"
        class: "infra-timeout"
        ...
      not ok 15 - file-vmlinux-7.4: task_state/either_name
        ---
        message: "no word from the guest for 30 s"
        status: "infra"
        class: "infra-timeout"
        ...
      not ok 16 - file-vmlinux-7.4: task_state/newer_hook
        ---
        message: "no word from the guest for 30 s"
        status: "infra"
        class: "infra-timeout"
        ...
      ok 17 - file-vmlinux-7.4: probes/probe # SKIP not run
      ok 18 - file-vmlinux-7.4: probes/hidden_on_purpose # SKIP not run
      "
    `);
  });

  it("TAP is read by Perl's harness as intended", async () => {
    expect(await prove(SAMPLE)).toMatchInlineSnapshot(`
      "FOLDER/x.tap .. 
      Failed 7/18 subtests 
      	(less 5 skipped subtests: 6 okay)

      Test Summary Report
      -------------------
      FOLDER/x.tap (Wstat: 0 Tests: 18 Failed: 7)
        Failed tests:  2-3, 11, 13-16
      Result: FAIL"
    `);
    expect(await prove(GOOD)).toMatchInlineSnapshot(`
      "FOLDER/x.tap .. ok
      All tests successful.
      Result: PASS"
    `);
    expect(await prove(HOSTILE_SAMPLE)).toBe(await prove(SAMPLE));
    expect(await prove(EMPTY)).toMatchInlineSnapshot(`
      "FOLDER/x.tap .. skipped: nothing was run
      Result: NOTESTS"
    `);
  });

  it('TAP is read by the reference parser as intended, also with hostile text', () => {
    expect(parsed(SAMPLE).summary).toEqual({ ok: false, count: 18, pass: 10, fail: 8, skip: 5, todo: 1 });
    expect(parsed(GOOD).summary.ok).toBe(true);
    const hostile = parsed(HOSTILE_SAMPLE);
    expect({ ...hostile, names: hostile.names.length }).toEqual({ ...parsed(SAMPLE), names: 18 });
    expect(parsed(SAMPLE).names).toMatchInlineSnapshot(`
      [
        "ok debian-5.10.262-amd64: task_state/old_name",
        "not ok debian-5.10.262-amd64: task_state/new_name {"message":"task_struct.__state: no such field (byte_off)","status":"fail","stage":"verify","class":"core-field-missing","errno":22}",
        "not ok debian-5.10.262-amd64: task_state/either_name {"message":"passes, though it was expected to fail: this kernel has neither name","status":"xpass"}",
        "ok debian-5.10.262-amd64: task_state/newer_hook SKIP unsupported: the hook came with 6.1",
        "ok debian-5.10.262-amd64: probes/probe SKIP true",
        "ok debian-5.10.262-amd64: probes/hidden_on_purpose SKIP true",
        "not ok debian-6.12.117-amd64: task_state/old_name TODO state is called __state since 5.14 {"message":"task_struct.__state: no such field (byte_off)","status":"xfail","stage":"verify","class":"core-field-missing","errno":22}",
        "ok debian-6.12.117-amd64: task_state/new_name",
        "ok debian-6.12.117-amd64: task_state/either_name",
        "ok debian-6.12.117-amd64: task_state/newer_hook",
        "not ok debian-6.12.117-amd64: probes/probe {"message":"do_unlinkat is not in this kernel","status":"fail","stage":"attach","class":"attach-target-missing","errno":2}",
        "ok debian-6.12.117-amd64: probes/hidden_on_purpose",
        "not ok file-vmlinux-7.4: task_state/old_name {"message":"no word from the guest for 30 s","status":"infra","class":"infra-timeout"}",
        "not ok file-vmlinux-7.4: task_state/new_name {"message":"no word from the guest for 30 s","status":"infra","class":"infra-timeout"}",
        "not ok file-vmlinux-7.4: task_state/either_name {"message":"no word from the guest for 30 s","status":"infra","class":"infra-timeout"}",
        "not ok file-vmlinux-7.4: task_state/newer_hook {"message":"no word from the guest for 30 s","status":"infra","class":"infra-timeout"}",
        "ok file-vmlinux-7.4: probes/probe SKIP not run",
        "ok file-vmlinux-7.4: probes/hidden_on_purpose SKIP not run",
      ]
    `);
  });

  it('TAP escapes control characters', () => {
    expect(renderTap(HOSTILE_SAMPLE)).not.toMatch(/[^\P{C}\n]/u);
  });
});
