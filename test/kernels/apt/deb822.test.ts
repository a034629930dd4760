// Tests of control files and Release files.
import { Readable } from 'node:stream';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collectStanzas, parseDigests, parseStanza } from '../../../kernels/apt/deb822.ts';
import { parseKernelPackage } from '../../../kernels/sources/debian/packages.ts';
import { parseRelease } from '../../../kernels/sources/debian/release.ts';
import { clearSignedText } from '../../../kernels/sources/debian/signature.ts';
import { parseSource } from '../../../kernels/sources/debian/source-package.ts';
import { fuzzRuns } from '../../fuzz/runs.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);

describe('stanzas', () => {
  it('stanzas of a control file that would fill the memory are an error', async () => {
    const stanza = Buffer.from(`Package: linux\nNote: ${'x'.repeat(1 << 20)}\n\n`);
    const endless = Readable.from(Array.from({ length: 100 }, () => stanza));
    await expect(collectStanzas(endless, () => true)).rejects.toThrow('an index file has more than 64 MiB of wanted stanzas');
    const one = Readable.from(Array.from({ length: 100 }, () => stanza.subarray(0, -2)));
    await expect(collectStanzas(one, () => true)).rejects.toThrow('an index file has a stanza of more than 4 MiB');
  });

  it('stanzas of a control file have fields in any case, with continuation lines', () => {
    expect({ ...parseStanza('Package: linux\nDESCRIPTION: one\n two\n .\n three\nEmpty:\nno field here\nSize: 5 \n') }).toEqual({
      package: 'linux',
      description: 'one\ntwo\n.\nthree',
      empty: '',
      size: '5',
    });
    expect(parseStanza('__proto__: x\nconstructor: y')['toString']).toBeUndefined();
  });

  it('stanzas of a control file are found wherever the stream is split, also inside a UTF-8 character', async () => {
    const text = 'Package: one\nNote: ä\n\nPackage: two\n\n\nPackage: three\nNote: ö';
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(text.length + 2), { maxLength: 5 }), async (cuts) => {
        const bytes = Buffer.from(text);
        const edges = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        const chunks = edges.slice(1).map((end, index) => bytes.subarray(edges[index], end));
        const found = await collectStanzas(Readable.from(chunks), (stanza) => !stanza.includes('two'));
        expect(found.map((stanza) => ({ ...parseStanza(stanza) }))).toEqual([
          { package: 'one', note: 'ä' },
          { package: 'three', note: 'ö' },
        ]);
      }),
      { numRuns: fuzzRuns(50) },
    );
  });

  it('an endless stanza of a control file is an error', async () => {
    const endless = Readable.from([Buffer.alloc(5 << 20, 'x')]);
    await expect(collectStanzas(endless, () => true)).rejects.toThrow('an index file has a stanza of more than 4 MiB');
  });

  it('no stanza of a control file makes the parser throw', () => {
    const total = fc.property(fc.string({ unit: 'binary' }), (text) => {
      parseDigests(parseStanza(text)['sha256']);
      parseRelease(clearSignedText(text));
    });
    expect(() => fc.assert(total)).not.toThrow();
  });
});

describe('a Release file', () => {
  it('a Release file lists the index files that corematrix reads', () => {
    const text = `Origin: Debian\nSuite: stable\nCodename: trixie\nDate: Sat, 11 Jul 2026 10:16:37 UTC\nValid-Until: soon\nAcquire-By-Hash: yes\nMD5Sum:\n ${'c'.repeat(32)} 5 main/source/Sources.xz\nSHA256:\n ${A}  10 main/binary-amd64/Packages.xz\n ${B} 20 main/source/Sources.xz\n ${B} 20 contrib/source/Sources.xz\n ${B} x main/source/Sources.gz\n`;
    expect(parseRelease(text)).toEqual({
      origin: 'Debian',
      suite: 'stable',
      codename: 'trixie',
      date: Date.UTC(2026, 6, 11, 10, 16, 37),
      validUntil: NaN,
      byHash: true,
      indexes: { 'main/binary-amd64/Packages.xz': { size: 10, sha256: A }, 'main/source/Sources.xz': { size: 20, sha256: B } },
    });
    const nothing = { origin: '', suite: '', codename: '', date: null, validUntil: null, byHash: false, indexes: {} };
    expect(parseRelease('<html>')).toEqual(nothing);
  });

  it('a Release file is read from a signed message', () => {
    const signed =
      '-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nOrigin: Debian\n- -dashed\n-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n';
    expect([clearSignedText(signed), clearSignedText('Origin: Debian\n')]).toEqual(['Origin: Debian\n-dashed', 'Origin: Debian\n']);
  });
});

describe('packages of a mirror', () => {
  const suite = { name: 'trixie', mirror: { archive: 'debian', base: 'http://127.0.0.1/debian' }, trust: { kind: 'pinned' } } as const;
  const kernel = (path: string, version: string) =>
    parseKernelPackage(
      `Package: linux-image-6.1.0-50-cloud-amd64\nVersion: ${version}\nFilename: ${path}\nSize: 9000000\nSHA256: ${A}\n`,
      suite,
    )?.upstream;
  const source = (directory: string, file: string) =>
    parseSource(`Package: p\nVersion: 1\nDirectory: ${directory}\nChecksums-Sha256:\n ${A} 1 ${file}\n`, suite)?.files.length;

  it('packages outside the pool of a mirror or with invalid versions are ignored', () => {
    expect(kernel('pool/main/l/linux/a.deb', '6.1.176-1')).toBe('6.1.176');
    const wrong = [
      kernel('pool/../../etc/passwd', '6.1.176-1'),
      kernel('/etc/passwd', '6.1.176-1'),
      kernel('http://127.0.0.1/a.deb', '6.1.176-1'),
      kernel('pool/main/a b.deb', '6.1.176-1'),
      kernel('pool/main/a.deb', '6.1.176-1\u001b[2J'),
    ];
    expect(wrong).toEqual([undefined, undefined, undefined, undefined, undefined]);
    expect([
      source('pool/main/p', 'p.dsc'),
      source('pool/main/p', '../../p'),
      source('pool/main/p', '..'),
      source('../p', 'p.dsc'),
      source('/p', 'p.dsc'),
    ]).toEqual([1, undefined, undefined, undefined, undefined]);
  });
});
