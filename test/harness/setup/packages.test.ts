// Tests of missing packages: set-up installs them if it can, and otherwise prints the commands to type.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { missingPackages, planPackages, type SystemPackage } from '../../../harness/setup/packages.ts';

const MISSING: SystemPackage[] = [
  { purpose: 'QEMU, which runs the guests', proof: 'qemu-system-x86_64', debian: 'qemu-system-x86', scope: 'run' },
  { purpose: 'the compiler of BPF programs', proof: 'clang', debian: 'clang', scope: 'run' },
];

describe('a plan for missing packages', () => {
  it('a plan for missing packages is empty if nothing is missing, on every system', () => {
    expect(planPackages([], { debian: false, root: 'no' })).toEqual({ kind: 'nothing' });
  });

  it('a plan for missing packages has two apt-get commands for root', () => {
    expect(planPackages(MISSING, { debian: true, root: 'directly' })).toMatchInlineSnapshot(`
      {
        "commands": [
          [
            "env",
            "DEBIAN_FRONTEND=noninteractive",
            "apt-get",
            "-qq",
            "-o",
            "DPkg::Lock::Timeout=300",
            "update",
          ],
          [
            "env",
            "DEBIAN_FRONTEND=noninteractive",
            "apt-get",
            "-qq",
            "-o",
            "DPkg::Lock::Timeout=300",
            "install",
            "-y",
            "--no-install-recommends",
            "qemu-system-x86",
            "clang",
          ],
        ],
        "kind": "install",
        "names": [
          "qemu-system-x86",
          "clang",
        ],
      }
    `);
  });

  it('a plan for missing packages uses sudo for a user who needs no password for it', () => {
    const plan = planPackages(MISSING, { debian: true, root: 'sudo' });
    expect(plan.kind === 'install' && plan.commands.map((command) => command.slice(0, 5))).toEqual([
      ['sudo', '-n', 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get'],
      ['sudo', '-n', 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get'],
    ]);
  });

  it('a plan for missing packages without root or sudo prints the exact commands', () => {
    const plan = planPackages(MISSING, { debian: true, root: 'no' });
    expect(plan.kind === 'by-hand' && plan.advice).toMatchInlineSnapshot(`
      "2 system packages are missing, and neither root nor sudo without a password is available:
        qemu-system-x86  QEMU, which runs the guests
        clang            the compiler of BPF programs
      On Debian, as root: apt-get install --no-install-recommends qemu-system-x86 clang"
    `);
  });

  it('a plan for missing packages on another distribution only lists them, also for root', () => {
    const plan = planPackages(MISSING.slice(1), { debian: false, root: 'directly' });
    expect(plan.kind === 'by-hand' && plan.advice).toMatchInlineSnapshot(`
      "1 system package is missing, and this is not a Debian system, so they are not installed for you (the names are Debian's):
        clang  the compiler of BPF programs
      On Debian, as root: apt-get install --no-install-recommends clang"
    `);
  });
});

describe('missing packages', () => {
  let path = '';
  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'corematrix-path-'));
  });
  afterEach(async () => rm(path, { recursive: true }));

  async function names(withTests: boolean): Promise<string[]> {
    return (await missingPackages(withTests, path)).map((entry) => entry.debian);
  }

  it('a package is missing if its program is not on PATH or not executable', async () => {
    const before = await names(false);
    expect(before).toContain('clang');
    await writeFile(join(path, 'clang'), '');
    await chmod(join(path, 'clang'), 0o644);
    expect(await names(false)).toEqual(before);
    await chmod(join(path, 'clang'), 0o755);
    expect(await names(false)).toEqual(before.filter((name) => name !== 'clang'));
  });

  it('packages for tests are missing only if tests will run', async () => {
    const before = await names(false);
    const more = (await names(true)).filter((name) => !before.includes(name));
    expect(more).toEqual([
      'busybox-static',
      'bzip2',
      'cpio',
      'binutils',
      'perl',
      'libxml2-utils',
      'gnupg',
      'openssl',
      'clang-format',
      'chromium',
    ]);
  });
});
