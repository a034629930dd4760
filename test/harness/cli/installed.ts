// The built package as npm installs it: without sources, so that it does not count as a checkout.
import { cp, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';

const PARTS = ['package.json', 'dist/harness', 'dist/kernels', 'dist/reports', 'harness/guest/agent', 'kernels/lock.json'];

/** Copies the built package to a new folder. Returns the path of its command. */
export async function copyInstalled(folder: string): Promise<string> {
  for (const part of PARTS) await cp(join(PACKAGE_ROOT, part), join(folder, part), { recursive: true });
  await symlink(join(PACKAGE_ROOT, 'node_modules'), join(folder, 'node_modules'));
  return join(folder, 'dist/harness/cli/main.js');
}
