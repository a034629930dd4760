// Tests of maps that an object pins, in real guests. A program of this machine looks for them there.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parsePlacedConfig } from '../../../harness/plan/config/load.ts';
import { readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { objectSources } from '../../../harness/plan/inputs/object-sources.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { realRun } from './real-run.ts';

const PINNED = `
struct {
	int (*type)[2]; // array
	int (*max_entries)[1];
	u32 *key;
	u64 *value;
	int (*pinning)[1]; // by name
} counts __attribute__((section(".maps"), used));

SEC("raw_tp/sched_process_exec")
int on_exec(void *context)
{
	u32 key = 0;
	u64 *count = ((void *(*)(void *, void *))1)(&counts, &key);

	if (count)
		(*count)++;
	return 0;
}
`;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pins-'));
  await execa('gcc', ['-O1', join(import.meta.dirname, 'poke.c'), '-o', join(folder, 'poke')]);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

test('maps are pinned only if the plan asks for it', async () => {
  const path = await compileBpf(folder, 'pinned', PINNED);
  const looks = {
    path,
    mode: 'run',
    trigger: { command: { argv: ['./poke', 'stat', '/sys/fs/bpf/counts'] } },
    check: [{ map: 'counts', key: 0, at_least: 1 }],
  };
  const placed = parsePlacedConfig(
    JSON.stringify({
      objects: [
        { ...looks, name: 'pinned', pins: true },
        { ...looks, name: 'plain' },
      ],
    }),
    'corematrix.yaml',
  );
  const { objects, problems } = await readInputs(objectSources(placed, folder));
  expect(problems).toEqual([]);
  const { cells } = await realRun([], ['debian:5.10', 'debian:7.3'], { objects });
  expect(cells.map(({ object, status, reason }) => `${object} ${status} ${reason ?? ''}`)).toEqual([
    'pinned pass ',
    'plain fail trigger poke: exits with status 2',
    'pinned pass ',
    'plain fail trigger poke: exits with status 2',
  ]);
});
