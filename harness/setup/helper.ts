// The guest helper: one static binary from the C in harness/helper/, linked with the libbpf of set-up, kept in the cache.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { cacheRoot, populateDirectory } from '../../kernels/cache.ts';
import { UserError } from '../errors.ts';
import type { GuestHelper } from '../run/helper.ts';
import { digestOf, filesIn } from './digest.ts';
import { ensureLibbpf, type Libbpf } from './libbpf.ts';
import { PACKAGE_ROOT } from './root.ts';

const FLAGS = ['-std=gnu11', '-O2', '-static', '-s', '-Wall', '-Wextra', '-Werror'];

interface HelperOptions {
  cache?: string;
  /** Folder of the C sources. */
  sources?: string;
  say: (text: string) => void;
  mirrors?: readonly string[] | undefined;
}

async function compilerVersion(): Promise<string> {
  const result = await execa('gcc', ['--version'], { reject: false });
  if (result.failed) throw new UserError('gcc is not installed; run "npm run setup", or on Debian: apt-get install gcc libc6-dev');
  return result.stdout.split('\n')[0] ?? '';
}

async function compile(sources: readonly string[], libbpf: Libbpf, target: string): Promise<void> {
  const libraries = [libbpf.staticLib, '-lelf', '-lz', '-lzstd'];
  const built = await execa('gcc', [...FLAGS, '-isystem', libbpf.includeDir, ...sources, ...libraries, '-o', target], {
    reject: false,
    stdin: 'ignore',
  });
  if (built.failed) throw new UserError(`the guest helper does not build; run "npm run setup" for what it needs:\n${built.stderr.trim()}`);
}

/**
 * The guest helper, built when its sources, libbpf or the compiler changed.
 * @throws UserError when it cannot be built, with what the compiler says
 */
export async function ensureHelper(options: HelperOptions): Promise<GuestHelper> {
  const cache = options.cache ?? cacheRoot();
  const folder = options.sources ?? join(PACKAGE_ROOT, 'harness/helper');
  const libbpf = await ensureLibbpf({ cache, say: options.say, mirrors: options.mirrors });
  const compiler = await compilerVersion();
  const key = await digestOf(await filesIn(folder, ['.c', '.h']), libbpf.staticLib, libbpf.version, compiler, ...FLAGS);
  const target = join(cache, 'helper', key);
  const started = performance.now();
  const state = await populateDirectory(target, async (building) => compile(await filesIn(folder, ['.c']), libbpf, join(building, 'init')));
  if (state === 'built') options.say(`guest helper with libbpf ${libbpf.version}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
  const path = join(target, 'init');
  const sha256 = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  return { path, sha256, libbpf: libbpf.version, libbpfOrigin: libbpf.origin };
}
