// Which unfinished download is continued.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeOwnedFolder } from '../../../harness/base/ownership.ts';
import { claimPart, type PartFile } from '../../../kernels/download/part-file.ts';

let folder = '';
let target = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'part-file-'));
  target = join(folder, 'file');
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

/** Makes the unfinished download of a process that has ended. */
async function abandon(name: string, content: string | null = name): Promise<void> {
  await mkdir(join(folder, name));
  await writeFile(join(folder, name, '.owner'), '');
  if (content !== null) await writeFile(join(folder, name, 'part'), content);
}

/** The content that is continued, null for none. */
async function continued({ path }: PartFile): Promise<string | null> {
  return readFile(path, 'utf8').catch(() => null);
}

/** The names in the folder except that of a claimed part. */
async function others({ path }: PartFile): Promise<string[]> {
  const names: string[] = await readdir(folder);
  return names.filter((name) => name !== basename(dirname(path))).toSorted();
}

it('the first download of a target begins with nothing, and leaves nothing unless its bytes are kept', async () => {
  const claimed = await claimPart(target, true);
  expect([await continued(claimed), await others(claimed)]).toEqual([null, []]);
  await claimed.release({ keep: true });
  expect(await readdir(folder)).toEqual([]);
  const next = await claimPart(target, true);
  await writeFile(next.path, 'bytes');
  await next.release({ keep: false });
  expect(await readdir(folder)).toEqual([]);
});

it('a released download is continued before an abandoned one, which stays', async () => {
  const claimed = await claimPart(target, true);
  await writeFile(claimed.path, 'released');
  await claimed.release({ keep: true });
  expect(await readdir(folder)).toEqual(['file.part']);
  await abandon('file.part-one');
  const next = await claimPart(target, true);
  expect([await continued(next), await others(next)]).toEqual(['released', ['file.part-one']]);
  await next.release({ keep: false });
});

it('one abandoned download is continued, the others stay, and an empty one is removed', async () => {
  await abandon('file.part-a', null);
  await abandon('file.part-b');
  await abandon('file.part-c');
  const claimed = await claimPart(target, true);
  expect([await continued(claimed), await others(claimed)]).toEqual(['file.part-b', ['file.part-c']]);
  await claimed.release({ keep: false });
});

it('an abandoned download is found behind that of a running process, which stays', async () => {
  const running = await makeOwnedFolder(`${target}.part-`);
  await writeFile(join(running.path, 'part'), 'running');
  await abandon('file.part-z');
  const claimed = await claimPart(target, true);
  expect([await continued(claimed), await others(claimed)]).toEqual(['file.part-z', [basename(running.path)]]);
  await claimed.release({ keep: false });
  await running.remove();
});

it('the downloads of other targets stay, and so does everything without resume', async () => {
  await abandon('other.part-one');
  const claimed = await claimPart(target, true);
  expect([await continued(claimed), await others(claimed)]).toEqual([null, ['other.part-one']]);
  await claimed.release({ keep: false });
  await abandon('file.part-one');
  await writeFile(`${target}.part`, 'released');
  const fresh = await claimPart(target, false);
  expect([await continued(fresh), await others(fresh)]).toEqual([null, ['file.part', 'file.part-one', 'other.part-one']]);
  await fresh.release({ keep: false });
});

it('bytes that cannot be kept are an error', async () => {
  const claimed = await claimPart(target, true);
  await writeFile(claimed.path, 'bytes');
  await mkdir(join(folder, 'file.part', 'full'), { recursive: true });
  await expect(claimed.release({ keep: true })).rejects.toThrow('EISDIR');
  await claimed.release({ keep: false });
});
