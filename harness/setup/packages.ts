// System packages: what is needed for what, how to see that it is there, and how to install it.
import { access, readFile } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { execa } from 'execa';
import { UserError } from '../errors.ts';

interface SystemPackage {
  /** What it is for, as a person would say it. */
  purpose: string;
  /** A program on PATH or a file that proves it is there. */
  proof: string;
  /** Its name on Debian. */
  debian: string;
  /** `run` is needed for everything, `tests` only by `npm test`. */
  scope: 'run' | 'tests';
}

const PACKAGES = [
  { purpose: 'QEMU, which runs the guests', proof: 'qemu-system-x86_64', debian: 'qemu-system-x86', scope: 'run' },
  { purpose: 'the compiler of BPF programs', proof: 'clang', debian: 'clang', scope: 'run' },
  { purpose: 'tools for BPF objects', proof: 'llvm-strip', debian: 'llvm', scope: 'run' },
  { purpose: 'the compiler of the guest helper', proof: 'gcc', debian: 'gcc', scope: 'run' },
  { purpose: 'the build of libbpf', proof: 'make', debian: 'make', scope: 'run' },
  { purpose: 'the C library', proof: '/usr/include/stdio.h', debian: 'libc6-dev', scope: 'run' },
  { purpose: 'libbpf', proof: '/usr/include/libelf.h', debian: 'libelf-dev', scope: 'run' },
  { purpose: 'libbpf', proof: '/usr/include/zlib.h', debian: 'zlib1g-dev', scope: 'run' },
  { purpose: 'libelf', proof: '/usr/include/zstd.h', debian: 'libzstd-dev', scope: 'run' },
  { purpose: 'kernel images compressed with LZ4', proof: 'lz4', debian: 'lz4', scope: 'run' },
  { purpose: 'packages compressed with xz', proof: 'xz', debian: 'xz-utils', scope: 'run' },
  { purpose: 'kernel images compressed with Zstandard', proof: 'zstd', debian: 'zstd', scope: 'run' },
  { purpose: 'signatures of the archive', proof: 'gpgv', debian: 'gpgv', scope: 'run' },
  {
    purpose: 'keys of the archive',
    proof: '/usr/share/keyrings/debian-archive-keyring.gpg',
    debian: 'debian-archive-keyring',
    scope: 'run',
  },
  { purpose: 'ending guests with their parent', proof: 'setpriv', debian: 'util-linux', scope: 'run' },
  { purpose: 'the second opinion on BTF', proof: 'bpftool', debian: 'bpftool', scope: 'run' },
  { purpose: 'the second opinion on initramfs archives', proof: 'cpio', debian: 'cpio', scope: 'tests' },
  { purpose: 'the second opinion on ELF files', proof: 'readelf', debian: 'binutils', scope: 'tests' },
  { purpose: 'the browser the report is tested in', proof: 'chromium', debian: 'chromium', scope: 'tests' },
] as const satisfies readonly SystemPackage[];

/** Debian keeps bpftool where only root's PATH looks. */
const EXTRA_PATH = ['/usr/sbin', '/sbin'];

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function isThere(proof: string): Promise<boolean> {
  if (isAbsolute(proof)) return exists(proof);
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...EXTRA_PATH];
  const found = await Promise.all(folders.map(async (folder) => folder !== '' && exists(join(folder, proof))));
  return found.includes(true);
}

/** The packages whose proof is not there, in the order of the table. */
export async function missingPackages(withTests: boolean): Promise<SystemPackage[]> {
  const wanted = PACKAGES.filter((entry) => withTests || entry.scope === 'run');
  const there = await Promise.all(wanted.map(async (entry) => isThere(entry.proof)));
  return wanted.filter((_, index) => there[index] === false);
}

/** What to tell a person who has to install packages by hand: each with what it is for, then the command for Debian. */
export function installAdvice(missing: readonly SystemPackage[], why: string): string {
  const width = Math.max(...missing.map((entry) => entry.debian.length));
  const list = missing.map((entry) => `  ${entry.debian.padEnd(width)}  ${entry.purpose}`);
  const command = `apt-get install --no-install-recommends ${missing.map((entry) => entry.debian).join(' ')}`;
  return [`${missing.length} system packages are missing, and ${why}:`, ...list, `On Debian, as root: ${command}`].join('\n');
}

/** How to run a command as root: directly, through sudo without a password, or not at all. */
async function rootPrefix(): Promise<string[] | null> {
  if (process.getuid?.() === 0) return [];
  const sudo = await execa('sudo', ['-n', 'true'], { reject: false });
  return sudo.failed ? null : ['sudo', '-n'];
}

async function whyNotHere(): Promise<string | null> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const debian = /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release) && (await isThere('apt-get'));
  return debian ? null : "this is not a Debian system, so they are not installed for you (names are Debian's)";
}

async function apt(prefix: readonly string[], args: readonly string[]): Promise<void> {
  const [program = 'apt-get', ...rest] = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq', ...args];
  const result = await execa(program, rest, { reject: false, stdin: 'ignore', all: true });
  if (!result.failed) return;
  const tail = result.all.trim().split('\n').slice(-3).join('\n');
  throw new UserError(`apt-get ${args.join(' ')} failed:\n${tail}`);
}

/**
 * Installs what is missing with apt-get.
 * @throws UserError that lists the packages where that is not possible, or with what apt-get said
 */
export async function ensurePackages(withTests: boolean, say: (text: string) => void): Promise<void> {
  const missing = await missingPackages(withTests);
  if (missing.length === 0) return;
  const reason = await whyNotHere();
  if (reason !== null) throw new UserError(installAdvice(missing, reason));
  const prefix = await rootPrefix();
  if (prefix === null) throw new UserError(installAdvice(missing, 'neither root nor sudo without a password is at hand'));
  const names = missing.map((entry) => entry.debian);
  say(`installing ${names.join(' ')}`);
  await apt(prefix, ['update']);
  await apt(prefix, ['install', '-y', '--no-install-recommends', ...names]);
  const left = await missingPackages(withTests);
  if (left.length > 0) throw new UserError(installAdvice(left, 'they are still missing after apt-get install'));
}
