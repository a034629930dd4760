// Arguments of hooks that are another parameter on other kernels, although the number at the position stays a number.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openKernels } from '../../../harness/explain/kernel-cache.ts';
import { movedArguments } from '../../../harness/explain/moved-arguments.ts';
import { plainSources, readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { mergeFindings } from '../../../harness/results/merge-findings.ts';
import { offlineKernels } from '../../kernels/pulled.ts';
import { sampleObjects } from '../bpf/object/samples.ts';
import { compiled } from './predicted.ts';

const SELECTORS = ['debian:5.10', 'debian:6.12', 'debian:7.3'];

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'moved-arguments-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** Linux 5.19 dropped `nonblock` from tcp_recvmsg(), so that `flags` is the fourth argument instead of the fifth. */
const SOURCE = `#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
typedef __u64 u64;
u64 value;
SEC("fentry/tcp_recvmsg") int moved(u64 *ctx) { value = ctx[3]; return 0; }
SEC("fentry/tcp_recvmsg") int kept(u64 *ctx) { value = ctx[2]; return 0; }
SEC("fentry/tcp_recvmsg") int unread(u64 *ctx) { return 0; }
SEC("fentry/tcp_sendmsg") int equal(u64 *ctx) { value = ctx[2]; return 0; }
char LICENSE[] SEC("license") = "GPL";
`;

/** The moved arguments of objects, as `OBJECT/PROGRAM: argument ...: TEXT on KERNELS; ...`. */
async function movedIn(paths: readonly string[], selectors: readonly string[] = SELECTORS): Promise<string[]> {
  const kernels = await offlineKernels([...selectors]);
  const cache = openKernels(kernels, (problem) => {
    throw new Error(problem);
  });
  const { objects } = await readInputs(plainSources(paths, folder));
  const series = (id: string) => kernels.find((kernel) => kernel.id === id)?.series ?? id;
  return (await movedArguments(objects, cache)).map(({ object, program, subject, parameters }) => {
    const each = parameters.map(({ text, kernels: own }) => `${text} on ${own.map(series).join(', ')}`);
    return `${basename(object)}/${program}: ${subject}: ${each.join('; ')}`;
  });
}

test('an argument that is another parameter on other kernels is named with the parameters of both', async () => {
  expect(await movedIn(await compiled(folder, { reads: SOURCE }))).toMatchInlineSnapshot(`
    [
      "reads/moved: argument 4 of function tcp_recvmsg: int nonblock on 5.10; int flags on 6.12, 7.3",
    ]
  `);
});

test('no argument of the sample programs is another parameter on other kernels', async () => {
  const samples = await sampleObjects();
  expect(samples.length).toBeGreaterThan(20);
  expect(await movedIn(samples.map(({ path }) => path))).toEqual([]);
}, 120_000);

test('parts of a run that found one moved argument become one', () => {
  const part = (text: string, kernel: string) => ({
    kernels: [],
    causes: [],
    semanticChanges: [],
    guarded: [],
    movedArguments: [
      {
        object: 'o',
        program: 'p',
        subject: 'argument 4 of function f',
        parameters: [
          { text, kernels: [kernel] },
          { text: 'int last', kernels: ['c'] },
        ],
      },
    ],
  });
  const { movedArguments: merged } = mergeFindings([part('int a', 'a'), part('int a', 'b')], ['a', 'b', 'c']);
  expect(merged).toEqual([
    {
      object: 'o',
      program: 'p',
      subject: 'argument 4 of function f',
      parameters: [
        { text: 'int a', kernels: ['a', 'b'] },
        { text: 'int last', kernels: ['c'] },
      ],
    },
  ]);
  expect(mergeFindings([], [])).not.toHaveProperty('movedArguments');
});
