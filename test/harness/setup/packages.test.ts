// Tests of missing packages: set-up installs them if it can, and otherwise prints the commands to type.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { managerIn, MANAGERS } from '../../../harness/setup/distribution.ts';
import { planPackages } from '../../../harness/setup/install.ts';
import { missingPackages, type Need, type SystemPackage } from '../../../harness/setup/packages.ts';

/** A package with the same name everywhere. */
const pack = (purpose: string, name: string, other: Partial<SystemPackage['names']> = {}): SystemPackage => ({
  purpose,
  proofs: [name],
  names: { apt: name, dnf: name, zypper: name, pacman: name, apk: name, ...other },
  scope: 'guests',
});
const MISSING = [
  pack('QEMU, which runs the guests', 'qemu-system-x86', { zypper: 'qemu-x86' }),
  pack('ending guests', 'util-linux', { apk: 'setpriv' }),
  pack('locks', 'util-linux', { apk: 'flock' }),
  pack('keys', 'keyring', { zypper: null }),
] as const;

describe('a plan for missing packages', () => {
  it('a plan for missing packages is empty if nothing is missing, on every system', () => {
    expect(planPackages([], { manager: null, root: 'no' })).toEqual({ kind: 'nothing' });
  });

  it('a plan for missing packages has the commands of every package manager, each package once, and the command that a person types', () => {
    const plans = MANAGERS.map((manager) => planPackages(MISSING, { manager, root: 'directly' }));
    expect(
      plans.flatMap((plan) => (plan.kind === 'install' ? [...plan.commands.map((command) => command.join(' ')), `  ${plan.typed}`] : [])),
    ).toMatchInlineSnapshot(`
      [
        "env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 update",
        "env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends qemu-system-x86 util-linux keyring",
        "  apt-get install --no-install-recommends qemu-system-x86 util-linux keyring",
        "dnf install -y --setopt=install_weak_deps=False qemu-system-x86 util-linux keyring",
        "  dnf install qemu-system-x86 util-linux keyring",
        "zypper --non-interactive install --no-recommends qemu-x86 util-linux",
        "  zypper install qemu-x86 util-linux",
        "pacman -S --needed --noconfirm qemu-system-x86 util-linux keyring",
        "  pacman -S --needed qemu-system-x86 util-linux keyring",
        "apk add qemu-system-x86 setpriv flock keyring",
        "  apk add qemu-system-x86 setpriv flock keyring",
      ]
    `);
  });

  it('a plan for missing packages uses sudo for a user who needs no password for it', () => {
    const plan = planPackages(MISSING, { manager: 'apt', root: 'sudo' });
    expect(plan.kind === 'install' && plan.commands.map((command) => command.slice(0, 5))).toEqual([
      ['sudo', '-n', 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get'],
      ['sudo', '-n', 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get'],
    ]);
  });

  it('a plan for missing packages without root or sudo prints the exact command', () => {
    const plan = planPackages(MISSING, { manager: 'apk', root: 'no' });
    expect(plan.kind === 'by-hand' && plan.advice).toMatchInlineSnapshot(`
      "4 system packages are missing, and neither root nor sudo without a password is available:
        qemu-system-x86  QEMU, which runs the guests
        setpriv          ending guests
        flock            locks
        keyring          keys
      As root: apk add qemu-system-x86 setpriv flock keyring"
    `);
  });

  it('a plan for missing packages on an unknown distribution lists them with the names of Debian, also for root', () => {
    const plan = planPackages(MISSING.slice(0, 1), { manager: null, root: 'directly' });
    expect(plan.kind === 'by-hand' && plan.advice).toMatchInlineSnapshot(`
      "1 system package is missing, and the package manager of this distribution is unknown:
        qemu-system-x86  QEMU, which runs the guests
      As root: install these packages (the names are Debian's): qemu-system-x86"
    `);
  });

  it('a plan for a package that a distribution lacks says so', () => {
    const plan = planPackages(MISSING.slice(3), { manager: 'zypper', root: 'directly' });
    expect(plan.kind === 'by-hand' && plan.advice).toMatchInlineSnapshot(`
      "1 system package is missing, and this distribution has no package for them:
        -  keys"
    `);
  });
});

describe('the package manager of a distribution', () => {
  it.each<[string, string | null]>([
    ['ID=debian\n', 'apt'],
    ['PRETTY_NAME="Ubuntu 24.04 LTS"\nID=ubuntu\nID_LIKE=debian\n', 'apt'],
    ['ID=linuxmint\nID_LIKE="ubuntu debian"\n', 'apt'],
    ['ID=fedora\n', 'dnf'],
    ['ID="rocky"\nID_LIKE="rhel centos fedora"\n', 'dnf'],
    ['ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\n', 'zypper'],
    ['ID="sles"\nID_LIKE="suse"\n', 'zypper'],
    ['ID=manjaro\nID_LIKE=arch\n', 'pacman'],
    ["ID='alpine'\n", 'apk'],
    ['ID=nixos\n', null],
    ['VERSION_ID=debian\n', null],
    ['', null],
  ])('the package manager of a distribution is found in its os-release file: %j', (text, expected) => {
    expect(managerIn(text)).toBe(expected);
  });
});

describe('missing packages', () => {
  let path = '';
  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'corematrix-path-'));
  });
  afterEach(async () => rm(path, { recursive: true }));

  async function names(need: Need): Promise<string[]> {
    return (await missingPackages(need, path)).map((entry) => entry.names.apt ?? '');
  }

  it('a package is missing if its program is not on PATH or not executable', async () => {
    const before = await names('checkout');
    expect(before).toContain('clang');
    await writeFile(join(path, 'clang'), '');
    await chmod(join(path, 'clang'), 0o644);
    expect(await names('checkout')).toEqual(before);
    await chmod(join(path, 'clang'), 0o755);
    expect(await names('checkout')).toEqual(before.filter((name) => name !== 'clang'));
  });

  it('packages for tests are missing only if tests will run', async () => {
    const before = await names('checkout');
    const more = (await names('tests')).filter((name) => !before.includes(name));
    expect(more).toEqual([
      'bpftool',
      'busybox-static',
      'bzip2',
      'cpio',
      'rpm',
      'binutils',
      'perl',
      'libxml2-utils',
      'gnupg',
      'gpgv',
      'openssl',
      'clang-format',
      'chromium',
    ]);
  });

  it('an installed package needs only QEMU and programs that every distribution has, and a checkout also compilers', async () => {
    const used = (await names('use')).filter((name) => name !== 'debian-archive-keyring');
    expect(used).toEqual(['qemu-system-x86', 'util-linux', 'util-linux']);
    expect(await names('checkout')).toEqual(expect.arrayContaining([...used, 'clang', 'gcc', 'make']));
    // Ubuntu 24.04 has no package of this name.
    expect(await names('checkout')).not.toContain('bpftool');
  });
});
