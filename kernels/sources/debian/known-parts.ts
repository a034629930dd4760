// Digests of packages with the configuration or the modules of a kernel. Debian's indexes drop these packages while they still list the
// image, and the mirrors keep the files. Each digest was computed when the package was first used; no signature of Debian covers it any more.
import type { PackagePin } from './packages.ts';

/** A package without its place: that follows from its name and version. */
export type KnownPart = Pick<PackagePin, 'name' | 'version' | 'size' | 'sha256'>;

export const KNOWN_PARTS: readonly KnownPart[] = [
  {
    name: 'linux-base-6.19.14+deb13-cloud-amd64',
    version: '6.19.14-1~bpo13+1',
    size: 1_018_112,
    sha256: 'ff225dd18984a3ab106913890091e8d39ee28dbbb4d6fbe259c6d6aaffd6d880',
  },
  {
    name: 'linux-base-7.0.13+deb13-cloud-amd64',
    version: '7.0.13-1~bpo13+1',
    size: 1_045_100,
    sha256: '15e67125bf03183497575af47889475afd0d46546e8abe4c170a53e84473e056',
  },
  {
    name: 'linux-base-7.1.13+deb13-cloud-amd64',
    version: '7.1.13-1~bpo13+1',
    size: 1_081_636,
    sha256: '4d07fc1a4aa40c67f388f9883d96efab2d7c4190783cf47b47d8cebece1c4a51',
  },
  {
    name: 'linux-base-7.2.13+deb14-cloud-amd64',
    version: '7.2.13-1',
    size: 417_436,
    sha256: 'c41b217e1a4e321f5eff028e965ea25f5da8a74cd3683ca7f4bacedc59e0ecc5',
  },
  {
    name: 'linux-base-7.3.4+deb13-cloud-amd64',
    version: '7.3.4-1~bpo13+1',
    size: 1_025_208,
    sha256: 'e08baa43706ba6e8daff58029b039f46beecfb3b3750c6fa0d6d5ca508a46a43',
  },
  {
    name: 'linux-modules-6.19.14+deb13-cloud-amd64',
    version: '6.19.14-1~bpo13+1',
    size: 36_674_456,
    sha256: 'cb0628ef28a9b1769e6e0fa2d65b8e234d968c70a1164ac0be35e86d34e39d1c',
  },
  {
    name: 'linux-modules-7.0.13+deb13-cloud-amd64',
    version: '7.0.13-1~bpo13+1',
    size: 37_278_200,
    sha256: 'cfa17c8f281ed3a001eb82c05cf23e01250872cc9b44f073fff1aa13d645e4c4',
  },
  {
    name: 'linux-modules-7.1.13+deb13-cloud-amd64',
    version: '7.1.13-1~bpo13+1',
    size: 37_633_668,
    sha256: 'd48c4e3b8422d7ee67cf7b0eeb614f41f91d95385757c7e7155120ce698ca10a',
  },
  {
    name: 'linux-modules-7.2.13+deb14-cloud-amd64',
    version: '7.2.13-1',
    size: 23_451_956,
    sha256: '97d79546041e3fdfb44dccff180938894d1bf8eb298f091f88539c1b37080bef',
  },
  {
    name: 'linux-modules-7.3.4+deb13-cloud-amd64',
    version: '7.3.4-1~bpo13+1',
    size: 22_918_420,
    sha256: '359f04c363b7d3c5f9ce999ccb7351e00cc8eec0a30d6bc1cda37734987fc43d',
  },
];
