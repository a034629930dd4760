// The memory that the control groups of a container or a service leave free.
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const ROOT = '/sys/fs/cgroup';
const MIB = 2 ** 20;

/** The files of a version of control groups: the limit of memory, and its use. */
const VERSIONS = [
  { controllers: '', folder: '', limit: 'memory.max', used: 'memory.current', cache: /^inactive_file (\d+)$/m },
  {
    controllers: 'memory',
    folder: 'memory',
    limit: 'memory.limit_in_bytes',
    used: 'memory.usage_in_bytes',
    cache: /^total_inactive_file (\d+)$/m,
  },
] as const;

/** Each line names a hierarchy: its number, its controllers (none in version 2), and the path of the group. Null without an absolute path. */
function pathIn(groups: string, controllers: string): string | null {
  const lines = groups.split('\n').map((line) => line.split(':'));
  const own = lines.find(([, names = '']) => names.split(',').includes(controllers));
  const path = own?.slice(2).join(':') ?? '';
  return path.startsWith('/') ? path : null;
}

async function numberIn(path: string): Promise<number> {
  return Number(await readFile(path, 'utf8').catch(() => 'none'));
}

/**
 * The MiB that the control groups of this process leave free, by the tightest limit; null if there is no limit. Inactive cached files
 * count as free, as they do in the kernel's own estimate.
 * @see Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst in the kernel
 */
export async function cgroupMiB(): Promise<number | null> {
  const groups = await readFile('/proc/self/cgroup', 'utf8').catch(() => '');
  const free: number[] = [];
  for (const { controllers, folder, limit, used, cache } of VERSIONS) {
    for (let path = pathIn(groups, controllers); path !== null; path = path === '/' ? null : dirname(path)) {
      const group = join(ROOT, folder, path);
      const [most, inUse] = [await numberIn(join(group, limit)), await numberIn(join(group, used))];
      // `max`, or a number larger than any memory, means no limit.
      if (!Number.isSafeInteger(most) || !Number.isSafeInteger(inUse)) continue;
      const unused = Number(cache.exec(await readFile(join(group, 'memory.stat'), 'utf8').catch(() => ''))?.[1] ?? 0);
      free.push(Math.max(0, Math.floor((most - inUse + unused) / MIB)));
    }
  }
  return free.length === 0 ? null : Math.min(...free);
}
