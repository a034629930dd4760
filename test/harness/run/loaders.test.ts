// Tests of other releases of libbpf and of kernel modules, in real guests.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UserFaults } from '../../../harness/base/errors.ts';
import { parsePlacedConfig } from '../../../harness/plan/config/load.ts';
import { agentsUsed } from '../../../harness/results/loaders-used.ts';
import type { Results } from '../../../harness/results/schema.ts';
import type { GuestAgent } from '../../../harness/guest/agent.ts';
import { plainSources, readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { objectSources } from '../../../harness/plan/inputs/object-sources.ts';
import { ensureAgent } from '../../../harness/setup/agent.ts';
import { corematrix } from '../cli/command.ts';
import { compileBpf } from '../bpf/object/compile.ts';
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

/** Agents with these releases of libbpf, from the source packages of this machine's Debian mirror. */
async function agentsOf(releases: readonly string[]) {
  const agents = new Map<string, GuestAgent>();
  for (const release of releases) agents.set(`libbpf@${release}`, await ensureAgent({ onNote: () => {}, release }));
  return agents;
}

/** The result of each program, and whether it was predicted. */
function verdicts({ cells }: Results) {
  return cells.flatMap(({ object, programs }) =>
    programs.map(
      ({ name, status, class: failure, predicted }) =>
        `${object}/${name} ${status} ${failure ?? ''} ${predicted?.status ?? ''} ${predicted?.agrees ?? ''}`,
    ),
  );
}

test('each loader has its own rows: libbpf 1.1 and 1.5 refuse an object that 1.7 accepts, as predicted, and the results name all three', async () => {
  const releases = ['1.5', '1.1'];
  const { objects } = await readInputs(plainSources([sample('array_length')], '.'), {
    loaders: ['libbpf@default', ...releases.map((release) => `libbpf@${release}`)],
  });
  expect(objects.map(({ result, prepared }) => [result.id, result.loader, prepared.loader ?? null])).toEqual([
    ['array_length', undefined, null],
    ['array_length+libbpf-1.5', 'libbpf@1.5', 'libbpf@1.5'],
    ['array_length+libbpf-1.1', 'libbpf@1.1', 'libbpf@1.1'],
  ]);
  const results = await realRun([], [KERNEL], { objects, otherAgents: await agentsOf(releases) });
  expect(verdicts(results)).toEqual([
    'array_length/start_of_name pass  unknown true',
    'array_length+libbpf-1.5/start_of_name fail core-field-incompatible fail true',
    'array_length+libbpf-1.1/start_of_name fail core-field-incompatible fail true',
  ]);
  const named = agentsUsed(results).map(({ loader, libbpf }) => `${loader} is ${libbpf.replace(/(\d+\.\d+)\..*/, '$1')}`);
  expect(named).toEqual(['libbpf@default is 1.7', 'libbpf@1.5 is 1.5', 'libbpf@1.1 is 1.1']);
  expect(agentsUsed({ ...results, objects: results.objects.slice(1) }).map(({ loader }) => loader)).toEqual(['libbpf@1.5', 'libbpf@1.1']);
}, 300_000);

test('an object that libbpf does not open is invalid under every release of libbpf', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'loaders-test-'));
  try {
    const path = await compileBpf(folder, 'unopened', 'SEC("xdp") static int p(void *ctx) { return 0; }');
    const objects = await configured(['1.5', '1.1'].map((release) => ({ path, name: release, loader: `libbpf@${release}` })));
    const results = await realRun([], [KERNEL], { objects, otherAgents: await agentsOf(['1.5', '1.1']) });
    expect(verdicts(results)).toEqual(['1.5+libbpf-1.5/p fail object-invalid fail true', '1.1+libbpf-1.1/p fail object-invalid fail true']);
  } finally {
    await rm(folder, { recursive: true });
  }
}, 300_000);

test('other releases of libbpf attach and run objects like the default one', async () => {
  const run = {
    mode: 'run',
    trigger: ['exec', 'connect'],
    check: [
      { program: 'on_exec', events: 'execs' },
      { program: 'on_connect', runs: 1 },
    ],
  };
  const objects = await configured(
    ['1.5', '1.1'].map((release) => ({ path: sample('fires'), name: `fires-${release}`, loader: `libbpf@${release}`, ...run })),
  );
  const { cells } = await realRun([], ['debian:5.10', 'debian:7.3'], { objects, otherAgents: await agentsOf(['1.5', '1.1']) });
  expect(
    cells.map(({ object, status, checks = [] }) => [object, status, ...checks.map(({ seen, passed }) => `${seen} ${passed}`)].join(' ')),
  ).toEqual([
    'fires-1.5+libbpf-1.5 pass 1 true 1 true',
    'fires-1.1+libbpf-1.1 pass 1 true 1 true',
    'fires-1.5+libbpf-1.5 pass 1 true 1 true',
    'fires-1.1+libbpf-1.1 pass 1 true 1 true',
  ]);
}, 300_000);

test('a release of libbpf without a source package on the mirror is an error that names the available ones', async () => {
  const wanted = ensureAgent({ onNote: () => {}, release: '99.9' });
  await expect(wanted).rejects.toThrow(
    /^libbpf@99\.9: the Debian mirror has no source package of it; it has \d+\.\d+\.\d+(?:, \d+\.\d+\.\d+)*$/,
  );
});

test('a run and a plan name a release of libbpf that does not exist, with its place and the one that was probably meant', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'releases-test-'));
  try {
    const config = { kernels: [KERNEL], loaders: ['libbpf@1.1', 'libbpf@1.77'], objects: [{ path: sample('rss_stat') }] };
    await writeFile(join(folder, 'c.yaml'), JSON.stringify(config, null, 1));
    const [planned, ran] = [await corematrix(folder, ['plan', '-c', 'c.yaml']), await corematrix(folder, ['run', '-c', 'c.yaml'])];
    const faults = [planned, ran].map(({ exitCode, stderr }) => `${stderr.split('\n').at(-1) ?? ''} (exit ${exitCode ?? ''})`);
    expect(faults.map((fault) => fault.replace(/(the mirrors have: ).*(?= \(exit)/, '$1LIST'))).toMatchInlineSnapshot(`
      [
        "error: c.yaml:7:3: no release libbpf@1.77 (did you mean libbpf@1.7?); the mirrors have: LIST (exit 2)",
        "error: c.yaml:7:3: no release libbpf@1.77 (did you mean libbpf@1.7?); the mirrors have: LIST (exit 2)",
      ]
    `);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('modules are loaded first with the modules that they need, and libbpf and predictions know their types', async () => {
  const path = sample('veth_module');
  const objects = await configured([
    { path, modules: ['veth'] },
    { path, name: 'without' },
    { path: sample('rss_stat'), name: 'with-others', modules: ['nf-conntrack'] },
  ]);
  const results = await realRun([], [KERNEL], { objects });
  expect(verdicts(results)).toEqual([
    'veth_module/on_xmit pass  unknown true',
    'veth_module/read_peer pass  unknown true',
    'without/on_xmit fail attach-target-missing may-fail true',
    'without/read_peer fail core-type-missing fail true',
    'with-others/one_shape pass  unknown true',
    'with-others/both_shapes pass  unknown true',
  ]);
});

test('a module that no kernel has is a fault of the configuration, which a run and a plan name before any guest boots', async () => {
  const modules = ['veth', 'vethh', 'nf-contrack'];
  const objects = await configured([{ path: sample('veth_module'), modules }]);
  const fault = await realRun([], [KERNEL], { objects }).catch((error: unknown) => error);
  expect(fault).toBeInstanceOf(UserFaults);
  const folder = await mkdtemp(join(tmpdir(), 'modules-test-'));
  try {
    const config = { kernels: [KERNEL], objects: [{ path: sample('veth_module'), modules }] };
    await writeFile(join(folder, 'c.yaml'), JSON.stringify(config, null, 1));
    const { exitCode, stderr } = await corematrix(folder, ['plan', '-c', 'c.yaml']);
    // The first configuration is one line, so its columns depend on where the clone is.
    const faults = String(fault)
      .replace(/:1:\d+:/g, ':1:<column>:')
      .split('\n');
    expect([faults, stderr.split('\n').slice(1), exitCode]).toMatchInlineSnapshot(`
      [
        [
          "UserError: modules: 2 errors",
          "corematrix.yaml:1:<column>: no module "vethh" in the package of 6.1 (did you mean veth?)",
          "corematrix.yaml:1:<column>: no module "nf-contrack" in the package of 6.1 (did you mean nf_conntrack?)",
        ],
        [
          "error: c.yaml:10:5: no module "vethh" in the package of 6.1 (did you mean veth?)",
          "error: c.yaml:11:5: no module "nf-contrack" in the package of 6.1 (did you mean nf_conntrack?)",
        ],
        2,
      ]
    `);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a kernel that lacks a module which another kernel has gives no verdict', async () => {
  const objects = await configured([{ path: sample('rss_stat'), modules: ['tls'] }]);
  const { cells } = await realRun([], ['debian:5.10', KERNEL], { objects });
  expect(cells.map(({ status, reason }) => `${status} ${reason?.replace(/debian-\S+/, '<kernel>') ?? ''}`)).toMatchInlineSnapshot(`
    [
      "infra <kernel> has no module tls",
      "pass ",
    ]
  `);
});
