// Fuzzes the readers of a mirror's answers: Release files, signatures, and indexes of packages and sources.
import { Readable } from 'node:stream';
import { collectStanzas, parseDigests, parseStanza } from '../../kernels/apt/deb822.ts';
import { parseAptUris, parseMirrorAddresses } from '../../kernels/sources/debian/mirror.ts';
import { parsePackageName } from '../../kernels/apt/names.ts';
import { parseKernelPackage } from '../../kernels/sources/debian/packages.ts';
import { parseRelease } from '../../kernels/sources/debian/release.ts';
import { clearSignedText, verifyInRelease } from '../../kernels/sources/debian/signature.ts';
import { findKeyrings } from '../../kernels/sources/debian/keyring.ts';
import { parseSource } from '../../kernels/sources/debian/source-package.ts';
import { visible } from '../../harness/base/visible.ts';
import { clearSign, publicKey } from '../kernels/signing.ts';
import { fuzz } from './fuzz.ts';
import type { Random } from './mutate.ts';

const SHA256 = 'a1'.repeat(32);
const SUITE = { name: 'trixie', mirror: { archive: 'debian', base: 'http://127.0.0.1/debian' }, trust: { kind: 'pinned' } } as const;

const RELEASE = `Origin: Debian
Suite: stable
Codename: trixie
Acquire-By-Hash: yes
Description: Debian 13
SHA256:
 ${SHA256} 9462 main/binary-amd64/Packages.xz
 ${SHA256} 1345 main/binary-arm64/Packages.gz
 ${SHA256} 88 main/source/Sources.xz
`;

const SIGNED = `-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA256

${RELEASE}-----BEGIN PGP SIGNATURE-----

iQIzBAEBCAAdFiEE
=abcd
-----END PGP SIGNATURE-----
`;

const PACKAGE = `Package: linux-image-6.12.117+deb13-cloud-amd64
Source: linux-signed-amd64 (6.12.117+1)
Version: 6.12.117-1
Architecture: amd64
Description: Linux 6.12 for x86-64 cloud
 The Linux kernel 6.12 and modules.
 .
 More of it.
Filename: pool/main/l/linux-signed-amd64/linux-image-6.12.117+deb13-cloud-amd64_6.12.117-1_amd64.deb
Size: 33554432
SHA256: ${SHA256}
`;

const SOURCE = `Package: libbpf
Version: 1.7.0-1
Directory: pool/main/libb/libbpf
Checksums-Sha256:
 ${SHA256} 2115 libbpf_1.7.0-1.dsc
 ${SHA256} 1149900 libbpf_1.7.0.orig.tar.gz
`;

/** The same bytes as a stream of pieces, as a decompressor delivers them. */
function streamOf(input: Buffer, random: Random): Readable {
  const pieces: Buffer[] = [];
  for (let at = 0; at < input.length;) {
    const end = at + random.below(5000) + 1;
    pieces.push(input.subarray(at, end));
    at = end;
  }
  return Readable.from(pieces);
}

fuzz({
  name: 'Release file',
  corpus: [Buffer.from(RELEASE), Buffer.from(SIGNED)],
  read: (input) => {
    const { indexes } = parseRelease(clearSignedText(input.toString('utf8')));
    if (Object.keys(indexes).some((path) => path.includes('..'))) throw new Error('a path leaves its suite');
  },
});

const [genuine = ''] = await clearSign([RELEASE], 'mirror');
const keyrings = await findKeyrings({ accepted: [], keys: [{ path: publicKey('mirror'), sha256: SHA256 }] });

fuzz({
  name: 'signature',
  corpus: [Buffer.from(genuine)],
  read: async (input) => {
    const { signature, content } = await verifyInRelease(input.toString('utf8'), keyrings);
    if (signature.kind === 'good' && content.trimEnd() !== RELEASE.trimEnd()) throw new Error(`another text: ${JSON.stringify(content)}`);
    if (signature.kind !== 'good' && visible(signature.reason) !== signature.reason)
      throw new Error(`a reason: ${JSON.stringify(signature.reason)}`);
  },
  cost: 2,
  msPerKiB: 50,
});

fuzz({
  name: 'index of packages',
  corpus: [Buffer.from(`${PACKAGE}\n${PACKAGE}`), Buffer.from(`${SOURCE}\n${PACKAGE}`)],
  read: async (input, random) => {
    const stanzas = await collectStanzas(streamOf(input, random), (stanza) => stanza.includes('Package:'));
    for (const stanza of stanzas) {
      const found = parseKernelPackage(stanza, SUITE);
      if (!found) continue;
      const shown = [found.name, found.version, found.path, found.release, found.upstream];
      if (shown.some((text) => visible(text) !== text)) throw new Error(`taken from a mirror: ${JSON.stringify(shown)}`);
      if (found.path.split('/').includes('..')) throw new Error(`a path leaves the pool: ${found.path}`);
    }
  },
});

fuzz({
  name: 'index of sources',
  corpus: [Buffer.from(SOURCE), Buffer.from(`${SOURCE}\n${SOURCE}`)],
  read: (input) => {
    const source = parseSource(input.toString('utf8'), SUITE);
    const bad = source?.files.find(({ path }) => path.split('/').includes('..') || visible(path) !== path);
    if (bad) throw new Error(`a path leaves the pool: ${JSON.stringify(bad.path)}`);
  },
});

fuzz({
  name: 'control file',
  corpus: [Buffer.from(PACKAGE), Buffer.from(RELEASE)],
  read: (input) => {
    const stanza = parseStanza(input.toString('utf8'));
    return [parseDigests(stanza['sha256']), parsePackageName(stanza['package'] ?? '')];
  },
});

fuzz({
  name: "apt's list of addresses",
  corpus: [
    Buffer.from("'http://127.0.0.1/debian/dists/trixie/InRelease' 127.0.0.1_debian_dists_trixie_InRelease 0 \n".repeat(3)),
    Buffer.from(`'http://127.0.0.1${'/'.repeat(5000)}`),
  ],
  read: (input) => parseAptUris(input.toString('utf8')),
});

fuzz({
  name: 'address of a mirror',
  corpus: [
    Buffer.from('http://127.0.0.1/debian/'),
    Buffer.from(`http://127.0.0.1${'/'.repeat(5000)}a`),
    Buffer.from('https://[::1]:8080/debian-security'),
  ],
  read: (input) => parseMirrorAddresses([input.toString('utf8')]),
});
