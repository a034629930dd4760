// What is missing is installed where that is possible, and asked for in words a person can act on where it is not.
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
  it('a plan for missing packages is nothing when nothing is missing, wherever that is', () => {
    expect(planPackages([], { debian: false, root: 'no' })).toEqual({ kind: 'nothing' });
  });

  it('a plan for missing packages is two commands of apt-get for root', () => {
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

  it('a plan for missing packages goes through sudo for somebody who may use it without a password', () => {
    const plan = planPackages(MISSING, { debian: true, root: 'sudo' });
    expect(plan.kind === 'install' && plan.commands.map((command) => command.slice(0, 5))).toEqual([
      ['sudo', '-n', 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get'],
      ['sudo', '-n', 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get'],
    ]);
  });

  it('a plan for missing packages says exactly what to install where nobody here is root', () => {
    const plan = planPackages(MISSING, { debian: true, root: 'no' });
    expect(plan.kind === 'by-hand' && plan.advice).toMatchInlineSnapshot(`
      "2 system packages are missing, and neither root nor sudo without a password is at hand:
        qemu-system-x86  QEMU, which runs the guests
        clang            the compiler of BPF programs
      On Debian, as root: apt-get install --no-install-recommends qemu-system-x86 clang"
    `);
  });

  it('a plan for missing packages says so on another distribution, also to root', () => {
    const plan = planPackages(MISSING.slice(1), { debian: false, root: 'directly' });
    expect(plan.kind === 'by-hand' && plan.advice).toMatchInlineSnapshot(`
      "1 system package is missing, and this is not a Debian system, so they are not installed for you (the names are Debian's):
        clang  the compiler of BPF programs
      On Debian, as root: apt-get install --no-install-recommends clang"
    `);
  });
});

describe('what is missing', () => {
  let path = '';
  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'corematrix-path-'));
  });
  afterEach(async () => rm(path, { recursive: true }));

  async function names(withTests: boolean): Promise<string[]> {
    return (await missingPackages(withTests, path)).map((entry) => entry.debian);
  }

  it('what is missing is a package whose program is nowhere on PATH, or there but not executable', async () => {
    const before = await names(false);
    expect(before).toContain('clang');
    await writeFile(join(path, 'clang'), '');
    await chmod(join(path, 'clang'), 0o644);
    expect(await names(false)).toEqual(before);
    await chmod(join(path, 'clang'), 0o755);
    expect(await names(false)).toEqual(before.filter((name) => name !== 'clang'));
  });

  it('what is missing counts what only tests need when tests are to be run', async () => {
    const before = await names(false);
    const more = (await names(true)).filter((name) => !before.includes(name));
    expect(more).toEqual(['busybox-static', 'bzip2', 'cpio', 'binutils', 'perl', 'libxml2-utils', 'clang-format', 'chromium']);
  });
});
