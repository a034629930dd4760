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
