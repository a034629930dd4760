// Leaves in dist/ only what the package needs: its command, its library with types, and all modules that they import.
import { readdir, rm } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { z } from 'zod';
import { readAnySize } from '../../base/cached-file.ts';

const DIST = 'dist';
/** A file that no module imports: the report page gets its text. */
const CLIENT = 'dist/reports/html/client.js';
const IMPORT = /\b(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g;

const packageSchema = z.object({
  bin: z.record(z.string(), z.string()),
  exports: z.record(z.string(), z.union([z.string(), z.record(z.string(), z.string())])),
});

async function textOf(path: string): Promise<string> {
  return (await readAnySize(path)).toString();
}

/** The files through which users reach the package, from its folder. */
async function entriesOf(folder: string): Promise<string[]> {
  const { bin, exports } = packageSchema.parse(JSON.parse(await textOf(join(folder, 'package.json'))));
  const exported = Object.values(exports).flatMap((target) => (typeof target === 'string' ? [target] : Object.values(target)));
  return [...Object.values(bin), ...exported].map((path) => normalize(path)).filter((path) => path.startsWith(`${DIST}/`));
}

/** The file that an import names. Declarations import the sources that they were made from. */
function fileOf(importer: string, target: string): string {
  const path = normalize(join(dirname(importer), target));
  return importer.endsWith('.d.ts') ? path.replace(/(?<!\.d)\.ts$|\.js$/, '.d.ts') : path;
}

async function addReachable(folder: string, path: string, found: Set<string>): Promise<void> {
  if (found.has(path)) return;
  found.add(path);
  const text = await textOf(join(folder, path));
  for (const [, target = ''] of text.matchAll(IMPORT)) await addReachable(folder, fileOf(path, target), found);
}

/**
 * Removes all other files of dist/. The next build makes them again, because the compiler's record of its output is among them.
 * @param folder of the package
 */
export async function trimDist(folder: string): Promise<void> {
  const needed = new Set<string>();
  for (const entry of await entriesOf(folder)) await addReachable(folder, entry, needed);
  needed.add(CLIENT);
  const entries = await readdir(join(folder, DIST), { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !needed.has(path.slice(folder.length + 1))) await rm(path);
  }
}
