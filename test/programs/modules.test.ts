// Tests of kernel modules from both layouts of Debian's packages: signed images of 5.10, and split packages from 6.19 on.
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../harness/plan/config/load.ts';
import { readInputs } from '../../harness/plan/inputs/inputs.ts';
import { objectSources } from '../../harness/plan/inputs/object-sources.ts';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';
import { realRun, sample } from '../harness/run/real-run.ts';

const CONFIG = join(PACKAGE_ROOT, 'programs/modules.yaml');
const SERIES = ['5.10', '6.12', '6.19', '7.0', '7.1', '7.3'];

test('modules are loaded in every series before the object that needs them, with the modules they need', async () => {
  const placed = await loadConfig(CONFIG);
  const { objects, problems } = await readInputs(objectSources(placed, dirname(CONFIG)));
  // nf_nat needs nf_conntrack, which needs two more.
  const more = [{ pattern: sample('exec_watch'), settings: { modules: ['nf_nat'] } }];
  const others = await readInputs({ sources: more, directory: '/' });
  expect([problems, others.problems]).toEqual([[], []]);
  const { cells, kernels } = await realRun(
    [],
    SERIES.map((series) => `debian:${series}`),
    { objects: [...objects, ...others.objects], expectations: placed.config.expectations ?? [] },
  );
  const table = kernels.map(({ id, release }) => {
    const own = cells.filter(({ kernel }) => kernel === id);
    const series = /^\d+\.\d+/.exec(release ?? '')?.[0];
    return `${series}: ${own.map(({ object, status, reason }) => `${object} ${status}${status === 'pass' ? '' : `: ${reason}`}`).join(', ')}`;
  });
  expect(table).toMatchInlineSnapshot(`
    [
      "5.10: veth_module xfail: attach target veth_xmit (tracing) is not in vmlinux; module veth has it, but this kernel has no BTF of modules: only a kprobe can attach to it, exec_watch pass",
      "6.12: veth_module pass, exec_watch pass",
      "6.19: veth_module pass, exec_watch pass",
      "7.0: veth_module pass, exec_watch pass",
      "7.1: veth_module pass, exec_watch pass",
      "7.3: veth_module pass, exec_watch pass",
    ]
  `);
}, 600_000);
