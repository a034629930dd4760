// The compilers of BPF besides the clang of this machine: on PATH, or in the folder that COREMATRIX_TOOLCHAINS names.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

export interface Toolchain {
  name: string;
  /** The program with its arguments; source and output follow. */
  command: readonly [string, ...string[]];
  env: Readonly<Record<string, string>>;
}

const CLANGS = ['13', '16', '19', '22'];
const FOLDER = process.env['COREMATRIX_TOOLCHAINS'];

function toolchain(name: string, command: readonly [string, ...string[]], below: string): Toolchain | null {
  const [program, ...flags] = command;
  const env: Record<string, string> = FOLDER === undefined ? {} : { LD_LIBRARY_PATH: join(FOLDER, 'usr/lib/x86_64-linux-gnu') };
  if (FOLDER !== undefined) env['PATH'] = `${join(FOLDER, 'usr/bin')}:${process.env['PATH'] ?? ''}`;
  const found = [program, ...(FOLDER === undefined ? [] : [join(FOLDER, below, program.replace(/-\d+$/, ''))])].find(
    (path) => spawnSync(path, ['--version'], { env: { ...process.env, ...env } }).status === 0,
  );
  if (found !== undefined) return { name, command: [found, ...flags], env };
  process.stderr.write(`skipped: objects of ${name}, because it is not installed; see fetch-toolchains beside this test\n`);
  return null;
}

const CLANG_FLAGS = ['-target', 'bpf', '-O2', '-g', '-c'];

/** The toolchains that this machine has. Says which it lacks. */
export function toolchains(): Toolchain[] {
  return [
    ...CLANGS.map((release) => toolchain(`clang ${release}`, [`clang-${release}`, ...CLANG_FLAGS], `usr/lib/llvm-${release}/bin`)),
    toolchain('gcc', ['bpf-gcc', '-O2', '-gbtf', '-mco-re', '-c'], 'usr/bin'),
  ].flatMap((each) => each ?? []);
}
