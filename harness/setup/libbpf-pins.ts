// Upstream archives of libbpf whose digests are part of this program: they need no index, so set-up works with every mirror that has them.
import type { DebianSource } from '../../kernels/sources/debian/source-package.ts';

/** A source package without a suite or mirror: any mirror may deliver it. */
export type PinnedSource = Pick<DebianSource, 'version' | 'files'>;

/** The newest release that this project is written for, as Debian has it. */
export const PINNED_LIBBPF: PinnedSource = {
  version: '1.7.0-1',
  files: [
    {
      path: 'pool/main/libb/libbpf/libbpf_1.7.0.orig.tar.gz',
      size: 1_063_399,
      sha256: '7ab5feffbf78557f626f2e3e3204788528394494715a30fc2070fcddc2051b7b',
    },
  ],
};

/** The releases whose agents the package carries, the newest first: one for each minor version that Debian has. */
export const PINNED_RELEASES: readonly PinnedSource[] = [
  PINNED_LIBBPF,
  {
    version: '1.5.0-3',
    files: [
      {
        path: 'pool/main/libb/libbpf/libbpf_1.5.0.orig.tar.gz',
        size: 1_036_613,
        sha256: '53492aff6dd47e4da04ef5e672d753b9743848bdb38e9d90eafbe190b7983c44',
      },
    ],
  },
  {
    version: '1.4.6-1~bpo12+1',
    files: [
      {
        path: 'pool/main/libb/libbpf/libbpf_1.4.6.orig.tar.gz',
        size: 1_016_372,
        sha256: 'd4cf3ee697d9bd959ad3c0f5c6757370a2559e54448761271e15a23c31c1082e',
      },
    ],
  },
  {
    version: '1.1.2-0+deb12u1',
    files: [
      {
        path: 'pool/main/libb/libbpf/libbpf_1.1.2.orig.tar.gz',
        size: 2_337_908,
        sha256: 'b50ab60637fb713db78aa98e6ca911ddf13c0799d498a1f6ec03ebffc7dca588',
      },
    ],
  },
];
