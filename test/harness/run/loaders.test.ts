// Other releases of libbpf and kernel modules, in real guests.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parsePlacedConfig } from '../../../harness/config/load.ts';
import type { Results } from '../../../harness/results/schema.ts';
import { plainSources, readInputs } from '../../../harness/run/inputs.ts';
import { objectSources } from '../../../harness/run/object-sources.ts';
import { ensureHelper } from '../../../harness/setup/helper.ts';
import { realRun, sample } from './real-run.ts';

const KERNEL = 'debian:6.1';

async function configured(entries: readonly object[]) {
  const folder = await mkdtemp(join(tmpdir(), 'loaders-'));
  try {
    const placed = parsePlacedConfig(JSON.stringify({ objects: entries }), 'corematrix.yaml');
    const { objects, problems } = await readInputs(objectSources(placed, folder));
    expect(problems).toEqual([]);
    return objects;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What became of each program, and whether that was predicted. */
function verdicts({ cells }: Results) {
  return cells.flatMap(({ object, programs }) =>
    programs.map(
      ({ name, status, class: failure, predicted }) =>
        `${object}/${name} ${status} ${failure ?? ''} ${predicted?.status ?? ''} ${predicted?.agrees ?? ''}`,
    ),
  );
}

test('each loader has rows of its own, and libbpf 1.1 refuses what 1.7 takes, as predicted', async () => {
  const paths = plainSources([sample('array_length')], '.');
  const { objects } = await readInputs(paths, { loaders: ['libbpf@default', 'libbpf@1.1'] });
  expect(objects.map(({ result, release }) => [result.id, result.loader, release])).toEqual([
    ['array_length', undefined, null],
    ['array_length+libbpf-1.1', 'libbpf@1.1', '1.1'],
  ]);
  const otherHelpers = new Map([['1.1', await ensureHelper({ onNote: () => {}, release: '1.1' })]]);
  expect(verdicts(await realRun([], [KERNEL], { objects, otherHelpers }))).toEqual([
    'array_length/start_of_name pass  unknown true',
    'array_length+libbpf-1.1/start_of_name fail core-field-incompatible fail true',
  ]);
});

test('modules are loaded first with what they need, and libbpf and predictions know their types', async () => {
  const path = sample('veth_module');
  const objects = await configured([
    { path, modules: ['veth'] },
    { path, name: 'without' },
    { path: sample('rss_stat'), name: 'with-others', modules: ['nf-conntrack'] },
    { path, name: 'misspelt', modules: ['vethh'] },
  ]);
  const results = await realRun([], [KERNEL], { objects });
  expect(verdicts(results)).toEqual([
    'veth_module/on_xmit pass  unknown true',
    'veth_module/read_peer pass  unknown true',
    'without/on_xmit fail attach-target-missing may-fail true',
    'without/read_peer fail core-type-missing fail true',
    'with-others/one_shape pass  unknown true',
    'with-others/both_shapes pass  unknown true',
    'misspelt/on_xmit infra infra-kernel-unavailable  ',
    'misspelt/read_peer infra infra-kernel-unavailable  ',
  ]);
  expect(results.cells.at(-1)?.reason?.replace(/debian-\S+/, '<kernel>')).toBe('<kernel> has no module vethh; nearest: veth');
});
