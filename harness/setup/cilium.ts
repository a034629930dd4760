// The loader program with cilium/ebpf: built by Go from harness/loaders/cilium/. Its sum files pin every module by its digest.
import { join } from 'node:path';
import { readAnySize } from '../base/cached-file.ts';
import { InfraError } from '../base/errors.ts';
import { filesIn } from '../base/digest.ts';
import { PACKAGE_ROOT } from '../base/package-root.ts';
import { lastLines, run } from './command.ts';
import { type LoaderBuild, MissingCompiler } from './loader-build.ts';

/** Folder of the sources. */
export const CILIUM_FOLDER = join(PACKAGE_ROOT, 'harness/loaders/cilium');
/** Nothing of this machine gets into the program. */
const FLAGS = ['-trimpath', '-buildvcs=false', '-mod=readonly', '-ldflags=-s -w -buildid='];
const LIBRARY = 'github.com/cilium/ebpf';

/** The modules file of a release, and the flags that choose it. That of the newest has Go's own name. */
const MODULES: Readonly<Record<string, { file: string; flags: readonly string[] }>> = {
  '0.22': { file: 'go.mod', flags: [] },
  '0.17': { file: '0.17.mod', flags: ['-modfile=0.17.mod', '-tags=cilium_0_17'] },
};

/** Nothing of the user's own settings of Go decides, and Go never downloads another Go. */
export const GO_ENVIRONMENT = { CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off', GOTOOLCHAIN: 'local' } as const;

function modulesOf(release: string): { file: string; flags: readonly string[] } {
  const modules = MODULES[release];
  if (!modules) throw new Error(`no modules file for cilium/ebpf ${release}`);
  return modules;
}

/** The flags that make Go use the modules of a release. */
export function modulesFlags(release: string): readonly string[] {
  return modulesOf(release).flags;
}

/** The version of Go, `1.26`; null if it is not installed. */
async function goVersion(): Promise<{ line: string; numbers: [number, number] } | null> {
  const { ok, stdout } = await run(['go', 'version']);
  const [, major, minor] = /\bgo(\d+)\.(\d+)/.exec(stdout) ?? [];
  return ok && major !== undefined && minor !== undefined ? { line: stdout, numbers: [Number(major), Number(minor)] } : null;
}

/** A line of a modules file: `go 1.25.0`, `require github.com/cilium/ebpf v0.22.0`. */
function stated(modules: string, pattern: RegExp, what: string): string {
  const [, value] = pattern.exec(modules) ?? [];
  if (value === undefined) throw new Error(`the modules file names no ${what}`);
  return value;
}

function isOlder([major, minor]: [number, number], needed: string): boolean {
  const [neededMajor = 0, neededMinor = 0] = needed.split('.').map(Number);
  return major < neededMajor || (major === neededMajor && minor < neededMinor);
}

/**
 * How the loader program for a release of cilium/ebpf is built.
 * @param release one of the releases that a program is written for: `0.22`
 * @throws MissingCompiler if Go is missing or too old
 */
export async function ciliumBuild(release: string): Promise<LoaderBuild> {
  const modules = modulesOf(release);
  const text = (await readAnySize(join(CILIUM_FOLDER, modules.file))).toString('utf8');
  const needed = stated(text, /^go (\d+\.\d+)/m, 'release of Go');
  const go = await goVersion();
  if (go === null || isOlder(go.numbers, needed)) {
    const has = go === null ? 'none' : `Go ${go.numbers.join('.')}`;
    throw new MissingCompiler(`cilium@${release} needs Go ${needed} or newer to be built; this machine has ${has}`);
  }
  const flags = [...FLAGS, ...modules.flags];
  return {
    files: await filesIn(CILIUM_FOLDER, ['.go', '.mod', '.sum']),
    inputs: [go.line, ...flags],
    release: stated(text, new RegExp(`${LIBRARY} v(\\S+)`), LIBRARY),
    build: async (target) => {
      const { ok, said } = await run(['go', 'build', ...flags, '-o', target, '.'], {
        cwd: CILIUM_FOLDER,
        env: GO_ENVIRONMENT,
      });
      if (!ok) throw new InfraError(`the loader program with cilium/ebpf ${release} does not build:`, { detail: lastLines(said, 30) });
    },
  };
}
