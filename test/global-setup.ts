// Runs once before all tests: builds everything that every test may use, so that one test file also runs alone on a fresh machine.
import { join } from 'node:path';
import { execa } from 'execa';
import { build } from 'rolldown';
import type { TestProject } from 'vitest/node';
import { PACKAGE_ROOT } from '../harness/base/package-root.ts';
import { cacheRoot } from '../harness/base/files.ts';
import { ensureAgent } from '../harness/setup/agent.ts';
import { ensureLibbpf } from '../harness/setup/libbpf.ts';
import { buildPrograms } from '../programs/build.ts';
import config from '../rolldown.config.ts';

/** Bundles the script of the report page from its sources, as `npm run build` does. */
async function bundle(): Promise<void> {
  await build({ ...config, cwd: PACKAGE_ROOT });
}

function onNote(text: string): void {
  process.stderr.write(`set-up: ${text}\n`);
}

/** Called by vitest. In watch mode, the bundle is built again before each run. */
export default async function setup(project: TestProject): Promise<void> {
  // Tests of the command line run dist/. A type error is printed, but does not stop the tests: the compiler writes dist/ anyway, and
  // `npm run check` fails.
  await execa('node', [join(PACKAGE_ROOT, 'harness/setup/build.mjs')], { stdio: 'inherit', reject: false });
  await bundle();
  project.onTestsRerun(bundle);
  const cache = cacheRoot();
  await ensureAgent({ cache, onNote });
  const { includeDir } = await ensureLibbpf({ cache, onNote });
  await buildPrograms({ includeDir, onNote });
}
