// Tests of `corematrix kernels outdated` and `update` with a mirror that gets newer kernels.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseLock } from '../../../kernels/lock.ts';
import { readPin } from '../../../kernels/sources/debian/pins.ts';
import { type FakeMirror, fakePackage, startMirror, withFolder } from '../../kernels/fixtures.ts';
import { TRUSTING } from '../../kernels/signing.ts';
import { corematrix } from './command.ts';

const cloud = (release: string) => `linux-image-${release}-cloud-amd64`;
const BEFORE = {
  bullseye: [fakePackage(cloud('5.10.0-32'), '5.10.223-1')],
  trixie: [fakePackage(cloud('6.12.94+deb13'), '6.12.94-1')],
};
const AFTER = {
  trixie: [fakePackage(cloud('6.12.107+deb13'), '6.12.107-1')],
  sid: [fakePackage(cloud('7.0.1+deb14'), '7.0.1-1')],
};

let before: FakeMirror;
let after: FakeMirror;
beforeAll(async () => {
  before = await startMirror(BEFORE);
  after = await startMirror(AFTER);
});
afterAll(() => {
  before.close();
  after.close();
});

describe('a lock file', () => {
  it('kernels outdated compares a lock file with the mirror, and kernels update updates it', async () => {
    await withFolder(async (folder) => {
      const run = async (mirror: FakeMirror, ...args: string[]) => {
        const env = { COREMATRIX_CACHE: join(folder, 'cache'), COREMATRIX_DEBIAN_MIRROR: mirror.address, ...TRUSTING };
        const { exitCode, stdout, stderr } = await corematrix(folder, ['kernels', ...args], env);
        return `${stdout}\n---\n${stderr}\nexit ${exitCode}`;
      };
      const lock = async () =>
        ((await parseLock(await readFile(join(folder, 'kernels.lock.json'), 'utf8'), 'lock')).entries['debian'] ?? []).map(
          (entry) => readPin(entry).version,
        );
      expect(await run(before, 'lock')).toBe('\n---\nkernels.lock.json: 2 kernels pinned\nexit 0');
      expect(await run(before, 'outdated')).toBe('\n---\nkernels.lock.json: up to date\nexit 0');
      expect(await run(before, 'lock')).toBe('\n---\nkernels.lock.json: 2 kernels pinned\nexit 0');
      await writeFile(join(folder, 'notes.txt'), 'my notes');
      expect(await run(before, 'lock', '-o', 'notes.txt')).toBe(
        '\n---\nerror: notes.txt exists already and is not a lock file; --force replaces it\nexit 2',
      );
      expect(await run(before, 'lock', '-o', 'notes.txt', '--force')).toBe('\n---\nnotes.txt: 2 kernels pinned\nexit 0');
      expect(await run(after, 'outdated', '--refresh')).toMatchInlineSnapshot(`
        "KERNEL            CHANGE  PINNED                                           ON THE MIRROR
        5.10/amd64/cloud  gone    linux-image-5.10.0-32-cloud-amd64 5.10.223-1     -
        6.12/amd64/cloud  newer   linux-image-6.12.94+deb13-cloud-amd64 6.12.94-1  linux-image-6.12.107+deb13-cloud-amd64 6.12.107-1
        7.0/amd64/cloud   new     -                                                linux-image-7.0.1+deb14-cloud-amd64 7.0.1-1
        ---

        exit 1"
      `);
      expect(await run(after, 'outdated', 'debian:6.12', '--json')).toContain('"change": "newer"');
      expect((await run(after, 'update', '--dry-run')).split('---\n')[1]).toBe('kernels.lock.json: not changed (--dry-run)\nexit 0');
      expect(await lock()).toEqual(['5.10.223-1', '6.12.94-1']);
      expect((await run(after, 'update', 'debian:6.12')).split('---\n')[1]).toBe('kernels.lock.json: 1 change written\nexit 0');
      expect(await lock()).toEqual(['5.10.223-1', '6.12.107-1']);
      expect((await run(after, 'update')).split('---\n')[1]).toBe('kernels.lock.json: 2 changes written\nexit 0');
      expect(await lock()).toEqual(['6.12.107-1', '7.0.1-1']);
      expect(await run(after, 'update')).toBe('\n---\nkernels.lock.json: up to date\nexit 0');
      await writeFile(join(folder, 'kernels.lock.json'), '{}');
      expect(await run(after, 'outdated')).toMatchInlineSnapshot(`
        "
        ---
        error: kernels.lock.json: lockVersion: missing; expected 1
        exit 2"
      `);
    });
  });
});
