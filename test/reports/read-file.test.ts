// Tests that results read part by part equal results read whole: values, large logs, and the place of every fault.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addLog, createLogStore, logText } from '../../harness/results/logs.ts';
import type { Results } from '../../harness/results/schema.ts';
import { jsonLineParts, readResults, renderJson } from '../../reports/json.ts';
import { readResultsFile } from '../../reports/read-file.ts';
import { explained } from './explained.ts';
import { HOSTILE_SAMPLE } from './hostile.ts';
import { SAMPLE } from './sample.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'read-file-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** Writes a text to a file and reads it part by part. */
async function readInParts(text: string): Promise<Results> {
  const path = join(folder, 'results.json');
  await writeFile(path, text);
  return (await readResultsFile(path, 0)).results;
}

const messageOf = async (work: () => Results | Promise<Results>) =>
  Promise.resolve()
    .then(work)
    .then(
      () => 'no error',
      (error: unknown) => (error instanceof Error ? error.message.replace(`${folder}/`, '') : String(error)),
    );

/** A text that is too large for the table of lines, with characters of one to four bytes. */
const LARGE = Array.from({ length: 60_000 }, (_, line) => `${line} "quoted" \\ é € 😀 \u0007`).join('\n');

describe('results that are read part by part', () => {
  it.each([
    ['the sample', SAMPLE],
    ['explained results', explained(SAMPLE)],
    ['hostile text', HOSTILE_SAMPLE],
    ['no cells', { ...SAMPLE, kernels: [], objects: [], cells: [], layouts: { types: [], omitted: [] }, logs: createLogStore() }],
  ])('results that are read part by part equal those that are read whole: %s', async (_, results) => {
    expect(await readInParts(renderJson(results))).toEqual(results);
    expect(await readInParts([...jsonLineParts(results)].join(''))).toEqual(results);
  });

  it('a log that is too large for the table of lines survives results.json, and stays in the file when it is read', async () => {
    const logs = createLogStore();
    const id = addLog(logs, LARGE) ?? '';
    const text = renderJson({ ...SAMPLE, cells: [], logs });
    const read = await readInParts(text);
    expect([logs.lines, Array.isArray(read.logs.texts[id])]).toEqual([[], false]);
    expect([logText(read.logs, id), logText(readResults(text, 'results.json').logs, id), logText(logs, id)]).toEqual([LARGE, LARGE, LARGE]);
  });

  it('results with bytes that are not UTF-8 are refused, whole and part by part', async () => {
    const path = join(folder, 'results.json');
    const bytes = Buffer.from(renderJson(SAMPLE));
    bytes[bytes.indexOf('task_state')] = 0xff;
    await writeFile(path, bytes);
    const read = async (maxWhole?: number) => messageOf(async () => (await readResultsFile(path, maxWhole)).results);
    expect([await read(), (await read(0)).replace(/:\d+:\d+:/, ':')]).toEqual([
      'results.json: not valid JSON: some bytes are not UTF-8',
      'results.json: not valid JSON: some bytes are not UTF-8',
    ]);
  });

  it('a fault in results that are read part by part has the same place as in results that are read whole', async () => {
    const text = renderJson({ ...SAMPLE, cells: SAMPLE.cells.slice(0, 2) });
    const steps = Array.from({ length: 60 }, (_, step) => Math.floor((text.length * step) / 60));
    const faulty = steps.flatMap((at) => [text.slice(0, at), `${text.slice(0, at)}\u00e9\n}${text.slice(at)}`]);
    for (const one of [...faulty, '', '{"schemaVersion": 2', '{"a": }', '{"logs": {"texts": {"t0": "\\x"}}}', `${text} x`]) {
      const whole = await messageOf(() => readResults(one, 'results.json'));
      const inParts = await messageOf(async () => readInParts(one));
      expect([inParts, one.slice(0, 40)]).toEqual([whole, one.slice(0, 40)]);
    }
  });

  it('a key that occurs twice is refused at the same place, however the file is read', async () => {
    const text = renderJson({ ...SAMPLE, cells: SAMPLE.cells.slice(0, 2) });
    const twice = (before: string, key: string) => text.replace(before, `${before}${key}`);
    const cases: readonly (readonly [string, RegExp])[] = [
      [twice('{\n', '"schemaVersion": 2, '), /^results\.json:2:\d+: not valid JSON: the key schemaVersion occurs twice in its object; /],
      [twice('"run": {', '"id": "x", '), /^results\.json:3:\d+: .*the key run\.id occurs/],
      [text.replace('"cells": [', '"cells": [], "cells": ['), /^results\.json:\d+:\d+: .*the key cells occurs/],
      [text.replaceAll(/^( {4}\{"kernel":)/gm, '$1 "k",\n"kernel":'), /^results\.json:\d+:1: .*the key cells\[0\]\.kernel occurs/],
      [twice('"logs": {', '"texts": {}, '), /: the key logs\.texts occurs/],
      [twice('"texts": {', '"t0": [], "\\u00740": [], '), /: the key logs\.texts\.t0 occurs/],
    ];
    for (const [one, expected] of cases) {
      const whole = await messageOf(() => readResults(one, 'results.json'));
      expect(whole).toMatch(expected);
      expect(await messageOf(async () => readInParts(one))).toBe(whole);
    }
  });
});
