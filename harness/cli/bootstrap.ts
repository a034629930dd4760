// Set-up of a checkout (`npm run setup`): installs and builds everything that runs, samples and tests need. It prints each step, and one line
// if nothing is to do.
import { cacheRoot } from '../base/files.ts';
import { LIBRARY_LOADERS, namedLoader } from '../base/loader-name.ts';
import { buildPrograms } from '../../programs/build.ts';
import { exitCodeOf, reportError } from './exit.ts';
import { untilInterrupted } from './interrupt.ts';
import { writeLine } from './lines.ts';
import { ensureAgent } from '../setup/agent.ts';
import { ensureLibbpf } from '../setup/libbpf.ts';
import { MissingCompiler } from '../setup/loader-build.ts';
import { ensureLoaderProgram } from '../setup/loader-program.ts';
import { installPackages, planForThisMachine } from '../setup/install.ts';

function note(text: string): void {
  writeLine(process.stderr, `set-up: ${text}`);
}

/** Builds the loader programs that this machine has compilers for. Tests need them; a run builds those that it names. */
async function buildLoaderPrograms(cache: string): Promise<void> {
  for (const name of LIBRARY_LOADERS) {
    const loader = namedLoader(name);
    if (loader.family === 'libbpf') continue;
    await ensureLoaderProgram(loader, { cache, onNote: note }).catch((error: unknown) => {
      if (!(error instanceof MissingCompiler)) throw error;
      note(`${name} is left out: ${error.message}`);
    });
  }
}

async function setUp(withTests: boolean): Promise<void> {
  const need = withTests ? 'tests' : 'checkout';
  await installPackages(await planForThisMachine(need), need, note);
  const cache = cacheRoot();
  const agent = await ensureAgent({ cache, onNote: note });
  const libbpf = await ensureLibbpf({ cache, onNote: note });
  const objects = await buildPrograms({ includeDir: libbpf.includeDir, onNote: note });
  if (withTests) await buildLoaderPrograms(cache);
  note(`ready: guest agent with libbpf ${agent.libbpf} (${agent.libbpfOrigin}), ${objects.length} sample objects`);
}

try {
  await untilInterrupted(async () => setUp(process.argv.includes('--tests')));
} catch (error) {
  reportError(error);
  process.exitCode = exitCodeOf(error);
}
