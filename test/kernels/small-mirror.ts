// A small Debian mirror on this machine. Tests can remove packages, falsify data and stop it.
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { planKernels } from '../../kernels/plan.ts';
import type { PlannedKernel } from '../../kernels/registered.ts';
import type { KernelEvent, KernelOptions } from '../../kernels/sources/options.ts';
import { publicKey } from './signing.ts';
import { fakePackage, type FakeMirror, startMirror, withFolder } from './fixtures.ts';

export const cloud = (release: string) => `linux-image-${release}-cloud-amd64`;
const PACKAGES = {
  bullseye: [fakePackage(cloud('5.10.0-32'), '5.10.223-1'), fakePackage(`${cloud('5.10.0-32')}-unsigned`, '5.10.223-1')],
  bookworm: [
    fakePackage(cloud('6.1.0-50'), '6.1.176-1'),
    fakePackage('linux-image-6.1.0-50-rt-amd64', '6.1.176-1'),
    fakePackage(`${cloud('6.1.0-50')}-dbg`, '6.1.176-1'),
    fakePackage(cloud('6.12.107+deb12'), '6.12.107-1~deb12u1'),
  ],
  trixie: [fakePackage(cloud('6.12.107+deb13'), '6.12.107-1'), fakePackage(cloud('6.12.94+deb13'), '6.12.94-1')],
  'trixie-backports': [{ name: cloud('7.0.4+deb13'), version: '7.0.4-1~bpo13+1', deb: Buffer.alloc(2000) }],
  experimental: [
    fakePackage('linux-binary-7.3-cloud-amd64', '7.3~rc7-1~exp1'),
    fakePackage('linux-binary-unsigned-7.3-cloud-amd64', '7.3~rc7-1~exp1'),
  ],
};

/** The mirror of the current test. Each test gets a new one. */
export let mirror: FakeMirror;

/** Starts a mirror before each test of a file, and closes it afterwards. */
export function useMirror(): void {
  beforeEach(async () => {
    mirror = await startMirror(PACKAGES);
  });
  afterEach(() => mirror.close());
}

/** Replaces the mirror of the current test. */
export async function replaceMirror(suites: Parameters<typeof startMirror>[0]): Promise<void> {
  mirror.close();
  mirror = await startMirror(suites);
}

interface Setting {
  options: KernelOptions;
  notes: string[];
  folder: string;
}

/** Runs with an empty cache and a list of all notes, and trusts the key of the mirror. */
export async function withCache<T>(use: (setting: Setting) => Promise<T>): Promise<T> {
  return withFolder(async (folder) => {
    const notes: string[] = [];
    const onProgress = (event: KernelEvent) => {
      if (event.kind === 'note') notes.push(event.text.replaceAll(mirror.address, 'MIRROR'));
    };
    const trust = { mirrorKeys: [publicKey('mirror')] };
    return use({ options: { cache: join(folder, 'cache'), mirrors: [mirror.address], trust, onProgress }, notes, folder });
  });
}

/** Path of a package on the mirror. */
export const pool = (name: string, version: string) => `/debian/pool/main/l/linux/${name}_${version}_amd64.deb`;
/** The first kernel that a selector means. */
export async function only(selector: string, options: KernelOptions): Promise<PlannedKernel> {
  const [planned] = await planKernels([selector], options);
  if (!planned) throw new Error(`${selector} means nothing`);
  return planned;
}

/** The error of a rejected promise as text. */
export async function failure(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    (error: unknown) => String(error).replaceAll(mirror.address, 'MIRROR'),
  );
}
