// Tests of files in the cache that something else replaced: no reader waits for a named pipe, and the file counts as missing.
import { constants } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readCached, readCachedText, streamOf } from '../../../harness/base/cached-file.ts';
import { digestOf, sha256Of } from '../../../harness/base/digest.ts';
import { InfraError } from '../../../harness/base/errors.ts';
import { prepareInitramfs } from '../../../harness/guest/agent.ts';
import { createLogStore } from '../../../harness/results/logs.ts';
import { verdictStore } from '../../../harness/run/verdicts.ts';
import { readCachedKernel } from '../../../kernels/cache/cached-kernel.ts';
import { kernelTrust } from '../../../kernels/cache/kernel-trust.ts';
import { claimPart } from '../../../kernels/download/part-file.ts';
import { findKeyrings } from '../../../kernels/sources/debian/keyring.ts';
import { readRecord } from '../../../kernels/sources/debian/suite-record.ts';
import { SAMPLE } from '../../reports/sample.ts';
import { IDENTITY } from '../run/cell-identity.ts';

let folder = '';
const pipes: string[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cached-file-'));
});
afterEach(async () => {
  // A reader that waits for a pipe would keep this process from ending.
  for (const path of pipes.splice(0)) await (await open(path, constants.O_RDWR | constants.O_NONBLOCK)).close();
  await rm(folder, { recursive: true, force: true });
});

async function pipeAt(path: string): Promise<string> {
  await rm(path, { force: true });
  await execa('mkfifo', [path]);
  pipes.push(path);
  return path;
}

describe('a file in the cache', () => {
  it('a file in the cache is read whole', async () => {
    const path = join(folder, 'file');
    await writeFile(path, 'text');
    expect([await readCached(path), await readCachedText(path)]).toEqual([Buffer.from('text'), 'text']);
  });

  it('a missing file, a folder and a named pipe in the cache count as missing', async () => {
    await mkdir(join(folder, 'folder'));
    const paths = [join(folder, 'missing'), join(folder, 'folder'), await pipeAt(join(folder, 'pipe'))];
    expect(await Promise.all(paths.map(readCached))).toEqual([null, null, null]);
  });

  it('a named pipe is refused as a stream and for a digest', async () => {
    const path = await pipeAt(join(folder, 'pipe'));
    await expect(streamOf(path)).rejects.toThrow('is a named pipe; expected a regular file');
    await expect(sha256Of(path)).rejects.toThrow('is a named pipe; expected a regular file');
    await expect(digestOf([path])).rejects.toThrow('is a named pipe; expected a regular file');
  });

  it('a stream of a file has the bytes from its start to its end', async () => {
    const path = join(folder, 'file');
    await writeFile(path, '0123456789');
    const read = async (range: { start?: number; end?: number }) => text(await streamOf(path, range));
    expect([await read({}), await read({ start: 7 }), await read({ start: 2, end: 4 })]).toEqual(['0123456789', '789', '234']);
  });
});

describe('a named pipe in the cache', () => {
  it('a named pipe in place of a verdict is no verdict', async () => {
    const verdicts = verdictStore(folder, 'run', true);
    const [cell] = SAMPLE.cells.filter(({ status }) => status === 'fail');
    if (!cell) throw new Error('the sample has such a cell');
    await verdicts.keep(IDENTITY, { ...cell, flaky: false, attempts: cell.attempts.slice(-1) }, SAMPLE.logs);
    const [name = ''] = await readdir(join(folder, 'verdicts'));
    await pipeAt(join(folder, 'verdicts', name));
    expect(await verdicts.find(IDENTITY, createLogStore())).toBeNull();
  });

  it.each([
    ['record of trust', 'trust.json', async () => kernelTrust(folder)],
    ['record of a kernel', 'kernel.json', async () => readCachedKernel(folder)],
    ['record of a suite', 'suite.json', async () => readRecord(join(folder, 'suite.json'))],
  ])('a named pipe in place of a %s counts as missing', async (_, name, read) => {
    await pipeAt(join(folder, name));
    expect(await read()).toBeNull();
  });

  it('a named pipe in place of an unfinished download is not continued', async () => {
    await pipeAt(join(folder, 'file.part'));
    const part = await claimPart(join(folder, 'file'), true);
    expect(await readdir(join(part.path, '..'))).toEqual(['.owner']);
    await part.release({ keep: false });
  });

  it('a named pipe in place of a key of a mirror has no key', async () => {
    const path = await pipeAt(join(folder, 'key.asc'));
    const trust = { keys: [{ path, sha256: '0'.repeat(64) }], accepted: [] };
    await expect(findKeyrings(trust)).rejects.toThrow(`${path}: not a file with OpenPGP keys`);
  });

  it('a named pipe in place of the configuration of a kernel, or of the agent, is refused before a guest boots', async () => {
    const path = await pipeAt(join(folder, 'config'));
    const sha256 = '0'.repeat(64);
    const kernel = { release: '6.1', config: { path, size: 0, sha256 } };
    await expect(prepareInitramfs({ path: join(folder, 'init'), sha256 }, kernel, folder)).rejects.toThrow(
      new InfraError(`${path}: is a named pipe; expected a kernel configuration`),
    );
    await expect(prepareInitramfs({ path, sha256 }, null, folder)).rejects.toThrow('is a named pipe; expected a regular file');
  });
});
