// The name of a loader on the command line.
import { InvalidArgumentError } from 'commander';
import { loaderSchema } from '../plan/settings/loader/schema.ts';

/**
 * Checks the name of a loader: `libbpf@1.1`, `cilium@0.22`.
 * @throws InvalidArgumentError that lists the possible names
 */
export function checkedLoader(value: string): string {
  const parsed = loaderSchema.safeParse(value);
  if (!parsed.success) throw new InvalidArgumentError(`${parsed.error.issues[0]?.message ?? 'no loader'}.`);
  return value;
}
