// Which generated pages are not what the code says.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from './pages.ts';

export interface DifferingPage {
  path: string;
  /** What its file must hold. */
  text: string;
  missing: boolean;
}

/**
 * The pages whose files below `root` are missing or hold something else.
 * @throws what reading a file throws, unless it only does not exist
 */
export async function differingPages(root: string, pages: readonly Page[]): Promise<DifferingPage[]> {
  const found = await Promise.all(
    pages.map(async ({ path, render }) => {
      const text = `${await render()}\n`;
      const committed = await readFile(join(root, path), 'utf8').catch((error: unknown) => {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
        throw error;
      });
      return { path, text, missing: committed === null, differs: committed !== text };
    }),
  );
  return found.flatMap(({ differs, ...page }) => (differs ? [page] : []));
}
