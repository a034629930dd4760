// Runs the built command line as a user does.
import { join } from 'node:path';
import { execa } from 'execa';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';

export const MAIN = join(PACKAGE_ROOT, 'dist/harness/cli/main.js');

export interface Said {
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
}

/** Runs `corematrix` in a folder without a terminal, and returns its output. */
export async function corematrix(cwd: string, args: readonly string[], env: Record<string, string> = {}): Promise<Said> {
  // Results that earlier tests cached must not replace those of this test.
  const [command, ...rest] = args;
  const all = command === 'run' ? [command, '--no-cache', ...rest] : args;
  const { exitCode, stdout, stderr } = await execa('node', [MAIN, ...all], {
    cwd,
    env: { GITHUB_ACTIONS: '', ...env },
    reject: false,
    stdin: 'ignore',
  });
  return { exitCode, stdout, stderr };
}

/** Removes times, releases, progress lines, keys of mirrors and the accelerator from an output, because they differ between runs. */
export function steady(text: string): string {
  return text
    .split('\n')
    .filter((line) => !/: (?:verified|not verified): |^accelerator: |^cells \d+\/\d+ |: booted in \d|: snapshot from the cache$/.test(line))
    .join('\n')
    .replaceAll(/\d+\.\d s\b/g, 'N s')
    .replaceAll(/(debian-\d+\.\d+)[\w.+-]*-amd64/g, '$1-REST')
    .replaceAll(/libbpf \d+\.\d+\.\d+/g, 'libbpf N')
    .replaceAll(/, (tcg|kvm), /g, ', ACCEL, ')
    .replaceAll(/\d+ at a time/g, 'N at a time')
    .replaceAll(/the Debian mirror has [\d., ]+/g, 'the Debian mirror has LIST ');
}
