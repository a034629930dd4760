// Runs once before all tests: bundles the script of the report page from its sources, as `npm run build` does.
import { build } from 'rolldown';
import type { TestProject } from 'vitest/node';
import { PACKAGE_ROOT } from '../harness/base/package-root.ts';
import config from '../rolldown.config.ts';

async function bundle(): Promise<void> {
  await build({ ...config, cwd: PACKAGE_ROOT });
}

/** Called by vitest; in watch mode the bundle is made again before each run. */
export default async function setup(project: TestProject): Promise<void> {
  await bundle();
  project.onTestsRerun(bundle);
}
