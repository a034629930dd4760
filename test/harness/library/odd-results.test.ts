// Tests of results that a program made or changed: each fault is told with its place, what was expected and what was found.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';
import { explain, merge, parseResults, render, UserError } from '../../../harness/library/index.ts';
import { SAMPLE } from '../../reports/sample.ts';

/** The value at a path replaced in a copy; without a value its key is removed. */
function changed(value: unknown, [key, ...rest]: readonly (string | number)[], to: unknown): unknown {
  if (key === undefined) return to;
  if (Array.isArray(value)) return value.map((item: unknown, at) => (at === key ? changed(item, rest, to) : item));
  const record = Object.entries(value ?? {});
  const others = record.filter(([name]) => name !== key);
  const inner = changed(record.find(([name]) => name === key)?.[1], rest, to);
  return Object.fromEntries([...others, ...(inner === undefined ? [] : [[key, inner]])]);
}

const ODD: readonly (readonly [readonly (string | number)[], unknown])[] = [
  [['cells'], undefined],
  [['cells'], null],
  [['cells', 0], null],
  [['cells', 0, 'object'], 'gone'],
  [['cells', 0, 'programs'], undefined],
  [['cells', 0, 'programs', 0, 'status'], 'passed'],
  [['cells', 0, 'reason'], 7],
  [['kernels', 0, 'sha256'], 'none'],
  [['kernels', 0, 'trust'], { kind: 'trusted' }],
  [['objects', 0, 'size'], -1],
  [['run'], null],
  [['run', 'startedAt'], 'today'],
  [['logs'], undefined],
  [['logs', 'texts'], []],
  [['logs', 'texts', 't0'], 'a text'],
  [['logs', 'texts', 't0'], [0.5]],
  [['more'], 1],
  [['schemaVersion'], 1],
];

function messageOf(call: () => unknown): string {
  try {
    call();
    return 'no error';
  } catch (error) {
    return error instanceof UserError ? error.message : `not a UserError: ${String(error)}`;
  }
}

const call = (of: unknown, ...args: unknown[]): unknown => (typeof of === 'function' ? Reflect.apply(of, undefined, args) : null);

it('render() names the part of results that is wrong, what was expected and what was found', () => {
  expect(ODD.map(([path, to]) => messageOf(() => call(render, changed(SAMPLE, path, to), 'html'))).join('\n')).toMatchInlineSnapshot(`
    "render(): results.cells: missing; expected an array
    render(): results.cells: expected an array, found null
    render(): results.cells[0]: expected an object, found null
    render(): results.cells[0].object: there is no object "gone"
    render(): results.cells[0].programs: missing; expected an array
    render(): results.cells[0].programs[0].status: expected pass, fail, xfail, xpass, unsupported, skip, infra or not-run, found "passed" (did you mean pass?)
    render(): results.cells[0].reason: expected a string, found 7
    render(): results.kernels[0].sha256: expected text of the form [0-9a-f]{64}, found "none"
    render(): results.kernels[0].trust.kind: expected signed, pinned, own or accepted, found "trusted"
    render(): results.objects[0].size: expected a number of at least 0, found -1
    render(): results.run: expected an object, found null
    render(): results.run.startedAt: expected a time such as 2026-01-31T12:00:00Z, found "today"
    render(): results.logs: missing; expected an object
    render(): results.logs.texts: expected an object, found an array
    render(): results.logs.texts.t0: expected a log that parseResults() made, found a string; read the file with parseResults()
    render(): results.logs.texts.t0[0]: expected a whole number, found 0.5
    render(): results: unknown key "more"
    render(): results.schemaVersion: expected 2, found 1; read the file with parseResults()"
  `);
});

it('merge(), explain() and a baseline name the same part', async () => {
  const odd = changed(SAMPLE, ['cells', 0, 'programs', 0, 'status'], 'passed');
  const explained = await Promise.resolve(call(explain, { results: odd })).catch((error: unknown) => String(error));
  expect([
    messageOf(() =>
      call(merge, [
        { name: 'a', results: SAMPLE },
        { name: 'b', results: odd },
      ]),
    ),
    explained,
    messageOf(() => call(render, SAMPLE, 'tap', { baseline: odd })),
  ]).toMatchInlineSnapshot(`
    [
      "merge(): inputs[1].results.cells[0].programs[0].status: expected pass, fail, xfail, xpass, unsupported, skip, infra or not-run, found "passed" (did you mean pass?)",
      "UserError: explain() of results: results.cells[0].programs[0].status: expected pass, fail, xfail, xpass, unsupported, skip, infra or not-run, found "passed" (did you mean pass?)",
      "render(): baseline.cells[0].programs[0].status: expected pass, fail, xfail, xpass, unsupported, skip, infra or not-run, found "passed" (did you mean pass?)",
    ]
  `);
});

it('several faults of one value are told together, the first ones of many', () => {
  const many = { ...SAMPLE, cells: Array.from({ length: 500 }, () => ({})) };
  const [first, ...lines] = messageOf(() => call(render, many, 'json')).split('\n');
  expect([first, lines.length, lines[0]]).toMatchInlineSnapshot(`
    [
      "render(): 20 errors",
      20,
      "render(): results.cells[0].kernel: missing; expected a string",
    ]
  `);
});

let text = '';
beforeAll(async () => {
  text = await readFile(join(PACKAGE_ROOT, 'test/fixtures/results-v1/results.json'), 'utf8');
});

it('a value that JSON.parse() made of an older file is told to be read with parseResults()', () => {
  expect([messageOf(() => call(render, JSON.parse(text), 'json')), messageOf(() => render(parseResults(text), 'json'))])
    .toMatchInlineSnapshot(`
    [
      "render(): results.schemaVersion: expected 2, found 1; read the file with parseResults()",
      "no error",
    ]
  `);
});
