// The package managers of Linux distributions, as data.
import { readFile } from 'node:fs/promises';
import type { ProgramCommand } from '../base/program.ts';

export const MANAGERS = ['apt', 'dnf', 'zypper', 'pacman', 'apk'] as const;
export type Manager = (typeof MANAGERS)[number];

/** The commands of a manager that install packages, in turn, without questions. They need root. */
const INSTALL = {
  apt: (names) => {
    const apt = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq', '-o', 'DPkg::Lock::Timeout=300'] as const;
    return [
      [...apt, 'update'],
      [...apt, 'install', '-y', '--no-install-recommends', ...names],
    ];
  },
  dnf: (names) => [['dnf', 'install', '-y', '--setopt=install_weak_deps=False', ...names]],
  zypper: (names) => [['zypper', '--non-interactive', 'install', '--no-recommends', ...names]],
  pacman: (names) => [['pacman', '-S', '--needed', '--noconfirm', ...names]],
  apk: (names) => [['apk', 'add', ...names]],
} as const satisfies Record<Manager, (names: readonly string[]) => ProgramCommand[]>;

/** The command that a person types. */
const TYPED = {
  apt: 'apt-get install --no-install-recommends',
  dnf: 'dnf install',
  zypper: 'zypper install',
  pacman: 'pacman -S --needed',
  apk: 'apk add',
} as const satisfies Record<Manager, string>;

/** Distributions by `ID` of os-release. Others name in `ID_LIKE` one of these from which they are made. */
const MANAGER_OF: Readonly<Record<string, Manager>> = {
  debian: 'apt',
  ubuntu: 'apt',
  fedora: 'dnf',
  rhel: 'dnf',
  centos: 'dnf',
  suse: 'zypper',
  opensuse: 'zypper',
  arch: 'pacman',
  alpine: 'apk',
};

/**
 * The package manager of a distribution, from the text of its os-release file.
 * @returns null for an unknown distribution
 * @see os-release(5), ID and ID_LIKE
 */
export function managerIn(release: string): Manager | null {
  const valueOf = (key: string) => new RegExp(`^${key}=["']?([^"'\n]*)`, 'm').exec(release)?.[1] ?? '';
  const names = `${valueOf('ID')} ${valueOf('ID_LIKE')}`.split(' ').map((name) => MANAGER_OF[name.toLowerCase()]);
  return names.find((manager) => manager !== undefined) ?? null;
}

/** The package manager of this machine; null for an unknown one. */
export async function ownManager(): Promise<Manager | null> {
  for (const path of ['/etc/os-release', '/usr/lib/os-release']) {
    const text = await readFile(path, 'utf8').catch(() => null);
    if (text !== null) return managerIn(text);
  }
  return null;
}

/** The commands that install packages, in turn. */
export function installCommands(manager: Manager, names: readonly string[]): ProgramCommand[] {
  return INSTALL[manager](names);
}

/** The same as a person types it, as root. */
export function typedCommand(manager: Manager, names: readonly string[]): string {
  return `${TYPED[manager]} ${names.join(' ')}`;
}
