// Runs the built command line as a user does.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';

export const MAIN = join(PACKAGE_ROOT, 'dist/harness/cli/main.js');

/** Whether this machine has terminals. A container may have none. */
export const hasTerminals = existsSync('/dev/ptmx');

/**
 * Removes the notes about indexes of this machine's own mirrors: whether apt refuses an expired one differs between machines. The mirrors
 * of tests are at 127.0.0.1.
 */
export function withoutMirrorNotes(text: string): string {
  const isNote = (line: string) => /^the index of https?:\/\/(?!127\.)\S+ .* is refused: it expired on /.test(line);
  return text
    .split('\n')
    .filter((line) => !isNote(line))
    .join('\n');
}

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
    env: { CI: '', GITHUB_ACTIONS: '', ...env },
    reject: false,
    stdin: 'ignore',
  });
  return { exitCode, stdout, stderr: withoutMirrorNotes(stderr) };
}

/** Removes times, releases, progress lines, keys of mirrors and the accelerator from an output, because they differ between runs. */
export function steady(text: string): string {
  return text
    .split('\n')
    .filter(
      (line) =>
        !/: (?:verified|not verified): |^accelerator: |^cells \d+\/\d+ |: booted in \d|: each guest is booted$|: snapshot from the cache$/.test(
          line,
        ),
    )
    .join('\n')
    .replaceAll(/\d+\.\d s\b/g, 'N s')
    .replaceAll(/(debian-\d+\.\d+)[\w.+-]*-amd64/g, '$1-REST')
    .replaceAll(/libbpf \d+\.\d+\.\d+/g, 'libbpf N')
    .replaceAll(/, (?:tcg|kvm)(?=[,)])/g, ', ACCEL')
    .replaceAll(/\d+ at a time/g, 'N at a time')
    .replaceAll(/the Debian mirror has [\d., ]+/g, 'the Debian mirror has LIST ');
}
