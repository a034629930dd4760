// Makes damaged objects that corematrix can read, from the sample programs and the recorded objects of Rust.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../../harness/base/errors.ts';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';
import { readBpfObject } from '../../../harness/bpf/object/object.ts';
import { mutate, randomFrom } from '../../fuzz/mutate.ts';

const FOLDERS = ['programs/build', 'test/fixtures/aya-objects'];

async function objectsIn(folder: string): Promise<Buffer[]> {
  const names = (await readdir(join(PACKAGE_ROOT, folder))).filter((name) => name.endsWith('.o')).toSorted();
  return Promise.all(names.map(async (name) => readFile(join(PACKAGE_ROOT, folder, name))));
}

function isReadable(bytes: Buffer): boolean {
  try {
    return readBpfObject(bytes, 'damaged').programs.length > 0;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

/**
 * Makes damaged objects. The same seed gives the same objects.
 * @returns as many as `count`, each with at least one program
 */
export async function damagedObjects(seed: number, count: number): Promise<Buffer[]> {
  const [first, ...rest] = (await Promise.all(FOLDERS.map(objectsIn))).flat();
  if (!first) throw new Error('there are no objects to damage: run `npm run setup`');
  const random = randomFrom(seed);
  const made: Buffer[] = [];
  while (made.length < count) {
    const bytes = mutate(random, [first, ...rest]);
    if (isReadable(bytes)) made.push(bytes);
  }
  return made;
}
