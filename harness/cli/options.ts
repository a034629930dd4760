// Options that several commands have, and how the values of options are read.
import { InvalidArgumentError, Option } from 'commander';
import { MAX_SECONDS } from '../base/time-limit.ts';

/** Collects the values of an option that may be given several times. */
export function repeated(value: string, before: string[] = []): string[] {
  return [...before, value];
}

/** Reads a number above 0. */
function positive(value: string): number {
  const number = Number(value);
  if (!Number.isFinite(number) || number <= 0) throw new InvalidArgumentError('Expected a number above 0.');
  return number;
}

/** Reads a time limit in seconds. */
export function seconds(value: string): number {
  const number = positive(value);
  if (number > MAX_SECONDS) throw new InvalidArgumentError(`Expected at most ${MAX_SECONDS} seconds (24 days).`);
  return number;
}

/** Reads a whole number above 0. */
function wholePositive(value: string): number {
  if (!Number.isInteger(positive(value))) throw new InvalidArgumentError('Expected a whole number above 0.');
  return Number(value);
}

/** Reads a whole number, 0 included. */
export function wholeNumber(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError('Expected a whole number, 0 or more.');
  return Number(value);
}

export const jobsOption = () =>
  new Option(
    '-j, --jobs <n>',
    'maximum number of guests at the same time, fewer if memory is short (default: the number of processors)',
  ).argParser(wholePositive);

export const accelOption = () =>
  new Option('--accel <name>', 'accelerator of the guests; auto uses KVM if a test guest runs under it')
    .choices(['auto', 'kvm', 'tcg'])
    .default('auto');

export const outOption = () => new Option('-o, --out <dir>', 'report folder').default('corematrix-report');

/** `--force`: the only way to lose a file that no report wrote. */
export const forceOption = () => new Option('--force', 'replace files in the report folder that no earlier report wrote');
