// The lock file: exactly which kernel packages a matrix means. It holds pool paths and digests, never the address of a mirror.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { messageOf, UserError } from '../harness/base/errors.ts';
import { errorCode } from '../harness/base/files.ts';
import { comparePreference, describePackage, type KernelPackage, type PackagePin, POOL_PATH } from './sources/debian/packages.ts';
import { compareKernelVersions, parseKernelVersion } from '../harness/base/kernel-version.ts';

const EXPECTED_PATH = 'expected a path such as pool/main/l/linux/NAME.deb';

const pin = z.strictObject({
  name: z.string(),
  version: z.string(),
  archive: z.enum(['debian', 'debian-security']),
  path: z.string().regex(POOL_PATH, EXPECTED_PATH).endsWith('.deb', EXPECTED_PATH),
  size: z.number().int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected a sha256 in hexadecimal'),
});

const lockFile = z.strictObject({ lockVersion: z.literal(1), debian: z.array(pin) });

/** The pinned packages, one for each series, architecture and flavour. */
export interface KernelLock {
  path: string;
  packages: KernelPackage[];
}

/**
 * Reads the text of a lock file.
 * @param path what errors call it
 * @throws UserError that names the place and what was expected there
 */
export function parseLock(text: string, path: string): KernelLock {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new UserError(`${path}: not JSON: ${messageOf(error)}`, { cause: error });
  }
  const parsed = lockFile.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UserError(`${path}: ${issue?.path.join('.') || 'top level'}: ${issue?.message ?? 'not a lock file'}`);
  }
  const packages = parsed.data.debian.map((one) => {
    const described = describePackage(one, []);
    if (!described) throw new UserError(`${path}: ${one.name} ${one.version} is not a Debian kernel package`);
    return described;
  });
  return { path, packages };
}

/**
 * Reads a lock file.
 * @throws UserError when there is none or it is damaged
 */
export async function readLock(path: string): Promise<KernelLock> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const reason = errorCode(error) === 'ENOENT' ? 'no such lock file; "corematrix kernels lock" makes one' : messageOf(error);
    throw new UserError(`${path}: ${reason}`, { cause: error });
  });
  return parseLock(text, path);
}

/** The text of a lock file with these packages, in true version order. */
export function formatLock(packages: readonly KernelPackage[]): string {
  const ordered = packages.toSorted(
    (a, b) => compareKernelVersions(parseKernelVersion(a.upstream), parseKernelVersion(b.upstream)) || comparePreference(a, b),
  );
  const debian = ordered.map(({ name, version, archive, path, size, sha256 }): PackagePin => ({
    name,
    version,
    archive,
    path,
    size,
    sha256,
  }));
  return `${JSON.stringify({ lockVersion: 1, debian }, null, 2)}\n`;
}
