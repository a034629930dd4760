// Runs objects on a real kernel in rpm packages that rpmbuild makes in the layout of RHEL 9.
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { cacheRoot } from '../../../harness/base/files.ts';
import { parsePlacedConfig } from '../../../harness/plan/config/load.ts';
import { readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { objectSources } from '../../../harness/plan/inputs/object-sources.ts';
import { pulledKernels } from '../../kernels/pulled.ts';
import { builtRpm } from '../../kernels/rpmbuild.ts';
import { realRun, sample } from './real-run.ts';

const KVER = '6.1.0-100.el9.x86_64';
const MODULE = 'veth.ko';

it('objects load on a kernel in rpm packages, with a module of the package beside it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rpm-kernel-'));
  try {
    const [debian] = await pulledKernels(['debian:6.1']);
    if (!debian?.image || !debian.config) throw new Error('the kernel has no image or configuration');
    const modules = await debian.modules.folder({ cache: cacheRoot() });
    const spec = { version: '6.1.0', release: '100.el9' };
    const lib = `lib/modules/${KVER}`;
    const core = { [`${lib}/vmlinuz`]: { copyOf: debian.image }, [`${lib}/config`]: { copyOf: debian.config.path } };
    const beside = { [`${lib}/kernel/drivers/net/${MODULE}`]: { copyOf: join(modules, MODULE) } };
    const built = [
      await builtRpm(folder, { ...spec, name: 'kernel-core', files: core, ghosts: [`boot/vmlinuz-${KVER}`] }),
      await builtRpm(folder, { ...spec, name: 'kernel-modules-core', files: beside }),
    ];
    const [path = ''] = await Promise.all(
      built.map(async (rpm) => {
        await copyFile(rpm, join(folder, basename(rpm)));
        return join(folder, basename(rpm));
      }),
    );
    const text = JSON.stringify({ objects: [{ path: sample('veth_module'), modules: ['veth'] }, { path: sample('rss_stat') }] });
    const { objects } = await readInputs(objectSources(parsePlacedConfig(text, 'corematrix.yaml'), folder));
    const { cells, kernels } = await realRun([], [`rpm:${path}`], { objects });
    expect(kernels.map(({ id, version, release, distribution }) => [id, version, release === debian.release, distribution])).toEqual([
      [`rpm-${KVER}`, '6.1.0', true, 'rpm'],
    ]);
    const rows = cells.flatMap(({ object, programs }) =>
      programs.map(({ name, status, predicted }) => `${object}/${name} ${status} ${predicted?.agrees}`),
    );
    expect(rows).toEqual([
      'veth_module/on_xmit pass true',
      'veth_module/read_peer pass true',
      'rss_stat/one_shape pass true',
      'rss_stat/both_shapes pass true',
    ]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
