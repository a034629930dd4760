// Whether this machine has what guests need, before a command starts any work.
import { InfraError } from '../base/errors.ts';
import { IS_CHECKOUT } from '../base/package-root.ts';
import { systemTrouble } from '../run/host.ts';
import { missingPackages } from './packages.ts';

/**
 * Checks that this machine can boot guests.
 * @throws InfraError that lists everything that is missing, and says what to type
 */
export async function checkGuestMachine(): Promise<void> {
  const trouble = systemTrouble();
  if (trouble !== null) throw new InfraError(trouble);
  const missing = await missingPackages(IS_CHECKOUT ? 'checkout' : 'use');
  if (missing.every(({ scope }) => scope !== 'guests')) return;
  const purposes = missing.map(({ proofs: [proof], purpose }) => `${proof} (${purpose})`).join(', ');
  throw new InfraError(
    `guests need what this machine lacks: ${purposes}; "corematrix setup" installs it, "corematrix doctor" checks this machine`,
  );
}
