// Packs the package as a release does, from a copy of the files that git knows.
import { copyFile, mkdir, symlink } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';

export interface PackedPackage {
  /** Path of the tarball. */
  tarball: string;
  /** Bytes of the tarball. */
  size: number;
  /** Paths in the package, sorted. */
  files: string[];
  /** Folder of the copy. */
  folder: string;
}

const packSchema = z.tuple([z.object({ filename: z.string(), size: z.number(), files: z.array(z.object({ path: z.string() })) })]);

/** Folders of programs that every Linux system has. Compilers of Go and Rust are elsewhere, unless the system installed them. */
export const SYSTEM_PATH = [dirname(process.execPath), '/usr/sbin', '/usr/bin', '/sbin', '/bin'].join(delimiter);

/** Copies the files that git knows, changed and new ones included. */
async function copySources(target: string): Promise<void> {
  const { stdout } = await execa('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: PACKAGE_ROOT });
  const names = stdout.split('\0').filter((name) => name !== '' && existsSync(join(PACKAGE_ROOT, name)));
  for (const folder of new Set(names.map((name) => dirname(name)))) await mkdir(join(target, folder), { recursive: true });
  for (const name of names) await copyFile(join(PACKAGE_ROOT, name), join(target, name));
}

async function packed(copy: string, target: string, env: Record<string, string>): Promise<PackedPackage> {
  const { stdout } = await execa('npm', ['pack', '--json', '--pack-destination', target], { cwd: copy, env, stderr: 'inherit' });
  // The steps before the packing print to standard output, too.
  const [{ filename, size, files }] = packSchema.parse(JSON.parse(stdout.slice(stdout.indexOf('[\n'))));
  return { tarball: join(target, filename), size, files: files.map(({ path }) => path).toSorted(), folder: copy };
}

/**
 * Packs the work tree, with the dependencies that are installed here.
 * @param env variables such as PATH, which decides which loader programs can be built
 */
export async function packInto(folder: string, env: Record<string, string>): Promise<PackedPackage> {
  const copy = join(folder, 'copy');
  await copySources(copy);
  await symlink(join(PACKAGE_ROOT, 'node_modules'), join(copy, 'node_modules'));
  return packed(copy, folder, env);
}

/** Packs a clean clone of the last commit, as a release does. */
export async function packClone(folder: string, env: Record<string, string>): Promise<PackedPackage> {
  const clone = join(folder, 'clone');
  await execa('git', ['clone', '--quiet', PACKAGE_ROOT, clone]);
  await execa('npm', ['ci', '--no-audit', '--no-fund', '--prefer-offline'], { cwd: clone });
  return packed(clone, folder, env);
}
