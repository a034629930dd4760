// Debian packages in a lock file: pool paths and digests, never the address of a mirror.
import { jsonFaultWords } from '../../../harness/base/json-faults.ts';
import { z } from 'zod';
import { UserError } from '../../../harness/base/errors.ts';
import { describePackage, type FilePin, type KernelPackage, KERNEL_PARTS, partName, type PackagePin, POOL_PATH } from './packages.ts';

const EXPECTED_PATH = 'expected a path such as pool/main/l/linux/NAME.deb';

const file = z.strictObject({
  name: z.string(),
  version: z.string(),
  archive: z.enum(['debian', 'debian-security']),
  path: z.string().regex(POOL_PATH, EXPECTED_PATH).endsWith('.deb', EXPECTED_PATH),
  size: z.number().int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected a sha256 in hexadecimal'),
});
const pin = file.extend({ parts: z.strictObject({ base: file.optional(), modules: file.optional() }).optional() });

/** Refuses the part of another kernel. */
function checkParts({ release, version, parts = {} }: KernelPackage): void {
  for (const part of KERNEL_PARTS) {
    const pinned = parts[part];
    const name = partName(part, release);
    if (pinned && (pinned.name !== name || pinned.version !== version)) {
      throw new UserError(`parts: ${part}: expected ${name} ${version}, but it is ${pinned.name} ${pinned.version}`);
    }
  }
}

/**
 * Reads an entry of a lock file.
 * @throws UserError with the key and what was expected there
 */
export function readPin(entry: unknown): KernelPackage {
  const parsed = pin.safeParse(entry, { error: jsonFaultWords });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UserError([...(issue?.path ?? []), issue?.message ?? 'not a pinned package'].join(': '));
  }
  const described = describePackage(parsed.data, { suites: [], trust: { kind: 'pinned' } });
  if (!described) throw new UserError(`${parsed.data.name} ${parsed.data.version} is not a Debian kernel package`);
  checkParts(described);
  return described;
}

function writeFilePin({ name, version, archive, path, size, sha256 }: FilePin): FilePin {
  return { name, version, archive, path, size, sha256 };
}

/** The entry of a kernel in a lock file. */
export function writePin(kernel: PackagePin): PackagePin {
  const parts = KERNEL_PARTS.flatMap((part) => {
    const pinned = kernel.parts?.[part];
    return pinned ? [[part, writeFilePin(pinned)]] : [];
  });
  return { ...writeFilePin(kernel), ...(parts.length > 0 && { parts: Object.fromEntries(parts) }) };
}
