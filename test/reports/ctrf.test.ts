// Tests of CTRF reports with the reference implementation of the format.
import { validate } from 'ctrf';
import { describe, expect, it } from 'vitest';
import { createLogStore } from '../../harness/results/logs.ts';
import type { Results } from '../../harness/results/schema.ts';
import { renderCtrf } from '../../reports/ctrf.ts';
import { HOSTILE_SAMPLE } from './hostile.ts';
import { SAMPLE } from './sample.ts';

const EMPTY: Results = { ...SAMPLE, kernels: [], objects: [], cells: [], logs: createLogStore() };
const SHARD: Results = { ...SAMPLE, run: { ...SAMPLE.run, shard: { index: 1, total: 2 } } };

describe('CTRF', () => {
  it('CTRF has a test for each program on each kernel', () => {
    const [head = ''] = renderCtrf({ ...SHARD, cells: SAMPLE.cells.slice(0, 1) }).split(
      /(?=\n {6}\{\n {8}"name": "task_state\/either_name")/,
    );
    expect(head).toMatchInlineSnapshot(`
      "{
        "reportFormat": "CTRF",
        "specVersion": "0.0.0",
        "runId": "00000000-0000-4000-8000-000000000000",
        "timestamp": "2026-05-04T10:00:42.500Z",
        "generatedBy": "corematrix",
        "results": {
          "tool": {
            "name": "corematrix",
            "version": "0.1.0"
          },
          "summary": {
            "tests": 4,
            "passed": 1,
            "failed": 2,
            "skipped": 1,
            "pending": 0,
            "other": 0,
            "flaky": 4,
            "suites": 3,
            "start": 1777888800000,
            "stop": 1777888842500,
            "duration": 42500
          },
          "tests": [
            {
              "name": "task_state/old_name",
              "status": "passed",
              "duration": 225,
              "suite": [
                "debian-5.10",
                "task_state"
              ],
              "rawStatus": "pass",
              "message": "task_struct.__state: no such field (byte_off)",
              "flaky": true,
              "labels": {
                "kernel": "debian-5.10.262-amd64",
                "series": "5.10",
                "arch": "x86_64"
              }
            },
            {
              "name": "task_state/new_name",
              "status": "failed",
              "duration": 225,
              "suite": [
                "debian-5.10",
                "task_state"
              ],
              "rawStatus": "fail",
              "message": "task_struct.__state: no such field (byte_off)",
              "trace": "0: (b7) r0 = 0\\n1: (b7) r0 = 1\\n2: (b7) r0 = 2\\n3: (b7) r0 = 3\\n4: (b7) r0 = 4\\n5: (b7) r0 = 5\\n6: (b7) r0 = 6\\n7: (b7) r0 = 7\\n8: (b7) r0 = 8\\n9: (b7) r0 = 9\\n10: (b7) r0 = 10\\n11: (b7) r0 = 11\\nR1 invalid mem access\\nprocessed 13 insns",
              "flaky": true,
              "labels": {
                "kernel": "debian-5.10.262-amd64",
                "series": "5.10",
                "arch": "x86_64",
                "stage": "verify",
                "class": "core-field-missing"
              }
            },"
    `);
  });

  it('CTRF counts a missing verdict as neither passed nor failed', () => {
    const { results } = JSON.parse(renderCtrf(SAMPLE));
    expect(results.summary).toEqual({
      tests: 18,
      passed: 6,
      failed: 3,
      skipped: 3,
      pending: 2,
      other: 4,
      flaky: 4,
      suites: 3,
      start: Date.parse('2026-05-04T10:00:00.000Z'),
      stop: Date.parse('2026-05-04T10:00:42.500Z'),
      duration: 42_500,
    });
    expect(results.tests.map(({ rawStatus, status }: { rawStatus: string; status: string }) => `${rawStatus}: ${status}`)).toEqual(
      expect.arrayContaining(['infra: other', 'not-run: pending', 'xpass: failed', 'xfail: passed', 'unsupported: skipped']),
    );
  });

  it('CTRF validates, and the validator rejects a broken report', () => {
    const problems = (text: string) => validate(JSON.parse(text)).errors ?? [];
    expect([SAMPLE, HOSTILE_SAMPLE, EMPTY, SHARD].map((results) => problems(renderCtrf(results)))).toEqual([[], [], [], []]);
    expect(problems(renderCtrf(SAMPLE).replace('"rawStatus"', '"more"')).length).toBeGreaterThan(0);
  });

  it('CTRF escapes control characters', () => {
    expect(renderCtrf(HOSTILE_SAMPLE)).not.toMatch(/[^\P{C}\n]/u);
  });
});
