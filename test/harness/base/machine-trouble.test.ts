// Tests of system errors: which ones the machine causes, and what they advise.
import { mkdtemp, open, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { machineTrouble, startTrouble, withPath } from '../../../harness/base/machine-trouble.ts';

async function errorOf(work: () => Promise<unknown>): Promise<unknown> {
  return work().then(
    () => null,
    (error: unknown) => error,
  );
}

const fullDisk = async () => writeFile('/dev/full', 'text');

describe('trouble of the machine', () => {
  it('trouble of the machine names the system call and what to do', async () => {
    expect(machineTrouble(await errorOf(fullDisk))).toMatch(/^ENOSPC: no space left on device, write; free some space on that disk$/);
  });

  it('trouble of the machine is found in the causes of an error', async () => {
    const cause = await errorOf(fullDisk);
    expect(machineTrouble(new Error('outer', { cause: new Error('inner', { cause }) }))).toBe(machineTrouble(cause));
  });

  it('trouble of the machine names the path that an error of an open file lacks', async () => {
    expect(machineTrouble(withPath(await errorOf(fullDisk), '/dev/full'))).toBe(
      "ENOSPC: no space left on device, write '/dev/full'; free some space on that disk",
    );
  });

  it('trouble of the machine with temporary files names TMPDIR', async () => {
    const error = await errorOf(async () => mkdtemp(join(tmpdir(), 'none/here-')));
    expect(machineTrouble(error)).toMatch(
      /^ENOENT: no such file or directory, mkdtemp '[^']*\/none\/here-\w{6}'; set TMPDIR to a folder that exists and that this user can write$/,
    );
  });

  it('an error is either trouble of the machine or a fault in corematrix', async () => {
    const closed = await open('/dev/null');
    await closed.close();
    const badDescriptor = await errorOf(async () => closed.stat());
    expect(
      [badDescriptor, new TypeError('a bug'), 'text', null, Object.assign(new Error('own'), { code: 'ENOSPC' })].map(machineTrouble),
    ).toEqual([null, null, null, null, null]);
  });
});

it('a program that started and broke its pipes is no trouble of the machine', async () => {
  const cause = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' });
  expect([startTrouble({ cause }), startTrouble(await execa('false', { reject: false }))]).toEqual([null, null]);
});

it('a program that is not installed is no trouble of the machine', async () => {
  expect(startTrouble(await execa('corematrix-no-such-program', { reject: false }))).toBe(null);
});
