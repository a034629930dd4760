// Digests of one file, and of all inputs of a build, so that it is built again only if an input changed.
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readAnySize, streamOf } from './cached-file.ts';

/** The files of a folder (not below it) whose names end in one of `endings`, sorted. */
export async function filesIn(folder: string, endings: readonly string[]): Promise<string[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => endings.some((ending) => name.endsWith(ending)))
    .toSorted()
    .map((name) => join(folder, name));
}

/** A digest of names and contents of files (not of their folders) and of everything else that matters: 32 hexadecimal digits. */
export async function digestOf(files: readonly string[], ...words: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(words));
  for (const file of files) {
    const content = await readAnySize(file);
    hash.update(`${basename(file)} ${content.length}\n`).update(content);
  }
  return hash.digest('hex').slice(0, 32);
}

/** The sha256 of a file in hexadecimal. The file is read as a stream, so its size does not matter. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of await streamOf(path)) hash.update(chunk);
  return hash.digest('hex');
}
