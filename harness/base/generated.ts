// Files that a program of this repository generates: which of them differ from the code, and the command that writes them.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PACKAGE_ROOT } from './package-root.ts';

export interface GeneratedFile {
  /** From the root of the repository. */
  path: string;
  /** The whole text. */
  render: () => string | Promise<string>;
}

export interface DifferingFile {
  path: string;
  /** What the file must hold. */
  text: string;
  missing: boolean;
}

/**
 * The generated files below `root` that are missing or hold something else.
 * @throws what reading a file throws, unless it only does not exist
 */
export async function differingFiles(root: string, files: readonly GeneratedFile[]): Promise<DifferingFile[]> {
  const found = await Promise.all(
    files.map(async ({ path, render }) => {
      const text = await render();
      const committed = await readFile(join(root, path), 'utf8').catch((error: unknown) => {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
        throw error;
      });
      return { path, text, missing: committed === null, differs: committed !== text };
    }),
  );
  return found.flatMap(({ differs, ...file }) => (differs ? [file] : []));
}

/**
 * Writes the generated files that differ. With `--check` it writes none, names them, and sets exit code 1.
 * @param command what the user types to write them
 */
export async function publish(command: string, files: readonly GeneratedFile[]): Promise<void> {
  const check = process.argv.includes('--check');
  for (const { path, text, missing } of await differingFiles(PACKAGE_ROOT, files)) {
    if (check) {
      process.stderr.write(`${path} ${missing ? 'is missing' : 'differs from its source'}: type ${command}\n`);
      process.exitCode = 1;
    } else {
      await mkdir(dirname(join(PACKAGE_ROOT, path)), { recursive: true });
      await writeFile(join(PACKAGE_ROOT, path), text);
      process.stdout.write(`${path} is written\n`);
    }
  }
}
