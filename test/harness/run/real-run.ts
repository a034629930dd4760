// Real runs for tests, with the cache, the kernels and the QEMU of the machine and the built agent.
import { copyFile, cp, mkdir, readdir, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../../harness/run/run.ts';
import type { RunRequest } from '../../../harness/run/run-request.ts';
import type { GuestAgent } from '../../../harness/guest/agent.ts';
import type { RunEvent } from '../../../harness/run/events.ts';
import { plainSources, readInputs } from '../../../harness/plan/inputs/inputs.ts';
import type { Results } from '../../../harness/results/schema.ts';
import { ensureAgent } from '../../../harness/setup/agent.ts';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';
import { cacheRoot } from '../../../harness/base/files.ts';

/** Path of a sample object that set-up has built. */
export function sample(name: string): string {
  return join(PACKAGE_ROOT, 'programs/build', `${name}.bpf.o`);
}

/**
 * An agent with another load.c. The real one is beside it as really.h.
 * @param sources a folder that does not exist yet
 */
export async function agentOf(load: string, sources: string): Promise<GuestAgent> {
  await cp(join(PACKAGE_ROOT, 'harness/guest/agent'), sources, { recursive: true });
  await rename(join(sources, 'load.c'), join(sources, 'really.h'));
  await copyFile(load, join(sources, 'load.c'));
  return ensureAgent({ onNote: () => {}, sources });
}

/** Runs objects (paths) on kernels (selectors) with a user's defaults, except for the given options, and the kernels of the machine's cache. */
export async function realRun(
  paths: readonly string[],
  selectors: readonly string[],
  changes: Partial<RunRequest> & { onEvent?: (event: RunEvent) => void; signal?: AbortSignal } = {},
): Promise<Results> {
  const { onEvent = () => {}, signal = new AbortController().signal, ...others } = changes;
  const cache = others.cache ?? cacheRoot();
  const { objects, problems } = await readInputs(plainSources(paths, PACKAGE_ROOT));
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const request: RunRequest = {
    objects,
    selectors,
    kernelOptions: { cache: cacheRoot() },
    cache,
    agent: await ensureAgent({ onNote: () => {} }),
    expectations: [],
    isolation: 'snapshot',
    accel: 'auto',
    command: ['vitest'],
    ...others,
  };
  return run(request, onEvent, signal);
}

/** What a cache has of kernels and of the mirrors that they come from. */
export const KERNEL_FOLDERS = ['kernels', 'packages', 'debian', 'downloads'] as const;

/**
 * A cache at `path` with the content of the machine's cache, but without snapshots and verdicts. New files stay in it.
 * @param without other names that it does not have
 */
export async function linkedCache(path: string, without: readonly string[] = []): Promise<string> {
  const real = cacheRoot();
  await mkdir(path);
  for (const name of await readdir(real)) {
    if (['snapshots', 'verdicts', 'accel.json', ...without].includes(name)) continue;
    if (name !== 'kernels' && name !== 'packages') {
      await symlink(join(real, name), join(path, name));
      continue;
    }
    await mkdir(join(path, name));
    for (const entry of await readdir(join(real, name))) await symlink(join(real, name, entry), join(path, name, entry));
  }
  return path;
}
