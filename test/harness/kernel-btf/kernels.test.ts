// Tests of the kernels that selectors mean offline: in a cache, in files and in folders.
import type { Trust } from '../../../kernels/trust/trust.ts';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../../harness/base/errors.ts';
import { typesWithName } from '../../../harness/bpf/btf/names.ts';
import { findKernels, readKernelTypes, signedKernels } from '../../../harness/kernel-btf/kernels.ts';
import { cachedKernels } from '../../../kernels/cache/cached-kernels.ts';
import { buildBtf } from '../bpf/btf/build-btf.ts';
import { compileBpf } from '../bpf/object/compile.ts';

const TYPES = buildBtf([
  { name: 'int', kind: 1, size: 4, words: [0x01000020] },
  { name: 'task_struct', kind: 4, vlen: 1, size: 4, words: ['pid', 1, 0] },
]);

let folder = '';
let cache = '';

interface CachedKernelFiles {
  digit: string;
  release: string;
  version: string;
  hasBtf?: boolean;
  arch?: string;
  /** Null for a kernel of an older version, without a record. */
  trust?: Trust | null;
}

async function addToCache({
  digit,
  release,
  version,
  hasBtf = true,
  arch = 'x86_64',
  trust = { kind: 'pinned' },
}: CachedKernelFiles): Promise<void> {
  const directory = join(cache, 'kernels', digit.repeat(64));
  await mkdir(directory, { recursive: true });
  const btf = hasBtf ? { size: TYPES.length, sha256: digit.repeat(64) } : null;
  const facts = { format: 1, sha256: digit.repeat(64), arch, release, version, vmlinux: true, image: true, btf };
  await writeFile(join(directory, 'kernel.json'), JSON.stringify(facts));
  if (trust) await writeFile(join(directory, 'trust.json'), JSON.stringify(trust));
  if (hasBtf) await writeFile(join(directory, 'btf'), TYPES);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kernels-test-'));
  cache = join(folder, 'cache');
  await addToCache({ digit: 'a', release: '6.12.9-cloud-amd64', version: '6.12.9' });
  await addToCache({ digit: 'b', release: '6.12.10-cloud-amd64', version: '6.12.10' });
  await addToCache({ digit: 'c', release: '6.12.10-cloud-amd64', version: '6.12.10', hasBtf: false });
  await addToCache({ digit: 'd', release: '6.12.11-amd64', version: '6.12.11' });
  await addToCache({ digit: 'e', release: '5.10.0-46-cloud-amd64', version: '5.10.262' });
  await addToCache({ digit: 'f', release: '6.12.10-cloud-arm64', version: '6.12.10', arch: 'arm64' });
  const mirror = 'http://127.0.0.1:9/debian';
  await addToCache({ digit: '1', release: '6.99.1-cloud-amd64', version: '6.99.1', trust: null });
  await addToCache({
    digit: '2',
    release: '6.98.1-cloud-amd64',
    version: '6.98.1',
    trust: { kind: 'accepted', mirror, reason: 'it is not signed' },
  });
  await mkdir(join(cache, 'kernels', 'unfinished.tmp-1-abc'));
  await mkdir(join(cache, 'kernels', '0'.repeat(64)));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

async function found(...selectors: string[]) {
  const { kernels, problems } = await findKernels(selectors, cache);
  return { kernels: kernels.map(({ id, path }) => (path === null ? `${id} without BTF` : id)), problems };
}

describe('the cache', () => {
  it('the cache gives no kernel without a record of trust, and none of a mirror that only another run accepted', async () => {
    expect(await found('debian:6.99', 'debian:6.98')).toEqual({
      kernels: [],
      problems: ['6.99', '6.98'].map(
        (series) => `debian:${series}: the kernel in the cache is not verified; "corematrix kernels pull debian:${series}" adds it`,
      ),
    });
    process.env['COREMATRIX_TRUST_MIRRORS'] = 'http://127.0.0.1:9/debian';
    try {
      expect((await found('debian:6.98')).kernels).toEqual(['6.98.1-cloud-amd64']);
    } finally {
      delete process.env['COREMATRIX_TRUST_MIRRORS'];
    }
  });

  it('the newest signed kernel of a series counts as signed, but no newer kernel of the same series from a file of the user', async () => {
    const own = cache;
    cache = join(folder, 'signed-and-own');
    const signed = { kind: 'signed', mirror: 'http://127.0.0.1:9/debian', key: 'A'.repeat(40), keyFile: null, expired: null } as const;
    try {
      await addToCache({ digit: 'a', release: '6.12.8-cloud-amd64', version: '6.12.8', trust: signed });
      await addToCache({ digit: 'b', release: '6.12.9-cloud-amd64', version: '6.12.9', trust: signed });
      await addToCache({ digit: 'c', release: '6.12.99-mine', version: '6.12.99', trust: { kind: 'own' } });
      await addToCache({ digit: 'd', release: '6.9.1-mine', version: '6.9.1', trust: { kind: 'own' } });
      await addToCache({ digit: 'e', release: '7.3.4-cloud-amd64', version: '7.3.4', trust: signed });
      await addToCache({ digit: 'f', release: '5.10.1-cloud-amd64', version: '5.10.1' });
      expect((await signedKernels(cache)).map(({ id }) => id)).toEqual(['6.12.9-cloud-amd64', '7.3.4-cloud-amd64']);
      expect(await signedKernels(join(folder, 'none'))).toEqual([]);
    } finally {
      cache = own;
    }
  });

  it('a selector of an archive never means a kernel from a file of the user, although the file names the same release', async () => {
    const others = cache;
    cache = join(folder, 'own-alone');
    try {
      await addToCache({ digit: 'a', release: '6.12.8-cloud-amd64', version: '6.12.8', trust: { kind: 'own' } });
      expect(await found('debian:6.12')).toEqual({
        kernels: [],
        problems: ['debian:6.12: no such kernel in the cache; "corematrix kernels pull debian:6.12" adds it'],
      });
      expect((await found('cached')).kernels).toEqual(['6.12.8-cloud-amd64']);
    } finally {
      cache = others;
    }
  });

  it('the cache lists unpacked kernels in version order', async () => {
    const kernels = await cachedKernels(cache);
    expect(kernels.map(({ version, arch }) => `${version} ${arch}`)).toEqual([
      '5.10.262 x86_64',
      '6.12.9 x86_64',
      '6.12.10 x86_64',
      '6.12.10 x86_64',
      '6.12.10 arm64',
      '6.12.11 x86_64',
    ]);
    expect(await cachedKernels(join(folder, 'none'))).toEqual([]);
  });

  it('the cache gives the newest kernel of each series and architecture by default, and all kernels on request', async () => {
    expect(await found()).toEqual({ kernels: ['5.10.0-46-cloud-amd64', '6.12.10-cloud-arm64', '6.12.11-amd64'], problems: [] });
    expect((await found('cached')).kernels).toEqual([
      '5.10.0-46-cloud-amd64',
      '6.12.9-cloud-amd64',
      '6.12.10-cloud-amd64',
      '6.12.10-cloud-amd64~2 without BTF',
      '6.12.10-cloud-arm64',
      '6.12.11-amd64',
    ]);
  });

  it('the cache resolves Debian selectors by version, architecture and flavour, and prefers kernels with BTF', async () => {
    expect((await found('debian:6.12')).kernels).toEqual(['6.12.10-cloud-amd64']);
    expect((await found('debian:6.12/generic')).kernels).toEqual(['6.12.11-amd64']);
    expect((await found('debian:6.12/arm64')).kernels).toEqual(['6.12.10-cloud-arm64']);
    expect((await found('debian:<6', 'debian:all', 'debian:6.12.9')).kernels).toEqual([
      '5.10.0-46-cloud-amd64',
      '6.12.9-cloud-amd64',
      '6.12.10-cloud-amd64',
    ]);
    expect(await found('debian:6.1', 'debian:5.10')).toEqual({
      kernels: ['5.10.0-46-cloud-amd64'],
      problems: ['debian:6.1: no such kernel in the cache; "corematrix kernels pull debian:6.1" adds it'],
    });
  });
});

describe('files', () => {
  it('kernels can be BTF files, ELF files with BTF, or folders of BTF', async () => {
    const hub = join(folder, 'hub/5.4');
    await mkdir(hub, { recursive: true });
    await writeFile(join(hub, '5.4.0-42-generic.btf'), TYPES);
    await writeFile(join(hub, 'readme.txt'), 'no BTF');
    await writeFile(join(folder, '4.18.0-1.el8.x86_64.btf'), TYPES);
    await execa('tar', ['--create', '--xz', '--file', join(hub, '4.18.0-1.el8.x86_64.btf.tar.xz'), '4.18.0-1.el8.x86_64.btf'], {
      cwd: folder,
    });
    // An ELF file with BTF that is not a BPF object: the same file for another machine (x86-64).
    const elf = join(folder, 'types.elf');
    const bytes = await readFile(await compileBpf(folder, 'types', 'struct task_struct { int pid; } task;'));
    bytes.writeUInt16LE(62, 18);
    await writeFile(elf, bytes);
    const { kernels, problems } = await findKernels([`btf:${join(folder, 'hub')}`, `btf:${elf}`], cache);
    expect(problems).toEqual([]);
    expect(kernels.map(({ id, release, series }) => ({ id, release, series }))).toEqual([
      { id: '4.18.0-1.el8.x86_64', release: '4.18.0-1.el8.x86_64', series: '4.18' },
      { id: '5.4.0-42-generic', release: '5.4.0-42-generic', series: '5.4' },
      { id: 'types.elf', release: null, series: null },
    ]);
    const types = await Promise.all(kernels.map(async (kernel) => readKernelTypes(kernel)));
    expect(types.map((each) => each && typesWithName(each.vmlinux, 'task_struct').length)).toEqual([1, 1, 1]);
  });

  it('an archive of BTF that unpacks to far more than its size is refused soon', async () => {
    const make = ['head -c 640M /dev/zero | xz -0 > zeros.btf.tar.xz', 'truncate -s 640M sparse.btf.tar'];
    for (const command of make) await execa('bash', ['-c', command], { cwd: folder });
    const [packed, sparse] = ['zeros.btf.tar.xz', 'sparse.btf.tar'].map((name) => join(folder, name));
    const { size } = await stat(packed ?? '');
    const { kernels } = await findKernels([`btf:${packed}`, `btf:${sparse}`], cache);
    const errors = await Promise.all(kernels.map(async (kernel) => readKernelTypes(kernel).catch((error: unknown) => error)));
    expect(errors).toEqual([
      new UserError(
        `${packed}: its archive: its ${size} bytes unpack to more than ${256 * 2 ** 20 + 100 * size} bytes, which is the limit`,
      ),
      new UserError(`${sparse}: its archive unpacks to more than ${512 * 2 ** 20} bytes, which is the limit`),
    ]);
  });

  it('files without BTF are refused with the reason', async () => {
    const stripped = join(folder, 'stripped.o');
    const plain = join(folder, 'plain.c');
    await writeFile(plain, 'int x;');
    await execa('clang', ['-c', plain, '-o', stripped]);
    await writeFile(join(folder, 'short.btf'), TYPES.subarray(0, 30));
    const [text, cut, other] = ['text.btf.tar.xz', 'cut.btf.tar.gz', 'other.tar'].map((name) => join(folder, name));
    await writeFile(text ?? '', 'no archive');
    await execa('tar', ['--create', '--gzip', '--file', 'whole.tgz', 'short.btf'], { cwd: folder });
    await writeFile(cut ?? '', (await readFile(join(folder, 'whole.tgz'))).subarray(0, 60));
    await execa('tar', ['--create', '--file', 'other.tar', 'plain.c'], { cwd: folder });
    const image = Buffer.alloc(0x1000);
    image.write('HdrS', 0x202);
    await writeFile(join(folder, 'vmlinuz'), image);
    const paths = [stripped, join(folder, 'short.btf'), process.execPath, text, cut, other, join(folder, 'vmlinuz')];
    const { kernels } = await findKernels(
      paths.map((path) => `btf:${path}`),
      cache,
    );
    const errors = await Promise.all(kernels.map(async (kernel) => readKernelTypes(kernel).catch((error: unknown) => error)));
    expect(errors).toEqual([
      new UserError(`${stripped}: it has no .BTF section (CONFIG_DEBUG_INFO_BTF)`),
      new UserError(`${join(folder, 'short.btf')}: truncated BTF: its sections lie beyond the end`),
      new UserError(`${process.execPath}: it has no .BTF section (CONFIG_DEBUG_INFO_BTF)`),
      new UserError(`${text}: damaged tar archive: TAR_BAD_ARCHIVE: Unrecognized archive format`),
      new UserError(`${cut}: its archive: damaged gzip data: unexpected end of file`),
      new UserError(`${other}: no file ending in .btf in this archive`),
      new UserError(`${join(folder, 'vmlinuz')}: a kernel image that must be unpacked first: name it as file:PATH instead of btf:PATH`),
    ]);
  });
});
