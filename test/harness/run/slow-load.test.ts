// Tests of a correct object that loads slowly, because the verifier follows every instruction of many programs.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compileBpf } from '../bpf/object/compile.ts';
import { realRun, sample } from './real-run.ts';

/** The verifier follows three instructions in each round, up to its limit of a million. Without KVM that takes one or two seconds. */
const ROUNDS = 240_000;
const PROGRAMS = { slow: 6, slower: 16 };

const program = (number: number) => `
SEC("socket") int slow_${number}(void *ctx)
{
	for (int round = 0; round < ${ROUNDS}; round++) asm volatile("" : "+r"(round));
	return 0;
}`;

let folder = '';
let paths = { slow: '', slower: '' };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slow-load-'));
  const build = async (name: keyof typeof PROGRAMS) =>
    compileBpf(folder, name, Array.from({ length: PROGRAMS[name] }, (_, number) => program(number)).join('\n'));
  paths = { slow: await build('slow'), slower: await build('slower') };
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

it(
  'a slow load gets its verdict within its time limit, even if the guest prints nothing for a long time',
  { timeout: 900_000 },
  async () => {
    const { cells } = await realRun([paths.slow], ['debian:5.10'], { limits: { stallMs: 3000 }, accel: 'tcg' });
    expect(cells.map(({ status, reason, attempts }) => [status, reason, attempts.length])).toEqual([['pass', null, 1]]);
  },
);

it(
  'a load beyond its time limit is an infrastructure failure after two attempts, and other cells go on',
  { timeout: 900_000 },
  async () => {
    const { cells } = await realRun([paths.slower, sample('exec_watch')], ['debian:5.10'], { limits: { cellMs: 4000 }, accel: 'tcg' });
    const summaries = cells.map(({ object, status, class: failure, reason, attempts }) => ({
      object,
      verdict: `${status} ${failure ?? ''}`,
      reason,
      attempts: attempts.map(({ infra }) => infra),
    }));
    expect(summaries).toMatchInlineSnapshot(`
    [
      {
        "attempts": [
          "infra-timeout",
          "infra-timeout",
        ],
        "object": "slower.bpfel",
        "reason": "the guest is alive but not done after 4 s; --timeout changes the limit",
        "verdict": "infra infra-timeout",
      },
      {
        "attempts": [
          null,
        ],
        "object": "exec_watch",
        "reason": null,
        "verdict": "pass ",
      },
    ]
  `);
  },
);
