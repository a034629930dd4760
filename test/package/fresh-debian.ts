// Makes fresh Debian 12 machines in folders: a minimal system with QEMU, and Node and npm of this machine. A machine is a mount namespace
// and a namespace of processes, so nothing of it outlives its command. It needs root and debootstrap.
import { appendFile, chmod, copyFile, cp, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { InfraError, UserError } from '../../harness/base/errors.ts';
import { cacheRoot } from '../../harness/base/files.ts';

const SUITE = 'bookworm';
/** QEMU, and what checks the certificate of a package registry. */
const PACKAGES = 'qemu-system-x86,ca-certificates';
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export const USERS = ['root', 'tester'] as const;
export type User = (typeof USERS)[number];

/** Mounts what programs expect, makes devices, and runs a command as a user: `sh -c MACHINE sh ROOT USER COMMAND...`. */
const ENTER = `
mount -t proc proc "$1/proc"
mount --rbind /sys "$1/sys"
mount -t tmpfs -o mode=755 dev "$1/dev"
for name in null zero full random urandom tty; do mknod -m 666 "$1/dev/$name" c $(stat -c '0x%t 0x%T' "/dev/$name"); done
ln -s /proc/self/fd "$1/dev/fd"
mkdir "$1/dev/shm"
mount -t tmpfs tmpfs "$1/dev/shm"
root=$1 user=$2
shift 2
exec chroot --userspec="$user:$user" "$root" /usr/bin/env -i "$@"
`;

export interface Finished {
  exitCode: number | undefined;
  /** Standard output and standard error. */
  said: string;
}

/** A machine in a folder. */
export interface Machine {
  root: string;
  /** Runs a shell script as a user, in the home of the user. */
  run: (user: User, script: string) => Promise<Finished>;
  remove: () => Promise<void>;
}

/** The mirror that apt of this machine uses, without its lists of other distributions. */
export async function debianSite(): Promise<string> {
  const { stdout } = await execa('apt-get', ['indextargets', '--format', '$(CODENAME) $(SITE)']);
  const [, site] = new RegExp(`^${SUITE} (\\S+)$`, 'm').exec(stdout) ?? [];
  if (site === undefined) throw new InfraError(`apt of this machine has no mirror with Debian ${SUITE}; run apt-get update first`);
  return site;
}

/** @throws UserError if this user cannot make a machine here, before anything else is done */
export async function checkMachines(): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new UserError('making fresh Debian machines needs root; expected for example: sudo npm run proof:package');
  const { exitCode } = await execa('debootstrap', ['--version'], { reject: false });
  if (exitCode !== 0) throw new UserError('making fresh Debian machines needs debootstrap; install it with: apt-get install debootstrap');
}

/** The base system, made once and kept in the cache. */
async function baseSystem(site: string): Promise<string> {
  const base = join(cacheRoot(), 'test', `fresh-debian-${SUITE}`);
  if (existsSync(base)) return base;
  await mkdir(dirname(base), { recursive: true });
  const unfinished = await mkdtemp(`${base}.tmp-`);
  try {
    await execa('debootstrap', ['--variant=minbase', `--include=${PACKAGES}`, SUITE, unfinished, site]);
    await rm(join(unfinished, 'var/cache/apt/archives'), { recursive: true });
    await chmod(unfinished, 0o755);
    await rename(unfinished, base);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return base;
}

async function settingsOfNpm(): Promise<string> {
  const paths = await Promise.all(['globalconfig', 'userconfig'].map(async (name) => execa('npm', ['config', 'get', name], { cwd: '/' })));
  const texts = await Promise.all(paths.map(async ({ stdout }) => readFile(stdout, 'utf8').catch(() => '')));
  return texts.map((text) => `${text.trimEnd()}\n`).join('');
}

/** Copies Node, npm and the network settings of this machine. */
async function addNode(root: string): Promise<void> {
  const npm = dirname(dirname((await execa('sh', ['-c', 'readlink -f "$(command -v npm)"'])).stdout));
  await copyFile(process.execPath, join(root, 'usr/bin/node'));
  await cp(npm, join(root, 'usr/lib/node_modules/npm'), { recursive: true });
  for (const name of ['npm', 'npx']) await symlink(`../lib/node_modules/npm/bin/${name}-cli.js`, join(root, 'usr/bin', name));
  await writeFile(join(root, 'etc/npmrc'), await settingsOfNpm());
  for (const path of ['etc/resolv.conf', 'etc/hosts', 'etc/ssl/certs/ca-certificates.crt']) {
    await copyFile(join('/', path), join(root, path)).catch(() => undefined);
  }
  await appendFile(join(root, 'etc/passwd'), 'tester:x:1000:1000::/home/tester:/bin/sh\n');
  await appendFile(join(root, 'etc/group'), 'tester:x:1000:\n');
  await execa('install', ['-d', '-m', '700', '-o', '1000', '-g', '1000', join(root, 'home/tester')]);
}

/** The variables of a user on the machine, and the proxies of this machine. */
function environmentOf(user: User): string[] {
  const proxies = Object.entries(process.env).filter(([name]) => /^(?:https?|no)_proxy$/i.test(name));
  const own = { HOME: user === 'root' ? '/root' : `/home/${user}`, PATH, LANG: 'C.UTF-8', NPM_CONFIG_GLOBALCONFIG: '/etc/npmrc' };
  return [...Object.entries(own), ...proxies].map(([name, value]) => `${name}=${value}`);
}

/**
 * Makes a machine.
 * @throws InfraError if apt of this machine has no mirror; the error of a command that fails
 */
export async function freshDebian(): Promise<Machine> {
  const base = await baseSystem(await debianSite());
  const folder = await mkdtemp(join(tmpdir(), 'corematrix-machine-'));
  const root = join(folder, 'root');
  await execa('cp', ['-a', '--reflink=auto', base, root]);
  await addNode(root);
  const space = ['unshare', '--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child'];
  return {
    root,
    run: async (user, script) => {
      const inside = [...environmentOf(user), 'sh', '-c', `cd && ${script}`];
      const [file = '', ...args] = [...space, 'sh', '-euc', ENTER, 'sh', root, user, ...inside];
      const { exitCode, all } = await execa(file, args, { all: true, reject: false, stdin: 'ignore' });
      return { exitCode, said: all };
    },
    remove: async () => rm(folder, { recursive: true, force: true }),
  };
}

/** The configuration of apt as Ubuntu 24.04 has it. Its addresses lead nowhere, because no command may need them. */
const UBUNTU_SOURCES = `Types: deb
URIs: http://archive.ubuntu.invalid/ubuntu/
Suites: noble noble-updates noble-backports
Components: main restricted universe multiverse
Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg

Types: deb
URIs: http://security.ubuntu.invalid/ubuntu/
Suites: noble-security
Components: main restricted universe multiverse
Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg
`;

const UBUNTU_RELEASE = `PRETTY_NAME="Ubuntu 24.04.3 LTS"
NAME="Ubuntu"
VERSION_ID="24.04"
VERSION_CODENAME=noble
ID=ubuntu
ID_LIKE=debian
UBUNTU_CODENAME=noble
`;

/** Gives a machine the sources, the keys and the name of Ubuntu 24.04: apt-get answers as there. */
export async function disguiseAsUbuntu({ root }: Machine): Promise<void> {
  const at = (path: string) => join(root, path);
  const keyrings = at('usr/share/keyrings');
  await writeFile(join(keyrings, 'ubuntu-archive-keyring.gpg'), '');
  await execa('sh', ['-c', 'rm -rf "$1"/debian-* "$2"/* "$3"', 'sh', keyrings, at('etc/apt/trusted.gpg.d'), at('etc/apt/sources.list')]);
  await writeFile(at('etc/apt/sources.list.d/ubuntu.sources'), UBUNTU_SOURCES);
  await rm(at('etc/os-release'));
  await writeFile(at('etc/os-release'), UBUNTU_RELEASE);
  await rm(at('etc/debian_version'));
}
