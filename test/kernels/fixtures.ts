// Builds small kernels, packages and a mirror byte by byte, so that tests can damage each in one place.
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import { Header } from 'tar';
import { clearSign, type KeyName } from './signing.ts';
import { listening } from '../listening.ts';

export const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');

/** BTF without types but with a long string table, large enough to be accepted as a kernel's BTF in a flat image. */
export function btfBlob(size = 70_000): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt16LE(0xeb9f, 0);
  header.writeUInt8(1, 2);
  header.writeUInt32LE(24, 4);
  header.writeUInt32LE(size - 24, 20);
  return Buffer.concat([header, Buffer.alloc(size - 24)]);
}

/** The parts of a vmlinux that corematrix reads: ELF header, banner, and a section table, with `.BTF` if given. */
export function elfImage({
  btf = btfBlob(),
  banner = 'Linux version 6.9.1-test (me@here) #1 SMP',
  machine = 62,
}: { btf?: Buffer | null; banner?: string; machine?: number } = {}): Buffer {
  const text = Buffer.from(`${banner}\0`);
  const names = Buffer.from('\0.shstrtab\0.BTF\0');
  const header = Buffer.alloc(64);
  const parts = [header, text, names, btf ?? Buffer.alloc(0)];
  const [textEnd, namesEnd] = [64 + text.length, 64 + text.length + names.length];
  const table = namesEnd + (btf?.length ?? 0);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  header.writeUInt16LE(2, 16);
  header.writeUInt16LE(machine, 18);
  header.writeBigUInt64LE(BigInt(table), 40);
  header.writeUInt16LE(64, 58);
  header.writeUInt16LE(btf ? 3 : 2, 60);
  header.writeUInt16LE(1, 62);
  const section = (name: number, offset: number, size: number) => {
    const entry = Buffer.alloc(64);
    entry.writeUInt32LE(name, 0);
    entry.writeBigUInt64LE(BigInt(offset), 24);
    entry.writeBigUInt64LE(BigInt(size), 32);
    return entry;
  };
  parts.push(Buffer.alloc(64), section(1, textEnd, names.length));
  if (btf) parts.push(section(11, namesEnd, btf.length));
  return Buffer.concat(parts);
}

/** A bzImage with a payload; with `appended`, the unpacked size follows it, as in the kernel's build. */
export function bzImage({
  payload = gzipSync(elfImage()),
  banner = '6.9.1-test (me@here) #1 SMP',
  appended = null,
}: { payload?: Buffer; banner?: string; appended?: number | null } = {}): Buffer {
  const setup = Buffer.alloc(1024);
  const tail = Buffer.alloc(appended === null ? 0 : 4);
  if (appended !== null) tail.writeUInt32LE(appended, 0);
  setup[0x1f1] = 1;
  setup.writeUInt16LE(0xaa55, 0x1fe);
  setup.write('HdrS', 0x202, 'latin1');
  setup.writeUInt16LE(0x20f, 0x206);
  setup.writeUInt16LE(0x100, 0x20e);
  setup.write(`${banner}\0`, 0x300, 'latin1');
  setup.writeUInt32LE(16, 0x248);
  setup.writeUInt32LE(payload.length + tail.length, 0x24c);
  return Buffer.concat([setup, Buffer.alloc(16), payload, tail]);
}

/** A flat arm64 Image. */
export function flatImage(btf: Buffer | null = btfBlob()): Buffer {
  const head = Buffer.alloc(64);
  head.write('MZ', 0, 'latin1');
  head.write('ARM\u0064', 0x38, 'latin1');
  const banner = Buffer.from('\0Linux version 6.9.1-arm64 (me@here) #1 SMP\0');
  return Buffer.concat([head, Buffer.alloc(3000), banner, btf ?? Buffer.alloc(0), Buffer.alloc(500)]);
}

export interface TarFile {
  path: string;
  content: Buffer;
  type?: 'File' | 'SymbolicLink' | 'Link' | 'Directory' | 'CharacterDevice' | 'BlockDevice' | 'FIFO';
  linkpath?: string;
}

/** A tar archive with exactly these entries, also with hostile paths. */
export function tarArchive(files: readonly TarFile[]): Buffer {
  const blocks = files.flatMap(({ path, content, type = 'File', linkpath }) => {
    const header = new Header({ path, mode: 0o644, size: content.length, type, ...(linkpath === undefined ? {} : { linkpath }) });
    const block = Buffer.alloc(512);
    header.encode(block, 0);
    return [block, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/** An `ar` archive of these members. */
export function arArchive(members: readonly { name: string; content: Buffer }[]): Buffer {
  const parts = members.flatMap(({ name, content }) => [
    Buffer.from(`${name.padEnd(16)}0           0     0     100644  ${String(content.length).padEnd(10)}\`\n`),
    content,
    Buffer.from(content.length % 2 === 1 ? '\n' : ''),
  ]);
  return Buffer.concat([Buffer.from('!<arch>\n'), ...parts]);
}

/** A kernel package: uncompressed, and padded so that it is not mistaken for a meta package. */
export function kernelDeb(control: { name: string; version: string; arch?: string }, files: readonly TarFile[]): Buffer {
  const text = `Package: ${control.name}\nVersion: ${control.version}\nArchitecture: ${control.arch ?? 'amd64'}\n`;
  const padding = { path: './usr/share/doc/padding', content: Buffer.alloc(1 << 20) };
  return arArchive([
    { name: 'debian-binary', content: Buffer.from('2.0\n') },
    { name: 'control.tar', content: tarArchive([{ path: './control', content: Buffer.from(text) }]) },
    { name: 'data.tar', content: tarArchive([...files, padding]) },
  ]);
}

export interface FakePackage {
  name: string;
  version: string;
  deb: Buffer;
}

/** A package whose kernel has a banner that matches its name and version. */
export function fakePackage(name: string, version: string): FakePackage {
  const release = name.replace(/^linux-(image|binary)-(unsigned-)?/, '').replace(/-unsigned$/, '');
  const banner = `${release} (maker@${name}) #1 SMP Debian ${version} (2026-01-01)`;
  const image = bzImage({ payload: gzipSync(elfImage({ banner: `Linux version ${banner}` })), banner });
  return { name, version, deb: kernelDeb({ name, version }, [{ path: `./boot/vmlinuz-${release}`, content: image }]) };
}

function stanza({ name, version, deb }: FakePackage): string {
  return `Package: ${name}\nVersion: ${version}\nArchitecture: amd64\nFilename: pool/main/l/linux/${name}_${version}_amd64.deb\nSize: ${deb.length}\nSHA256: ${sha256(deb)}\n`;
}

export interface FakeMirror {
  address: string;
  /** Paths of all requests so far. */
  requests: string[];
  /** Files by their path in the address. Tests may change and delete them. */
  files: Map<string, Buffer>;
  /** If true, every response is 503, as from an overloaded mirror. */
  down: boolean;
  /** Number of bytes after which the transfer of a package stalls; null for whole packages. */
  holdAfter: number | null;
  /** Answers a request for a file in place of the mirror if it returns true. */
  answer: (path: string, content: Buffer, response: ServerResponse) => boolean;
  /** Writes the Release file of a suite anew for the index files that the mirror has now, and signs it. */
  publish: (suite: string, changes?: ReleaseChanges) => Promise<void>;
  close: () => void;
}

/** The fields of a Release file, and the key that signs it. */
export interface ReleaseChanges {
  origin?: string;
  suite?: string;
  codename?: string;
  /** Null for a Release file without a date. */
  date?: Date | null;
  validUntil?: Date | string;
  /** Null for a file without a signature. @default mirror */
  signedBy?: KeyName | null;
}

/** When the mirrors of tests were made, in whole seconds. */
export const MIRROR_DATE = new Date(Math.floor(Date.now() / 1000) * 1000 - 60_000);
const releaseTime = (time: Date) => time.toUTCString().replace('GMT', 'UTC');

/** The text of a Release file for the index files of a suite. */
function releaseText(suite: string, files: ReadonlyMap<string, Buffer>, changes: ReleaseChanges): string {
  const { origin = 'Debian', codename = suite, date = MIRROR_DATE, validUntil } = changes;
  const folder = `/debian/dists/${suite}/`;
  const indexes = [...files].filter(([path]) => path.startsWith(`${folder}main/`));
  const lines = indexes.map(([path, content]) => ` ${sha256(content)} ${content.length} ${path.slice(folder.length)}\n`);
  const until = validUntil instanceof Date ? releaseTime(validUntil) : validUntil;
  return [
    `Origin: ${origin}\n`,
    changes.suite === undefined ? '' : `Suite: ${changes.suite}\n`,
    `Codename: ${codename}\n`,
    date === null ? '' : `Date: ${releaseTime(date)}\n`,
    until === undefined ? '' : `Valid-Until: ${until}\n`,
    'SHA256:\n',
    ...lines,
  ].join('');
}

/** A mirror on this machine with suites of these packages, in the layout of apt's tools, signed with the key `mirror`. */
export async function startMirror(suites: Readonly<Record<string, readonly FakePackage[]>>): Promise<FakeMirror> {
  const files = new Map<string, Buffer>();
  for (const [suite, packages] of Object.entries(suites)) {
    const xz = await execa('xz', ['--stdout'], { input: packages.map(stanza).join('\n'), encoding: 'buffer' });
    const index = Buffer.from(xz.stdout);
    files.set(`/debian/dists/${suite}/main/binary-amd64/Packages.xz`, index);
    for (const one of packages) files.set(`/debian/pool/main/l/linux/${one.name}_${one.version}_amd64.deb`, one.deb);
  }
  const publish: FakeMirror['publish'] = async (suite, changes = {}) => {
    const text = releaseText(suite, files, changes);
    const { signedBy = 'mirror' } = changes;
    const [content = text] = signedBy === null ? [text] : await clearSign([text], signedBy);
    files.set(`/debian/dists/${suite}/InRelease`, Buffer.from(content));
  };
  const names = Object.keys(suites);
  const signed = await clearSign(
    names.map((suite) => releaseText(suite, files, {})),
    'mirror',
  );
  for (const [index, suite] of names.entries()) files.set(`/debian/dists/${suite}/InRelease`, Buffer.from(signed[index] ?? ''));
  const mirror: FakeMirror = {
    address: '',
    requests: [],
    files,
    down: false,
    holdAfter: null,
    answer: () => false,
    publish,
    close: () => {},
  };
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '');
    mirror.requests.push(path);
    const content = files.get(path);
    if (mirror.down) response.writeHead(503).end();
    else if (content && mirror.answer(path, content, response)) return;
    else if (content && mirror.holdAfter !== null && path.endsWith('.deb')) {
      response.writeHead(200, { 'content-length': content.length }).write(content.subarray(0, mirror.holdAfter));
    } else if (content) response.writeHead(200, { 'content-length': content.length }).end(content);
    else response.writeHead(404).end();
  });
  mirror.address = `http://127.0.0.1:${await listening(server)}/debian`;
  mirror.close = () => {
    server.closeAllConnections();
    server.close();
  };
  return mirror;
}

/** Runs with a folder that is removed afterwards; `write` creates a file there and returns its path. */
export async function withFolder<T>(
  use: (folder: string, write: (name: string, content: Buffer | string) => Promise<string>) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'corematrix-kernels-'));
  try {
    return await use(folder, async (name, content) => {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), content);
      return join(folder, name);
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
