// System packages: their purpose, the proof that one is installed, and their names in distributions.
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { PACKAGE_ROOT } from '../base/package-root.ts';
import type { Manager } from './distribution.ts';

/** The names of a package; null where no package has it, or where it is not needed. */
type Names = Readonly<Record<Manager, string | null>>;

export interface SystemPackage {
  /** Its purpose in words. */
  purpose: string;
  /** Programs on PATH or files, one of which proves that it is installed. */
  proofs: readonly [string, ...string[]];
  names: Names;
  /**
   * What needs it: `guests` every command that boots guests; `use` an installed package as well, but not always; `checkout` a checkout of
   * the sources, which builds the agent and the samples; `tests` only `npm test`.
   */
  scope: 'guests' | 'use' | 'checkout' | 'tests';
}

/** Who needs packages: a user of an installed package, a checkout, or `npm test`. */
export type Need = 'use' | 'checkout' | 'tests';

const SCOPES = {
  use: ['guests', 'use'],
  checkout: ['guests', 'use', 'checkout'],
  tests: ['guests', 'use', 'checkout', 'tests'],
} as const satisfies Record<Need, readonly SystemPackage['scope'][]>;

/** The same name in all distributions. */
const everywhere = (name: string): Names => ({ apt: name, dnf: name, zypper: name, pacman: name, apk: name });
/** A name of Debian only: tests run there. */
const debian = (name: string): Names => ({ apt: name, dnf: null, zypper: null, pacman: null, apk: null });

const PACKAGES: readonly SystemPackage[] = [
  {
    purpose: 'QEMU, which runs the guests',
    proofs: ['qemu-system-x86_64'],
    names: {
      apt: 'qemu-system-x86',
      dnf: 'qemu-system-x86-core',
      zypper: 'qemu-x86',
      pacman: 'qemu-system-x86',
      apk: 'qemu-system-x86_64',
    },
    scope: 'guests',
  },
  {
    purpose: 'ending guests with their parent',
    proofs: ['setpriv'],
    names: { ...everywhere('util-linux'), apk: 'setpriv' },
    scope: 'guests',
  },
  { purpose: 'locks, which keep runs apart', proofs: ['flock'], names: { ...everywhere('util-linux'), apk: 'flock' }, scope: 'use' },
  {
    purpose: 'keys of the archive (or name a file with them: --mirror-key FILE)',
    proofs: [
      '/usr/share/keyrings/debian-archive-keyring.gpg',
      '/usr/share/keyrings/debian-archive-keyring.pgp',
      join(PACKAGE_ROOT, 'keys/debian-archive-keyring.gpg'),
    ],
    names: { ...everywhere('debian-archive-keyring'), dnf: 'debian-keyring', zypper: null },
    scope: 'use',
  },
  { purpose: 'the compiler of BPF programs', proofs: ['clang'], names: everywhere('clang'), scope: 'checkout' },
  { purpose: 'tools for BPF objects', proofs: ['llvm-strip'], names: everywhere('llvm'), scope: 'checkout' },
  { purpose: 'the compiler of the guest agent', proofs: ['gcc'], names: everywhere('gcc'), scope: 'checkout' },
  { purpose: 'the build of libbpf', proofs: ['make'], names: everywhere('make'), scope: 'checkout' },
  {
    purpose: 'the C library',
    proofs: ['/usr/include/stdio.h'],
    names: { apt: 'libc6-dev', dnf: 'glibc-static', zypper: 'glibc-devel-static', pacman: 'glibc', apk: 'musl-dev' },
    scope: 'checkout',
  },
  {
    purpose: 'ELF files, for libbpf',
    proofs: ['/usr/include/libelf.h'],
    names: { apt: 'libelf-dev', dnf: 'elfutils-libelf-devel', zypper: 'libelf-devel', pacman: 'libelf', apk: 'elfutils-dev' },
    scope: 'checkout',
  },
  {
    purpose: 'compressed sections, for libelf',
    proofs: ['/usr/include/zlib.h'],
    names: { apt: 'zlib1g-dev', dnf: 'zlib-devel', zypper: 'zlib-devel', pacman: 'zlib', apk: 'zlib-dev' },
    scope: 'checkout',
  },
  {
    purpose: 'compressed sections, for libelf',
    proofs: ['/usr/include/zstd.h'],
    names: { apt: 'libzstd-dev', dnf: 'libzstd-devel', zypper: 'libzstd-devel', pacman: 'zstd', apk: 'zstd-dev' },
    scope: 'checkout',
  },
  { purpose: 'faster unpacking of LZ4', proofs: ['lz4'], names: everywhere('lz4'), scope: 'checkout' },
  { purpose: 'faster unpacking of xz', proofs: ['xz'], names: { ...everywhere('xz'), apt: 'xz-utils' }, scope: 'checkout' },
  { purpose: 'faster unpacking of Zstandard', proofs: ['zstd'], names: everywhere('zstd'), scope: 'checkout' },
  {
    purpose: 'a second opinion on BTF',
    proofs: ['bpftool'],
    names: debian('bpftool'),
    scope: 'tests',
  },
  { purpose: 'a shell in guests ("corematrix shell")', proofs: ['busybox'], names: debian('busybox-static'), scope: 'tests' },
  { purpose: 'kernel images compressed with bzip2', proofs: ['bzip2'], names: debian('bzip2'), scope: 'tests' },
  { purpose: 'a second opinion on initramfs archives', proofs: ['cpio'], names: debian('cpio'), scope: 'tests' },
  { purpose: 'rpm packages in tests', proofs: ['rpmbuild', 'rpm2cpio'], names: debian('rpm'), scope: 'tests' },
  { purpose: 'a second opinion on ELF files', proofs: ['readelf'], names: debian('binutils'), scope: 'tests' },
  { purpose: 'a second opinion on TAP', proofs: ['prove'], names: debian('perl'), scope: 'tests' },
  { purpose: 'a second opinion on XML', proofs: ['xmllint'], names: debian('libxml2-utils'), scope: 'tests' },
  {
    purpose: 'a second opinion on JUnit',
    proofs: ['/usr/lib/python3/dist-packages/junitparser/__init__.py'],
    names: debian('python3-junitparser'),
    scope: 'tests',
  },
  { purpose: 'signatures of mirrors in tests', proofs: ['gpg'], names: debian('gnupg'), scope: 'tests' },
  { purpose: 'a second opinion on signatures', proofs: ['gpgv'], names: debian('gpgv'), scope: 'tests' },
  { purpose: 'an https server in tests', proofs: ['openssl'], names: debian('openssl'), scope: 'tests' },
  { purpose: 'the format of C', proofs: ['clang-format'], names: debian('clang-format'), scope: 'tests' },
  { purpose: 'the browser for tests of the report', proofs: ['chromium'], names: debian('chromium'), scope: 'tests' },
];

/** Debian keeps bpftool where only root's PATH looks. */
const EXTRA_PATH = ['/usr/sbin', '/sbin'];

async function accessible(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}

async function isThere(proof: string, path: string): Promise<boolean> {
  if (isAbsolute(proof)) return accessible(proof, constants.F_OK);
  const folders = path.split(delimiter).filter((folder) => folder !== '');
  const found = await Promise.all(folders.map(async (folder) => accessible(join(folder, proof), constants.X_OK)));
  return found.includes(true);
}

async function isInstalled({ proofs }: SystemPackage, path: string): Promise<boolean> {
  const found = await Promise.all(proofs.map(async (proof) => isThere(proof, path)));
  return found.includes(true);
}

/** The packages that are needed and whose proofs are missing on this machine, in the order of the table. `path` lists the folders of programs. */
export async function missingPackages(need: Need, path?: string): Promise<SystemPackage[]> {
  const where = path ?? [process.env['PATH'] ?? '', ...EXTRA_PATH].join(delimiter);
  const scopes: readonly string[] = SCOPES[need];
  const wanted = PACKAGES.filter(({ scope }) => scopes.includes(scope));
  const there = await Promise.all(wanted.map(async (entry) => isInstalled(entry, where)));
  return wanted.filter((_, index) => there[index] === false);
}

/** The names of packages for a manager, each once. Without a known manager, those of Debian. */
export function namesFor(packages: readonly SystemPackage[], manager: Manager | null): string[] {
  return [...new Set(packages.flatMap(({ names }) => names[manager ?? 'apt'] ?? []))];
}
