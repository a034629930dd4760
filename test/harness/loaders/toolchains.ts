// Whether this machine can build the loader programs, and programs for arm64. Tests without a compiler that is new enough are skipped, and the reason is printed.
import { cacheRoot } from '../../../harness/base/files.ts';
import { ayaBuild } from '../../../harness/setup/aya.ts';
import { ciliumBuild } from '../../../harness/setup/cilium.ts';
import { MissingCompiler } from '../../../harness/setup/loader-build.ts';
import { toolchainFor } from '../../../harness/setup/toolchain.ts';

async function isMissing(build: () => Promise<unknown>): Promise<boolean> {
  try {
    await build();
    return false;
  } catch (error) {
    if (!(error instanceof MissingCompiler)) throw error;
    process.stderr.write(`skipped: ${error.message}\n`);
    return true;
  }
}

export const goIsMissing = await isMissing(async () => ciliumBuild('0.22'));
export const rustIsMissing = await isMissing(async () => ayaBuild('0.14'));
export const arm64IsMissing = await isMissing(async () => toolchainFor('arm64', { cache: cacheRoot(), onNote: () => {} }));
