// Tests of comparing a real tool with a plan, and of finding the object in a tool.
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { sample } from '../harness/run/real-run.ts';
import { type Comparison, linesOf, type PlanResult, type ToolResult, totalsOf } from './comparison.ts';
import { embeddedObject } from './embedded.ts';

const works = (...programs: string[]) => ({ kind: 'works', programs }) as const;
const fails = { kind: 'fails', reason: 'a: verifier-rejected: R1 invalid' } as const;
const comparison = (real: ToolResult, plan: PlanResult): Comparison => ({ tool: 'opensnoop', kernel: '6.12', real, plan });

const ALL = [
  comparison(works('a', 'b'), works('a', 'b')),
  comparison(works('a', 'b'), works('a', 'c')),
  comparison(works('a'), fails),
  comparison(fails, works('a')),
  comparison(fails, fails),
  comparison({ kind: 'environment', reason: 'no terminal' }, works('a')),
];

test('only comparisons whose tool had all that it needs are counted', () => {
  expect(totalsOf(ALL)).toEqual({ agree: 3, compared: 5, samePrograms: 1, bothWork: 2, environment: 1 });
});

test('each comparison is a line, and lines below it tell why results or programs differ', () => {
  expect(ALL.flatMap(linesOf).join('\n')).toMatchInlineSnapshot(`
    "agrees          opensnoop         6.12          tool works (2 programs), plan works (2 programs)
    other programs  opensnoop         6.12          tool works (2 programs), plan works (2 programs)
        programs: -b +c
    DIFFERS         opensnoop         6.12          tool works (1 programs), plan fails
        plan: a: verifier-rejected: R1 invalid
    DIFFERS         opensnoop         6.12          tool fails, plan works (1 programs)
        tool: a: verifier-rejected: R1 invalid
    agrees          opensnoop         6.12          tool fails, plan fails
    not counted     opensnoop         6.12          tool environment, plan works (1 programs)
        tool: no terminal"
  `);
});

test('the embedded object of a tool is found byte by byte, whatever is around it', async () => {
  const object = await readFile(sample('task_state'));
  const other = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 0, 0]);
  expect(embeddedObject(Buffer.concat([other, Buffer.alloc(100, 7), object, Buffer.alloc(64)]))?.equals(object)).toBe(true);
  expect(embeddedObject(Buffer.concat([other, Buffer.alloc(100, 7), object.subarray(0, -1)]))).toBe(null);
});
