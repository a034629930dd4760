// Set-up: everything a run needs on this machine. Says what it does, and next to nothing when there is nothing to do.
import { buildPrograms } from '../../programs/build.ts';
import { cacheRoot } from '../../kernels/cache.ts';
import { exitCodeOf, reportError } from '../cli/exit.ts';
import { ensureHelper } from './helper.ts';
import { ensureLibbpf } from './libbpf.ts';
import { ensurePackages } from './packages.ts';

function say(text: string): void {
  process.stderr.write(`set-up: ${text}\n`);
}

async function main(withTests: boolean): Promise<void> {
  await ensurePackages(withTests, say);
  const cache = cacheRoot();
  const helper = await ensureHelper({ cache, say });
  const libbpf = await ensureLibbpf({ cache, say });
  const programs = await buildPrograms({ includeDir: libbpf.includeDir, say });
  say(`ready: helper with libbpf ${helper.libbpf} (${helper.libbpfOrigin}), ${programs.length} sample objects`);
}

try {
  await main(process.argv.includes('--tests'));
} catch (error) {
  reportError(error);
  process.exitCode = exitCodeOf(error);
}
