// Tests of results.json: it is read as it was written, its schema is published, and errors name the exact place in the file.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { assert, nat, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../harness/base/errors.ts';
import { createLogStore } from '../../harness/results/logs.ts';
import { type Results, SCHEMA_VERSION } from '../../harness/results/schema.ts';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';
import { readResults, renderJson, resultsJsonSchema } from '../../reports/json.ts';
import { HOSTILE_SAMPLE } from './hostile.ts';
import { SAMPLE } from './sample.ts';

const TEXT = renderJson(SAMPLE);

const EMPTY: Results = { ...SAMPLE, kernels: [], objects: [], cells: [], logs: createLogStore(), layouts: { types: [], omitted: [] } };

function errorOf(text: string): string {
  try {
    readResults(text, 'results.json');
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  return 'no error';
}

describe('results.json', () => {
  it.each([
    ['the sample', SAMPLE],
    ['hostile text', HOSTILE_SAMPLE],
    ['a run of nothing', EMPTY],
  ])('results.json of %s is read as it was written', (_, results) => {
    expect(readResults(renderJson(results), 'results.json')).toEqual(results);
  });

  it('results.json has a line for each kernel, object, cell, line and log', () => {
    const heads = TEXT.split('\n').map((line) => line.slice(0, 40));
    expect(heads.join('\n')).toMatchInlineSnapshot(`
      "{
        "schemaVersion": 2,
        "run": {"id":"00000000-0000-4000-8000-
        "kernels": [
          {"id":"debian-5.10.262-amd64","selec
          {"id":"debian-6.12.117-amd64","selec
          {"id":"file-vmlinux-7.4","selector":
        ],
        "objects": [
          {"id":"task_state","path":"build/tas
          {"id":"probes","path":"build/probes.
        ],
        "cells": [
          {"kernel":"debian-5.10.262-amd64","o
          {"kernel":"debian-5.10.262-amd64","o
          {"kernel":"debian-6.12.117-amd64","o
          {"kernel":"debian-6.12.117-amd64","o
          {"kernel":"file-vmlinux-7.4","object
          {"kernel":"file-vmlinux-7.4","object
        ],
        "logs": {
          "lines": [
          "0: (b7) r0 = 0",
          "1: (b7) r0 = 1",
          "2: (b7) r0 = 2",
          "3: (b7) r0 = 3",
          "4: (b7) r0 = 4",
          "5: (b7) r0 = 5",
          "6: (b7) r0 = 6",
          "7: (b7) r0 = 7",
          "8: (b7) r0 = 8",
          "9: (b7) r0 = 9",
          "10: (b7) r0 = 10",
          "11: (b7) r0 = 11",
          "R1 invalid mem access",
          "processed 13 insns",
          "libbpf: loading object",
          "libbpf: prog: relo #0: matching can
          "libbpf: failed",
          "[ 1.0] oops",
          "Booting",
          "Kernel panic - not syncing"
        ],
          "texts": {
            "t0": [0,1,2,3,4,5,6,7,8,9,10,11,1
            "t1": [14,15],
            "t2": [16],
            "t3": [17],
            "t4": [18,19]
          }
        },
        "layouts": {
          "types": [
          {"name":"struct task_struct","member
        ],
          "omitted": [
          "struct enormous"
        ]
        }
      }
      "
    `);
  });

  it('results.json escapes control and direction characters', () => {
    expect(renderJson(HOSTILE_SAMPLE)).not.toMatch(/[^\P{C}\n]|[\u2028\u2029\ufffd]/u);
  });
});

describe('the published schema', () => {
  const schema = async () => readFile(join(PACKAGE_ROOT, 'reports/results.schema.json'), 'utf8');

  it('the published schema of results equals the one that validates; "npm run schema" writes it', async () => {
    expect(await schema()).toBe(resultsJsonSchema());
  });

  it('the published schema of results is draft 2020-12, accepts written results, and refuses what the reader refuses', async () => {
    const ajv = new Ajv2020({ strict: true, allErrors: false });
    addFormats.default(ajv);
    const validate = ajv.compile(JSON.parse(await schema()));
    const accepted = (value: unknown) => validate(JSON.parse(JSON.stringify(value))) || validate.errors;
    expect([SAMPLE, HOSTILE_SAMPLE, EMPTY].map(accepted)).toEqual([true, true, true]);
    expect(accepted({ ...SAMPLE, cells: [{ ...SAMPLE.cells[0], status: 'unknown' }] })).toMatchObject([
      { instancePath: '/cells/0/status' },
    ]);
    expect(accepted({ ...SAMPLE, more: 1 })).toMatchObject([{ keyword: 'additionalProperties' }]);
  });
});

describe('a broken file', () => {
  const changed = (path: readonly (string | number)[], to: unknown): string => {
    const root: unknown = JSON.parse(TEXT);
    const put = (value: unknown, [key, ...rest]: readonly (string | number)[]): unknown => {
      if (key === undefined) return to;
      if (Array.isArray(value)) return value.map((item: unknown, index) => (index === key ? put(item, rest) : item));
      const record = Object.entries(value ?? {});
      const others = record.filter(([name]) => name !== key);
      return Object.fromEntries([...others, [key, put(record.find(([name]) => name === key)?.[1], rest)]]);
    };
    return JSON.stringify(put(root, path));
  };

  const broken: readonly (readonly [string, string])[] = [
    ['', 'empty'],
    [TEXT.slice(0, 5000), 'truncated'],
    [TEXT.slice(0, -2), 'without its end'],
    [TEXT.replace('"cells": [', '"cells": [,'), 'with a comma too many'],
    [TEXT.replace('"cells"', '\u001b[31m"cells"'), 'with a control sequence'],
    [`${TEXT}${TEXT}`, 'twice'],
    ['null', 'nothing'],
    ['[]', 'a list'],
    ['{"schemaVersion":"1"}', 'a version as text'],
    [changed(['schemaVersion'], SCHEMA_VERSION + 1), 'newer'],
    [changed(['schemaVersion'], 0), 'older'],
    [changed(['cells'], {}), 'cells that are no list'],
    [changed(['cells', 3, 'programs', 1, 'status'], 'passed'), 'a status that is none'],
    [changed(['kernels', 1, 'sha256'], 'A'.repeat(64)), 'a digest that is none'],
    [changed(['run', 'startedAt'], 'yesterday'), 'a time that is none'],
    [changed(['objects', 0, 'more\n::error::'], 1), 'a field too many'],
    [changed(['logs', 'texts', 'a\n\u001b[31m'], [-1]), 'a negative line'],
    [changed(['logs', 'texts', 't0', 2], 1000), 'a line that is not there'],
    [changed(['kernels', 1, 'id'], SAMPLE.kernels[0]?.id), 'two kernels of one id'],
    [changed(['objects', 1, 'id'], 'task_state'), 'two objects of one id'],
    [changed(['cells', 2, 'kernel'], SAMPLE.kernels[0]?.id), 'two cells of one place'],
    [changed(['cells', 2, 'kernel'], 'gone'), 'a kernel that is not there'],
    [changed(['cells', 2, 'object'], 'gone\u202e'), 'an object that is not there'],
    [changed(['cells', 0, 'relocations', 2, 'ref'], 7), 'a relocation that is not there'],
    [changed(['cells', 0, 'logs', 'libbpf'], 'gone'), 'a log that is not there'],
    [changed(['cells', 0, 'programs', 1, 'logs', 'verifier'], 'constructor'), 'a log of a program that is not there'],
    [changed(['layouts', 'types', 0, 'layouts', 1, 'places', 2, 0], 99), 'a member that is not there'],
    [changed(['layouts', 'types', 0, 'missing'], ['gone']), 'a type on a kernel that is not there'],
    [changed(['cells', 0, 'reason'], { a: 'x'.repeat(10_000) }), 'something long'],
    ['['.repeat(50_000), 'a huge nesting'],
    [`${'['.repeat(20_000)}${']'.repeat(20_000)}`, 'a huge nesting that ends'],
    [changed(['cells'], 'deep').replace('"deep"', `${'['.repeat(5000)}${']'.repeat(5000)}`), 'a huge nesting in its place'],
  ];

  it('a broken results file is an error in one line that names the file and the place', () => {
    expect(broken.map(([text, what]) => `${what}: ${errorOf(text)}`).join('\n')).toMatchInlineSnapshot(`
      "empty: results.json:1:1: not valid JSON: the file ends too early
      truncated: results.json:11:175: not valid JSON: the file ends too early
      without its end: results.json:60:1: not valid JSON: the file ends too early
      with a comma too many: results.json:13:13: not valid JSON: unexpected ","
      with a control sequence: results.json:13:3: not valid JSON: unexpected "\\x1b"
      twice: results.json:61:1: not valid JSON: unexpected "{"
      nothing: results.json: not a results file: it has no number in schemaVersion
      a list: results.json: not a results file: it has no number in schemaVersion
      a version as text: results.json: not a results file: it has no number in schemaVersion
      newer: results.json: has schema version 3, written by a newer corematrix; this one reads versions up to 2: update corematrix
      older: results.json: has schema version 0; this corematrix reads versions 1 to 2
      cells that are no list: results.json: cells: expected an array, found an object
      a status that is none: results.json: cells[3].programs[1].status: expected pass, fail, xfail, xpass, unsupported, skip, infra or not-run, found "passed" (did you mean pass?)
      a digest that is none: results.json: kernels[1].sha256: expected text of the form [0-9a-f]{64}, found "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA…
      a time that is none: results.json: run.startedAt: expected a time such as 2026-01-31T12:00:00Z, found "yesterday"
      a field too many: results.json: objects[0]: unknown key "more\\n::error::"
      a negative line: results.json: logs.texts.a\\x0a\\x1b[31m[0]: expected a number of at least 0, found -1
      a line that is not there: results.json: logs.texts.t0[2]: there are 20 lines
      two kernels of one id: results.json: kernels[1].id: an earlier kernel has the same id
      two objects of one id: results.json: objects[1].id: an earlier object has the same id
      two cells of one place: results.json: cells[2]: an earlier cell is of the same kernel and object
      a kernel that is not there: results.json: cells[2].kernel: there is no kernel "gone"
      an object that is not there: results.json: cells[2].object: there is no object "gone\\u202e"
      a relocation that is not there: results.json: cells[0].relocations[2].ref: its object has 7 relocations
      a log that is not there: results.json: cells[0].logs.libbpf: there is no log "gone"
      a log of a program that is not there: results.json: cells[0].programs[1].logs.verifier: there is no log "constructor"
      a member that is not there: results.json: layouts.types[0].layouts[1].places[2][0]: its type has 10 members
      a type on a kernel that is not there: results.json: layouts.types[0]: there is no kernel "gone"
      something long: results.json: cells[0].reason: expected a string, found an object
      a huge nesting: results.json:1:1001: not valid JSON: it nests deeper than 1000 levels
      a huge nesting that ends: results.json:1:1001: not valid JSON: it nests deeper than 1000 levels
      a huge nesting in its place: results.json:1:7644: not valid JSON: it nests deeper than 1000 levels"
    `);
    for (const [text] of broken) expect(errorOf(text)).toMatch(/^results\.json:[^\p{C}\u2028\u2029]{1,300}$/u);
  });

  it('a broken results file always gives a UserError', () => {
    assert(
      property(nat(TEXT.length), nat(8), string({ maxLength: 4 }), (at, removed, put) => {
        expect(errorOf(TEXT.slice(0, at) + put + TEXT.slice(at + removed))).toMatch(/^(no error|results\.json:.*)$/);
      }),
      { numRuns: 300 },
    );
  });

  it('a JSON syntax error in a results file is named by line and column', () => {
    const lines = TEXT.split('\n');
    assert(
      property(nat(lines.length - 2), (line) => {
        const text = [...lines.slice(0, line), `?${lines[line]}`, ...lines.slice(line + 1)].join('\n');
        expect(errorOf(text)).toBe(`results.json:${line + 1}:1: not valid JSON: unexpected "?"`);
      }),
    );
  });
});
