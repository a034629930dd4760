// Fuzzes the readers of kernel packages and images from a mirror or a user.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import { afterAll, beforeAll } from 'vitest';
import { listAr } from '../../kernels/archive/ar.ts';
import { cpioMembers } from '../../kernels/archive/cpio.ts';
import { readRpm } from '../../kernels/archive/rpm-header.ts';
import { rpmArchive } from '../../kernels/archive/rpm.ts';
import { isBzImage, readBzImage } from '../../kernels/image/bzimage.ts';
import { debArchive } from '../../kernels/archive/deb.ts';
import { readElfSection } from '../../kernels/image/elf-section.ts';
import { inspectImage } from '../../kernels/image/inspect.ts';
import { findKallsyms } from '../../kernels/image/kallsyms.ts';
import { readAtOf } from '../../kernels/archive/read-at.ts';
import { findBtf } from '../../kernels/image/scan.ts';
import { unpackKernel } from '../../kernels/image/unpack.ts';
import { visible } from '../../harness/base/visible.ts';
import { arArchive, btfBlob, bzImage, elfImage, flatImage, type TarFile, tarArchive } from '../kernels/fixtures.ts';
import { kallsymsTables, someSymbols } from '../kernels/image/kallsyms-tables.ts';
import { cpioArchive, type RpmMember, rpmPackage } from '../kernels/rpm-packages.ts';
import { fuzz } from './fuzz.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'corematrix-fuzz-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const small = elfImage({ btf: btfBlob(3000) });
const FILES: readonly TarFile[] = [
  { path: './usr/share/doc/copyright', content: Buffer.from('copyright\n') },
  { path: './boot/vmlinuz', content: Buffer.alloc(0), type: 'SymbolicLink', linkpath: 'vmlinuz-1' },
  { path: './boot/vmlinuz-1', content: bzImage({ payload: gzipSync(small) }) },
  { path: `./${'long/'.repeat(40)}name`, content: Buffer.alloc(700, 'x') },
];
const TAR = tarArchive(FILES);

function deb(member: string, content: Buffer): Buffer {
  return arArchive([
    { name: 'debian-binary', content: Buffer.from('2.0\n') },
    { name: 'control.tar', content: tarArchive([{ path: './control', content: Buffer.from('Package: k\n') }]) },
    { name: member, content },
  ]);
}

async function compressed(program: string): Promise<Buffer> {
  return Buffer.from((await execa(program, ['--stdout'], { input: TAR, encoding: 'buffer' })).stdout);
}

const PLAIN = deb('data.tar', TAR);

fuzz({
  name: 'ar archive',
  corpus: [PLAIN, arArchive([{ name: 'a', content: Buffer.from('odd') }])],
  read: async (input) => {
    const listing = await listAr(readAtOf(input), input.length);
    const outside = listing.kind === 'members' && listing.members.some(({ offset, size }) => !(offset + size <= input.length));
    if (outside) throw new Error('a member lies outside the archive');
  },
});

const MAX_FILE = 1 << 20;

async function readPackage(input: Buffer, part: 'data' | 'control'): Promise<void> {
  const path = join(folder, 'package.deb');
  await writeFile(path, input);
  const wanted = (name: string) => (part === 'control' ? name === 'control' : name.startsWith('boot/vmlinuz-'));
  const bytes = await debArchive(path, part).readFirst({ wanted, maxBytes: MAX_FILE, label: 'package.deb' });
  if (bytes !== null && bytes.length > MAX_FILE) throw new Error(`${bytes.length} bytes out of a package`);
}

fuzz({
  name: 'package, not compressed',
  corpus: [PLAIN, deb('data.tar', tarArchive(FILES.slice(0, 2)))],
  read: async (input, random) => readPackage(input, random.pick(['data', 'data', 'control'])),
});

fuzz({
  name: 'package, compressed by gzip',
  corpus: [deb('data.tar.gz', gzipSync(TAR))],
  read: async (input) => readPackage(input, 'data'),
});

fuzz({
  name: 'package, compressed by programs',
  cost: 50,
  corpus: [deb('data.tar.xz', await compressed('xz')), deb('data.tar.zst', await compressed('zstd'))],
  read: async (input) => readPackage(input, 'data'),
});

const RPM_MEMBERS: readonly RpmMember[] = [
  { path: '/usr/share/doc/copyright', content: Buffer.from('copyright\n') },
  { path: '/boot/vmlinuz-1', content: bzImage({ payload: gzipSync(small) }) },
  { path: '/boot/vmlinuz-2', isGhost: true },
  { path: `/${'long/'.repeat(40)}name`, content: Buffer.alloc(700, 'x') },
];
const NO_DIGESTS = { headerSha256: null, payloadSha256: null } as const;

async function readRpmPackage(input: Buffer): Promise<void> {
  const path = join(folder, 'package.rpm');
  await writeFile(path, input);
  const wanted = (name: string) => name.startsWith('boot/vmlinuz-');
  const bytes = await rpmArchive(path).readFirst({ wanted, maxBytes: MAX_FILE, label: 'package.rpm' });
  if (bytes !== null && bytes.length > MAX_FILE) throw new Error(`${bytes.length} bytes out of a package`);
}

fuzz({
  name: 'headers of an rpm package',
  corpus: [rpmPackage('kernel-core', RPM_MEMBERS, NO_DIGESTS), rpmPackage('k', RPM_MEMBERS)],
  read: async (input) => {
    const reading = await readRpm(readAtOf(input), input.length);
    if (reading.kind === 'bad') return;
    const { payload, name } = reading.facts;
    if (!(payload.offset + payload.size <= input.length)) throw new Error('the payload lies outside the package');
    if (visible(name) !== name) throw new Error(`a name: ${JSON.stringify(name)}`);
  },
});

fuzz({
  name: 'rpm package, not compressed',
  corpus: [rpmPackage('kernel-core', RPM_MEMBERS, NO_DIGESTS)],
  read: readRpmPackage,
});

fuzz({
  name: 'rpm package, compressed by gzip',
  corpus: [rpmPackage('kernel-core', RPM_MEMBERS, { ...NO_DIGESTS, compress: gzipSync })],
  read: readRpmPackage,
});

fuzz({
  name: 'cpio archive',
  corpus: [cpioArchive(RPM_MEMBERS)],
  read: async (input) => {
    for await (const { content, size } of cpioMembers(Readable.from([input]), 'archive')) {
      let bytes = 0;
      for await (const part of content) bytes += part.length;
      if (bytes !== size) throw new Error(`${bytes} bytes of a member with ${size}`);
    }
  },
});

const BZIMAGE = bzImage({ payload: gzipSync(small) });

fuzz({
  name: 'kernel image',
  corpus: [BZIMAGE, small, flatImage(null)],
  read: async (input) => {
    const found = await inspectImage(readAtOf(input), input.length);
    if (found.kind === 'bad') return;
    const shown = `${found.release} ${found.version}`;
    if (visible(shown) !== shown) throw new Error(`a release: ${JSON.stringify(shown)}`);
  },
});

fuzz({
  name: 'boot header',
  corpus: [BZIMAGE],
  read: async (input) => {
    if (!isBzImage(input)) return;
    const found = await readBzImage(readAtOf(input), input.length);
    const outside = found.kind === 'bzimage' && found.image.payload.offset + found.image.payload.length > input.length;
    if (outside) throw new Error('the payload lies outside the image');
  },
});

fuzz({
  name: 'section of a vmlinux',
  corpus: [small, elfImage({ btf: null })],
  read: async (input) => {
    const found = await readElfSection(readAtOf(input), input.length, '.BTF');
    if (found.kind === 'elf' && found.section && !(found.section.offset + found.section.size <= input.length)) {
      throw new Error('the section lies outside the file');
    }
  },
});

fuzz({
  name: 'BTF in a flat image',
  corpus: [flatImage()],
  read: async (input) => {
    const found = await findBtf(readAtOf(input), input.length);
    if (found && !(found.offset + found.size <= input.length)) throw new Error('the BTF lies outside the image');
  },
});

fuzz({
  name: 'symbols in a kernel image',
  corpus: [
    kallsymsTables(someSymbols(1025), { addresses: 'before names', order: true, values: 'percpu', alignment: 8 }),
    kallsymsTables(someSymbols(1280), { addresses: 'after tokens', order: false, values: 'relative', alignment: 4 }),
  ],
  read: async (input) => {
    const found = (await findKallsyms(readAtOf(input), input.length)) ?? [];
    const bad = found.find(({ name, type }) => visible(name) !== name || /\s/.test(name) || name === '' || type.length !== 1);
    if (bad) throw new Error(`a symbol: ${JSON.stringify(bad)}`);
  },
});

fuzz({
  name: 'unpacking a kernel',
  cost: 50,
  corpus: [BZIMAGE, small, flatImage()],
  read: async (input) => {
    const directory = await mkdtemp(join(folder, 'kernel-'));
    const source = join(directory, 'delivered');
    try {
      await writeFile(source, input);
      await unpackKernel(source, '', directory, 'kernel');
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
});
