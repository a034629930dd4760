// The folder of this package, whether it runs from its sources or from dist/.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

function climb(folder: string): string {
  if (existsSync(join(folder, 'package.json')) && existsSync(join(folder, 'harness/guest/agent'))) return folder;
  const above = dirname(folder);
  if (above === folder) throw new Error('the package of corematrix is incomplete: harness/guest/agent is missing');
  return climb(above);
}

/** The folder with package.json and the C sources of the agent. */
export const PACKAGE_ROOT = climb(import.meta.dirname);

/** Whether the package is a checkout of the repository. A published package has no TypeScript. */
export const IS_CHECKOUT = existsSync(join(PACKAGE_ROOT, 'harness/base/package-root.ts'));
