// Debian packages in a lock file: pool paths and digests, never the address of a mirror.
import { z } from 'zod';
import { UserError } from '../../../harness/base/errors.ts';
import { sourceLock } from '../lock.ts';
import { comparePreference, describePackage, type KernelPackage, type PackagePin, POOL_PATH } from './packages.ts';

const EXPECTED_PATH = 'expected a path such as pool/main/l/linux/NAME.deb';

const pin = z.strictObject({
  name: z.string(),
  version: z.string(),
  archive: z.enum(['debian', 'debian-security']),
  path: z.string().regex(POOL_PATH, EXPECTED_PATH).endsWith('.deb', EXPECTED_PATH),
  size: z.number().int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected a sha256 in hexadecimal'),
});

/**
 * Reads an entry of a lock file.
 * @throws UserError with the key and what was expected there
 */
export function readPin(entry: unknown): KernelPackage {
  const parsed = pin.safeParse(entry);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UserError([...(issue?.path ?? []), issue?.message ?? 'not a pinned package'].join(': '));
  }
  const described = describePackage(parsed.data, { suites: [], trust: { kind: 'pinned' } });
  if (!described) throw new UserError(`${parsed.data.name} ${parsed.data.version} is not a Debian kernel package`);
  return described;
}

/** The entry of a package in a lock file. */
export function writePin({ name, version, archive, path, size, sha256 }: PackagePin): PackagePin {
  return { name, version, archive, path, size, sha256 };
}

export const debianLock = sourceLock({
  read: readPin,
  write: writePin,
  compare: comparePreference,
  selector: ({ arch, flavour }) => `all/${arch}/${flavour}`,
});
