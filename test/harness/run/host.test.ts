// Tests of the number of guests at a time: by processors, and by the memory of the machine or of a container (here a control group).
import { access, mkdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { availableMiB, jobsFor } from '../../../harness/run/host.ts';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';

const HOST = join(PACKAGE_ROOT, 'dist/harness/run/host.js');

describe('guests at a time', () => {
  it('the number of guests at a time is the number of processors, less if memory is short, and at least one', () => {
    expect([jobsFor(2, 24_000), jobsFor(16, 24_000), jobsFor(16, 2_000), jobsFor(4, 800), jobsFor(4, 600), jobsFor(4, 0)]).toEqual([
      2, 16, 7, 1, 1, 1,
    ]);
  });

  it('the number of guests at a time is limited by the memory of a container', async (context) => {
    const [folder = '', limit = ''] = await access('/sys/fs/cgroup/memory/cgroup.procs').then(
      () => ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes'],
      () => ['/sys/fs/cgroup', 'memory.max'],
    );
    const group = join(folder, `corematrix-test-${process.pid}`);
    const made = await mkdir(group)
      .then(async () => writeFile(join(group, limit), String(1200 * 2 ** 20)))
      .then(
        () => true,
        () => false,
      );
    try {
      if (!made) context.skip('control groups cannot be made here');
      const script = `import { availableMiB, jobsFor } from '${HOST}'; const free = await availableMiB(); console.log(free, jobsFor(64, free));`;
      const enter = 'echo $$ > "$0/cgroup.procs" && exec "$1" --input-type=module --eval "$2"';
      const { stdout } = await execa('sh', ['-c', enter, group, process.execPath, script]);
      const [free = 0, jobs = 0] = stdout.split(' ').map(Number);
      expect(free).toBeGreaterThan(1000);
      expect(free).toBeLessThan(1200);
      expect(jobs).toBeLessThanOrEqual(3);
      expect(await availableMiB()).not.toBe(free);
    } finally {
      await rmdir(group).catch(() => undefined);
    }
  });

  it('the number of guests at a time is found at once if /proc is empty', async (context) => {
    const empty = 'mount -t tmpfs none /proc && exec "$@"';
    const { failed } = await execa('unshare', ['--mount', 'sh', '-c', empty, 'sh', 'true'], { reject: false });
    if (failed) context.skip('mounts cannot be private here, as in a chroot');
    const script = `import { availableMiB } from '${HOST}'; console.log((await availableMiB()) > 0);`;
    const command = [process.execPath, '--input-type=module', '--eval', script];
    const { stdout } = await execa('unshare', ['--mount', 'sh', '-c', empty, 'sh', ...command], { timeout: 60_000, killSignal: 'SIGKILL' });
    expect(stdout).toBe('true');
  });
});
