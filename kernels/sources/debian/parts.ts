// Finds the Debian packages with the configuration and the modules of a kernel. Since 6.19 these are other packages than the image's.
import { parseStanza } from '../../apt/deb822.ts';
import { overSuites } from './every-suite.ts';
import { readStanzas } from './index-file.ts';
import type { DebianArch } from '../../apt/names.ts';
import type { DebianOptions } from './options.ts';
import { type PackageFile, packageFile } from './fetch.ts';
import {
  type FilePin,
  isWhole,
  KERNEL_PARTS,
  type KernelPackage,
  type KernelPart,
  linuxPackages,
  partName,
  POOL_PATH,
} from './packages.ts';
import { shippedPins } from './shipped-pins.ts';

/** The part of a kernel in the lock file of this program: Debian's indexes drop these packages while they still list the image. */
async function shippedPart(part: KernelPart, { sha256 }: KernelPackage): Promise<FilePin | undefined> {
  return (await shippedPins()).find((kernel) => kernel.sha256 === sha256)?.parts?.[part];
}

async function listed(name: string, version: string, arch: DebianArch, options: DebianOptions): Promise<PackageFile | null> {
  const found = await overSuites(options, async (suite): Promise<PackageFile[]> => {
    const stanzas = await readStanzas(suite, linuxPackages(arch), options);
    return stanzas.flatMap((text) => {
      const { package: own, version: ownVersion, filename: path = '', size = '', sha256 = '' } = parseStanza(text);
      if (own !== name || ownVersion !== version || !POOL_PATH.test(path) || !/^[0-9a-f]{64}$/.test(sha256)) return [];
      const expected = { size: Number(size), sha256 };
      return [{ kind: 'listed', name, archive: suite.mirror.archive, path, expected, trust: suite.trust }];
    });
  });
  return found[0] ?? null;
}

function pinnedFile({ name, archive, path, size, sha256 }: FilePin): PackageFile {
  return { kind: 'listed', name, archive, path, expected: { size, sha256 }, trust: { kind: 'pinned' } };
}

/**
 * The package with a part of a kernel: the one that a lock file pins, else the one of the indexes. A part that no index lists any more
 * may still be in the pool; then its digest is that in the lock file of this program, or unknown.
 * @throws InfraError if the mirror cannot be read
 */
export async function findPart(part: KernelPart, kernel: KernelPackage, options: DebianOptions): Promise<PackageFile> {
  const { version, archive, release, arch, parts } = kernel;
  if (isWhole(kernel)) return packageFile(kernel);
  const pinned = parts?.[part];
  if (pinned) return pinnedFile(pinned);
  const name = partName(part, release);
  const known = await listed(name, version, arch, options);
  if (known) return known;
  const shipped = await shippedPart(part, kernel);
  if (shipped) return pinnedFile(shipped);
  return { kind: 'unlisted', name, archive, path: `pool/main/l/linux/${name}_${version.replace(/^\d+:/, '')}_${arch}.deb` };
}

/**
 * A kernel with the digests of its parts, for a lock file. A part without a known digest is left out.
 * @throws InfraError if the mirror cannot be read
 */
export async function withParts(kernel: KernelPackage, options: DebianOptions): Promise<KernelPackage> {
  if (isWhole(kernel)) return kernel;
  const found = await Promise.all(
    KERNEL_PARTS.map(async (part) => {
      const file = await findPart(part, kernel, options);
      if (file.kind === 'unlisted') return [];
      const { name, archive, path, expected } = file;
      return [[part, { name, version: kernel.version, archive, path, ...expected }]];
    }),
  );
  return { ...kernel, parts: Object.fromEntries(found.flat()) };
}
