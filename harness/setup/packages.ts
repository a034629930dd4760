// System packages: their purpose, the proof that one is installed, and how to install it.
import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { InfraError } from '../base/errors.ts';
import type { ProgramCommand } from '../base/program.ts';
import { lastLines, run, secondsSince } from './command.ts';

export interface SystemPackage {
  /** Its purpose in words. */
  purpose: string;
  /** A program on PATH or a file that proves that it is installed. */
  proof: string;
  /** Its name on Debian. */
  debian: string;
  /** `run` is needed for everything, `tests` only by `npm test`. */
  scope: 'run' | 'tests';
}

const PACKAGES: readonly SystemPackage[] = [
  { purpose: 'QEMU, which runs the guests', proof: 'qemu-system-x86_64', debian: 'qemu-system-x86', scope: 'run' },
  { purpose: 'the compiler of BPF programs', proof: 'clang', debian: 'clang', scope: 'run' },
  { purpose: 'tools for BPF objects', proof: 'llvm-strip', debian: 'llvm', scope: 'run' },
  { purpose: 'the compiler of the guest agent', proof: 'gcc', debian: 'gcc', scope: 'run' },
  { purpose: 'the build of libbpf', proof: 'make', debian: 'make', scope: 'run' },
  { purpose: 'the C library', proof: '/usr/include/stdio.h', debian: 'libc6-dev', scope: 'run' },
  { purpose: 'ELF files, for libbpf', proof: '/usr/include/libelf.h', debian: 'libelf-dev', scope: 'run' },
  { purpose: 'compressed sections, for libelf', proof: '/usr/include/zlib.h', debian: 'zlib1g-dev', scope: 'run' },
  { purpose: 'compressed sections, for libelf', proof: '/usr/include/zstd.h', debian: 'libzstd-dev', scope: 'run' },
  { purpose: 'kernel images compressed with LZ4', proof: 'lz4', debian: 'lz4', scope: 'run' },
  { purpose: 'packages compressed with xz', proof: 'xz', debian: 'xz-utils', scope: 'run' },
  { purpose: 'kernel images compressed with Zstandard', proof: 'zstd', debian: 'zstd', scope: 'run' },
  {
    purpose: 'keys of the archive',
    proof: '/usr/share/keyrings/debian-archive-keyring.gpg',
    debian: 'debian-archive-keyring',
    scope: 'run',
  },
  { purpose: 'ending guests with their parent', proof: 'setpriv', debian: 'util-linux', scope: 'run' },
  { purpose: 'locks, which keep runs apart', proof: 'flock', debian: 'util-linux', scope: 'run' },
  { purpose: 'a second opinion on BTF', proof: 'bpftool', debian: 'bpftool', scope: 'run' },
  { purpose: 'a shell in guests ("corematrix shell")', proof: 'busybox', debian: 'busybox-static', scope: 'tests' },
  { purpose: 'kernel images compressed with bzip2', proof: 'bzip2', debian: 'bzip2', scope: 'tests' },
  { purpose: 'a second opinion on initramfs archives', proof: 'cpio', debian: 'cpio', scope: 'tests' },
  { purpose: 'a second opinion on ELF files', proof: 'readelf', debian: 'binutils', scope: 'tests' },
  { purpose: 'a second opinion on TAP', proof: 'prove', debian: 'perl', scope: 'tests' },
  { purpose: 'a second opinion on XML', proof: 'xmllint', debian: 'libxml2-utils', scope: 'tests' },
  {
    purpose: 'a second opinion on JUnit',
    proof: '/usr/lib/python3/dist-packages/junitparser/__init__.py',
    debian: 'python3-junitparser',
    scope: 'tests',
  },
  { purpose: 'signatures of mirrors in tests', proof: 'gpg', debian: 'gnupg', scope: 'tests' },
  { purpose: 'a second opinion on signatures', proof: 'gpgv', debian: 'gpgv', scope: 'tests' },
  { purpose: 'an https server in tests', proof: 'openssl', debian: 'openssl', scope: 'tests' },
  { purpose: 'the format of C', proof: 'clang-format', debian: 'clang-format', scope: 'tests' },
  { purpose: 'the browser for tests of the report', proof: 'chromium', debian: 'chromium', scope: 'tests' },
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

/** The packages whose proof is missing on this machine, in the order of the table. `path` lists the folders of programs. */
export async function missingPackages(withTests: boolean, path?: string): Promise<SystemPackage[]> {
  const where = path ?? [process.env['PATH'] ?? '', ...EXTRA_PATH].join(delimiter);
  const wanted = PACKAGES.filter((entry) => withTests || entry.scope === 'run');
  const there = await Promise.all(wanted.map(async (entry) => isThere(entry.proof, where)));
  return wanted.filter((_, index) => there[index] === false);
}

/** How a command can be run as root on this machine. */
type Root = 'directly' | 'sudo' | 'no';

/** The plan for missing packages: commands to run in turn, or advice for the user. */
export type PackagePlan =
  | { kind: 'nothing' }
  | { kind: 'install'; names: string[]; commands: ProgramCommand[] }
  | { kind: 'by-hand'; advice: string };

function adviceFor(missing: readonly SystemPackage[], why: string): string {
  const width = Math.max(...missing.map((entry) => entry.debian.length));
  const count = missing.length === 1 ? '1 system package is missing' : `${missing.length} system packages are missing`;
  const list = missing.map((entry) => `  ${entry.debian.padEnd(width)}  ${entry.purpose}`);
  const command = `apt-get install --no-install-recommends ${missing.map((entry) => entry.debian).join(' ')}`;
  return [`${count}, and ${why}:`, ...list, `On Debian, as root: ${command}`].join('\n');
}

/** Advice: a line and a list. */
function adviceError(advice: string): InfraError {
  const [message = '', ...list] = advice.split('\n');
  return new InfraError(message, { detail: list.join('\n') });
}

/** Plans how to install missing packages, with or without apt-get and root. */
export function planPackages(missing: readonly SystemPackage[], machine: { debian: boolean; root: Root }): PackagePlan {
  if (missing.length === 0) return { kind: 'nothing' };
  if (!machine.debian) {
    const why = "this is not a Debian system, so they are not installed for you (the names are Debian's)";
    return { kind: 'by-hand', advice: adviceFor(missing, why) };
  }
  if (machine.root === 'no') {
    return { kind: 'by-hand', advice: adviceFor(missing, 'neither root nor sudo without a password is available') };
  }
  const names = missing.map((entry) => entry.debian);
  const apt = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq', '-o', 'DPkg::Lock::Timeout=300'] as const;
  const asRoot = (...words: string[]): ProgramCommand => (machine.root === 'sudo' ? ['sudo', '-n', ...apt, ...words] : [...apt, ...words]);
  const commands = [asRoot('update'), asRoot('install', '-y', '--no-install-recommends', ...names)];
  return { kind: 'install', names, commands };
}

async function isDebian(): Promise<boolean> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release) && (await isThere('apt-get', '/usr/bin'));
}

async function rootAccess(): Promise<Root> {
  if (process.getuid?.() === 0) return 'directly';
  const { ok } = await run(['sudo', '-n', 'true']);
  return ok ? 'sudo' : 'no';
}

/**
 * Installs missing packages.
 * @throws InfraError that lists the packages if they cannot be installed from here, or that has apt-get's message
 */
export async function ensurePackages(withTests: boolean, onNote: (text: string) => void): Promise<void> {
  const missing = await missingPackages(withTests);
  if (missing.length === 0) return;
  const plan = planPackages(missing, { debian: await isDebian(), root: await rootAccess() });
  if (plan.kind === 'nothing') return;
  if (plan.kind === 'by-hand') throw adviceError(plan.advice);
  onNote(`installing ${plan.names.join(' ')}`);
  const started = performance.now();
  for (const command of plan.commands) {
    const { ok, said } = await run(command);
    if (!ok) throw new InfraError(`${command.join(' ')} failed:`, { detail: lastLines(said, 3) });
  }
  const left = await missingPackages(withTests);
  if (left.length > 0) throw adviceError(adviceFor(left, 'apt-get install did not install the expected files'));
  onNote(`system packages: ${secondsSince(started)}`);
}
