// Tests of the loader program with aya in real guests: verdicts and relocations agree with predictions, programs are attached and run.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parsePlacedConfig } from '../../../harness/plan/config/load.ts';
import { plainSources, readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { objectSources } from '../../../harness/plan/inputs/object-sources.ts';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';
import { ensureAgents } from '../../../harness/library/agents.ts';
import { realRun, sample } from '../run/real-run.ts';
import { rustIsMissing } from './toolchains.ts';

const KERNELS = ['debian:5.10', 'debian:6.1', 'debian:6.12', 'debian:7.3'];

test.skipIf(rustIsMissing)(
  'both releases of aya load all sample programs on four kernels as predicted, with the predicted relocations',
  async () => {
    const folder = join(PACKAGE_ROOT, 'programs/build');
    const paths = (await readdir(folder)).filter((name) => name.endsWith('.o')).map((name) => join(folder, name));
    const { objects } = await readInputs(plainSources(paths, '.'), { loaders: ['aya@0.14', 'aya@0.13'] });
    const { otherAgents } = await ensureAgents(objects, {}, () => {});
    const { cells, run } = await realRun([], KERNELS, { objects, otherAgents });
    const programs = cells.flatMap(({ object, programs: own }) => own.map((program) => ({ object, ...program })));
    expect(programs.filter(({ predicted }) => predicted?.agrees === false)).toEqual([]);
    expect(cells.flatMap(({ relocations }) => relocations).filter(({ predicted }) => predicted !== undefined)).toEqual([]);
    expect(programs.filter(({ status }) => status === 'pass').length).toBeGreaterThan(150);
    expect(programs.filter(({ status }) => status === 'infra')).toEqual([]);
    expect(run.otherAgents?.map(({ loader, library, release }) => `${loader} is ${library} ${release}`)).toEqual([
      'aya@0.14 is aya 0.14.0',
      'aya@0.13 is aya 0.13.1',
    ]);
  },
  1_200_000,
);

test.skipIf(rustIsMissing)(
  'aya attaches programs, runs them, reads an iterator and counts the events in a ring buffer',
  async () => {
    const checks = [
      { program: 'on_exec', events: 'execs' },
      { program: 'on_connect', runs: 1 },
    ];
    const entry = { path: sample('fires'), loader: 'aya@0.14', mode: 'run', trigger: ['exec', 'connect', 'iterate'], check: checks };
    const placed = parsePlacedConfig(JSON.stringify({ objects: [entry] }), 'corematrix.yaml');
    const { objects, problems } = await readInputs(objectSources(placed, PACKAGE_ROOT));
    expect(problems).toEqual([]);
    const { otherAgents } = await ensureAgents(objects, {}, () => {});
    const { cells } = await realRun([], ['debian:5.10', 'debian:7.3'], { objects, otherAgents });
    expect(cells.map(({ status, checks: seen = [] }) => [status, ...seen.map(({ passed }) => passed)])).toEqual([
      ['pass', true, true],
      ['pass', true, true],
    ]);
  },
  900_000,
);
