// Notes about packages by their digest: which kernel a package contains, or that its mirror lost it.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readCachedText } from '../../harness/base/cached-file.ts';
import { parseCached, writeFileAtomic } from '../../harness/base/files.ts';
import { type CachedKernel, kernelDirectory, readCachedKernel } from './cached-kernel.ts';

const ABSENT_MS = 6 * 60 * 60 * 1000;

const packageNote = z.union([
  z.strictObject({ image: z.string().regex(/^[0-9a-f]{64}$/) }),
  z.strictObject({ absentAt: z.number(), mirrors: z.array(z.string()) }),
]);

/** No package: these mirrors lacked it within the last hours. Another mirror may have it. */
export interface AbsentPackage {
  absentFrom: readonly string[];
}

function notePath(cache: string, packageSha256: string): string {
  return join(cache, 'packages', `${packageSha256}.json`);
}

async function readNote(cache: string, packageSha256: string): Promise<z.infer<typeof packageNote> | null> {
  const text = await readCachedText(notePath(cache, packageSha256));
  return packageNote.safeParse(text === null ? null : parseCached(text)).data ?? null;
}

/** The digests of all packages in the notes that contain an image. */
export async function packagesWithImage(cache: string, imageSha256: string): Promise<string[]> {
  const names = await readdir(join(cache, 'packages')).catch(() => []);
  const digests = names.flatMap((name) => /^([0-9a-f]{64})\.json$/.exec(name)?.[1] ?? []).toSorted();
  const notes = await Promise.all(digests.map(async (digest) => readNote(cache, digest)));
  return digests.filter((_, at) => {
    const note = notes[at];
    return note && 'image' in note && note.image === imageSha256;
  });
}

/** The kernel of a package, or the mirrors that lacked the package within the last hours; null if there is no note. */
export async function lookUpPackage(cache: string, packageSha256: string): Promise<CachedKernel | AbsentPackage | null> {
  const note = await readNote(cache, packageSha256);
  if (!note) return null;
  if ('image' in note) return readCachedKernel(kernelDirectory(cache, note.image));
  const age = Date.now() - note.absentAt;
  return age >= 0 && age < ABSENT_MS ? { absentFrom: note.mirrors } : null;
}

/** The kernel of a package if it is in the cache. */
export async function cachedPackage(cache: string, packageSha256: string): Promise<CachedKernel | null> {
  const known = await lookUpPackage(cache, packageSha256);
  return known === null || 'absentFrom' in known ? null : known;
}

/** Whether the kernel of a package is in the cache. */
export async function isPackageCached(cache: string, packageSha256: string): Promise<boolean> {
  return (await cachedPackage(cache, packageSha256)) !== null;
}

/** Notes which image a package contains. */
export async function rememberImage(cache: string, packageSha256: string, imageSha256: string): Promise<void> {
  await writeFileAtomic(notePath(cache, packageSha256), JSON.stringify({ image: imageSha256 }));
}

/** Notes, for some hours, that mirrors do not have a package. */
export async function rememberAbsent(cache: string, packageSha256: string, mirrors: readonly string[]): Promise<void> {
  await writeFileAtomic(notePath(cache, packageSha256), JSON.stringify({ absentAt: Date.now(), mirrors }));
}
