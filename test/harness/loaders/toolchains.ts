// Whether this machine can build the loader programs. Tests without their compiler are skipped, and the reason is printed.
import { spawnSync } from 'node:child_process';

function isMissing(program: string, word: string): boolean {
  const { status, stdout } = spawnSync(program, [word], { encoding: 'utf8' });
  const missing = status !== 0 || stdout === '';
  if (missing) process.stderr.write(`skipped: tests of the loader program that ${program} builds, because ${program} is not installed\n`);
  return missing;
}

export const goIsMissing = isMissing('go', 'version');
export const rustIsMissing = isMissing('cargo', '--version');
