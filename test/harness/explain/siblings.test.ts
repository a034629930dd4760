// Tests that a sibling program whose target only has a like name is not advised in place of a program with a missing target.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { explainedByPrediction } from './predicted.ts';

const SOURCE = `#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("fentry/blk_account_io_start") int start(void *ctx) { return 0; }
SEC("fentry/blk_account_io_done") int done(void *ctx) { return 0; }
`;

let folder = '';
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'siblings-'))));
afterAll(async () => rm(folder, { recursive: true, force: true }));

test('no sibling program is advised if kernels have both targets side by side', async () => {
  const { causes } = await explainedByPrediction(folder, { siblings: SOURCE });
  const siblings = causes.map(({ places, advice }) => [places[0]?.program, advice.filter((line) => line.includes('of this object'))]);
  expect(Object.fromEntries(siblings)).toMatchInlineSnapshot(`
    {
      "done": [],
      "start": [],
    }
  `);
});
