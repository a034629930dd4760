// A mirror on this machine for runs that download their kernel: a real package of the kernel in the machine's cache, under a signed index.
import { appendFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { KernelResult } from '../../harness/results/schema.ts';
import { type FakeMirror, kernelDeb, startMirror } from '../kernels/fixtures.ts';
import { TRUSTING } from '../kernels/signing.ts';
import type { FaultName, Phase, PlannedFault } from './faults.ts';

const SUITE = 'bullseye';
const PIECES = 10;
const SLOW_MS = 2000;

export interface ChaosMirror {
  /** The environment of a program that downloads from the mirror. */
  env: Readonly<Record<string, string>>;
  /** Answers every request from now on. */
  mend: () => void;
  close: () => void;
}

/** Sends a file in pieces with pauses between them. */
function sendSlowly(content: Buffer, response: ServerResponse): void {
  response.writeHead(200, { 'content-length': content.length });
  const size = Math.ceil(content.length / PIECES);
  const send = (start: number) => {
    response.write(content.subarray(start, start + size));
    if (start + size < content.length) setTimeout(() => send(start + size), SLOW_MS / PIECES);
    else response.end();
  };
  send(0);
}

function sendHalf(content: Buffer, response: ServerResponse): void {
  const half = content.subarray(0, Math.floor(content.length / 2));
  response.writeHead(200, { 'content-length': half.length }).end(half);
}

/** The kernel of a run as a package, from its files in a kernel cache. */
async function packageOf({ package: facts, sha256, release }: KernelResult, cache: string): Promise<Parameters<typeof startMirror>[0]> {
  if (facts === null || sha256 === null) throw new Error('the kernel of the undisturbed run has no package');
  const { name, version } = facts;
  const file = async (kept: string, inPackage: string) => ({
    path: `./boot/${inPackage}-${release}`,
    content: await readFile(join(cache, 'kernels', sha256, kept)),
  });
  const files = [await file('config', 'config'), await file('image', 'vmlinuz')];
  return { [SUITE]: [{ name, version, deb: kernelDeb({ name, version }, files) }] };
}

/** The fault that is planned for a phase each time that it is reached; each fault is written to the file of events. */
function plannedFaults(faults: readonly PlannedFault[], events: string): (phase: Phase) => FaultName | null {
  const times = new Map<Phase, number>();
  return (phase) => {
    const time = (times.get(phase) ?? 0) + 1;
    times.set(phase, time);
    const planned = faults.find((each) => each.phase === phase && each.time === time);
    if (!planned) return null;
    appendFileSync(events, `${JSON.stringify({ run: 1, guest: '', ...planned })}\n`);
    return planned.fault;
  };
}

/**
 * Starts a mirror that has only this kernel.
 * @param cache the kernel cache with the files of the kernel
 * @param events the file to which each fault that happens is written
 */
export async function startChaosMirror(
  kernel: KernelResult,
  { cache, faults, events }: { cache: string; faults: readonly PlannedFault[]; events: string },
): Promise<ChaosMirror> {
  const mirror: FakeMirror = await startMirror(await packageOf(kernel, cache));
  const enter = plannedFaults(faults, events);
  let state: 'planned' | 'absent' | 'mended' = 'planned';
  mirror.answer = (path, content, response) => {
    if (state === 'mended') return false;
    const fault = state === 'absent' ? 'absent' : enter(path.endsWith('.deb') ? 'package' : 'index');
    if (fault === null) return false;
    if (fault === 'slow') sendSlowly(content, response);
    else if (fault === 'truncate') sendHalf(content, response);
    else {
      state = 'absent';
      response.destroy();
    }
    return true;
  };
  return {
    env: { COREMATRIX_DEBIAN_MIRROR: mirror.address, ...TRUSTING },
    mend: () => {
      state = 'mended';
    },
    close: () => mirror.close(),
  };
}
