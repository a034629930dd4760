// Tests of doctor on this machine, and on this machine without some of its programs.
import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Finding } from '../../../harness/doctor/finding.ts';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';
import { pulledKernel } from '../../kernels/pulled.ts';
import { corematrix } from '../cli/command.ts';

let folder = '';
// Doctor boots a kernel of the cache.
beforeAll(async () => {
  await pulledKernel('debian:6.12');
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'doctor-'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

async function findings(env: Record<string, string>): Promise<{ exitCode: number | undefined; findings: Finding[] }> {
  const { exitCode, stdout } = await corematrix(folder, ['doctor', '--json'], env);
  return { exitCode, findings: JSON.parse(stdout) };
}

const states = (found: readonly Finding[]) => Object.fromEntries(found.map(({ what, state }) => [what, state]));

describe('doctor', () => {
  it('doctor boots a guest and reports that runs work on this machine', async () => {
    const { exitCode, findings: found } = await findings({});
    expect(exitCode).toBe(0);
    expect(found.filter(({ state }) => state === 'broken')).toEqual([]);
    expect(found.map(({ what }) => what)).toEqual([
      'Node',
      'programs',
      'QEMU',
      'sandbox',
      'memory',
      'cache',
      'temporary files',
      'mirror',
      'guest agent',
      'KVM',
      'guests',
    ]);
    expect(found.at(-1)?.found).toMatch(/^\d+\.\d+\.\d+\S* booted in \d+\.\d s with (kvm|tcg)$/);
  });

  it('doctor names the packages of missing programs', async () => {
    await symlink(process.execPath, join(folder, 'node'));
    const { exitCode, stdout } = await execa(join(folder, 'node'), [join(PACKAGE_ROOT, 'dist/harness/cli/main.js'), 'doctor'], {
      cwd: folder,
      env: { PATH: folder },
      extendEnv: false,
      reject: false,
    });
    const lines = stdout.split('\n');
    const at = lines.findIndex((line) => line.startsWith('broken   programs'));
    expect(lines.slice(at, at + 2).join('\n')).toMatch(
      /QEMU, which runs the guests[^]*→ corematrix setup, or as root: apt-get install .*qemu-system-x86/,
    );
    expect(exitCode).toBe(3);
  });

  it('doctor boots guests without a sandbox if QEMU has none, with a note', async () => {
    const program = join(folder, 'qemu-system-x86_64');
    // This is the answer of a QEMU that was built without seccomp.
    await writeFile(
      program,
      '#!/bin/sh\ncase " $* " in *" -sandbox "*) echo "qemu: -sandbox support is not enabled in this QEMU binary" >&2; exit 1 ;; esac\nPATH=$REAL_PATH exec qemu-system-x86_64 "$@"\n',
    );
    await chmod(program, 0o755);
    const { PATH = '' } = process.env;
    const { exitCode, findings: found } = await findings({ PATH: `${folder}:${PATH}`, REAL_PATH: PATH });
    expect([exitCode, states(found)]).toMatchObject([0, { sandbox: 'warning', guests: 'ok' }]);
  });

  it('doctor reports a mirror that does not answer and an empty cache, with advice', async () => {
    const { findings: found } = await findings({
      COREMATRIX_CACHE: join(folder, 'cache'),
      COREMATRIX_DEBIAN_MIRROR: 'http://127.0.0.1:9/debian',
    });
    expect(states(found)).toMatchObject({ QEMU: 'ok', mirror: 'warning' });
    expect(found.find(({ what }) => what === 'mirror')).toEqual({
      what: 'mirror',
      state: 'warning',
      found: expect.stringContaining('fetch failed'),
      advice: 'kernels in the cache can be used without it; --mirror URL or COREMATRIX_DEBIAN_MIRROR=URL names another',
    });
  });
});
