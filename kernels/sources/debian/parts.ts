// Finds the Debian packages with the configuration and the modules of a kernel. Since 6.19 these are other packages than the image's.
import { parseStanza } from '../../apt/deb822.ts';
import { overSuites } from './every-suite.ts';
import { readStanzas } from './index-file.ts';
import type { DebianArch } from '../../apt/names.ts';
import type { DebianOptions } from './options.ts';
import { type PackageFile, packageFile } from './fetch.ts';
import { KNOWN_PARTS } from './known-parts.ts';
import { type KernelPackage, linuxPackages, POOL_PATH } from './packages.ts';

/** `base` is the package with the configuration. */
export type KernelPart = 'base' | 'modules';

/** Whether the package of a kernel contains its configuration and modules. */
export function isWhole({ name }: Pick<KernelPackage, 'name'>): boolean {
  return name.startsWith('linux-image-');
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

/**
 * The package with a part of a kernel. The parts are rebuilt more often than the signed image. A part that no index lists any more may
 * still be in the pool; then its digest is that in KNOWN_PARTS, or unknown.
 * @throws InfraError if the mirror cannot be read
 */
export async function findPart(part: KernelPart, kernel: KernelPackage, options: DebianOptions): Promise<PackageFile> {
  const { version, archive, release, arch } = kernel;
  if (isWhole(kernel)) return packageFile(kernel);
  const name = `linux-${part}-${release}`;
  const known = await listed(name, version, arch, options);
  const path = `pool/main/l/linux/${name}_${version.replace(/^\d+:/, '')}_${arch}.deb`;
  const kept = KNOWN_PARTS.find((each) => each.name === name && each.version === version);
  const pinned: PackageFile | undefined = kept && { kind: 'listed', name, archive, path, expected: kept, trust: { kind: 'pinned' } };
  return known ?? pinned ?? { kind: 'unlisted', name, archive, path };
}
