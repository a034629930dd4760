// Tests of an untrusted mirror in a configuration: its kernels must not boot, and its sources must not be built.
import { access, cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cacheRoot } from '../../../harness/base/files.ts';
import { type FakeMirror, fakePackage, sha256, startMirror, type TarFile, tarArchive, withFolder } from '../../kernels/fixtures.ts';
import { TRUSTING } from '../../kernels/signing.ts';
import { sample } from '../run/real-run.ts';
import { corematrix } from './command.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const ARCHIVE = 'pool/main/libb/libbpf/libbpf_1.3.0.orig.tar.gz';

let mirror: FakeMirror;
beforeAll(async () => {
  mirror = await startMirror({ trixie: [fakePackage('linux-image-6.12.107+deb13-cloud-amd64', '6.12.107-1')] });
});
afterAll(() => mirror.close());

/** Adds a source package of libbpf whose Makefile leaves a file behind. */
async function addSource(proof: string, more: readonly TarFile[] = []): Promise<void> {
  const makefile = Buffer.from(`all install install_uapi_headers:\n\tid > ${proof}; exit 1\n`);
  const archive = gzipSync(tarArchive([{ path: 'libbpf-1.3.0/src/Makefile', content: makefile }, ...more]));
  const stanza = `Package: libbpf\nVersion: 1.3.0-1\nDirectory: pool/main/libb/libbpf\nChecksums-Sha256:\n ${sha256(archive)} ${archive.length} libbpf_1.3.0.orig.tar.gz\n`;
  mirror.files.set(`/debian/${ARCHIVE}`, archive);
  mirror.files.set('/debian/dists/trixie/main/source/Sources.gz', gzipSync(stanza));
}

/** A cache with only the guest agent of this machine, so that nothing else has to be built. */
async function cacheWithAgent(folder: string): Promise<string> {
  const cache = join(folder, 'cache');
  await mkdir(join(cache, 'libbpf'), { recursive: true });
  await symlink(join(cacheRoot(), 'agent'), join(cache, 'agent'));
  for (const name of await readdir(join(cacheRoot(), 'libbpf'))) {
    const [from, to] = [join(cacheRoot(), 'libbpf', name), join(cache, 'libbpf', name)];
    if (/^chosen-.*\.json$/.test(name)) await cp(from, to);
    else if (/^[0-9a-f]{32}-\d+$/.test(name)) await symlink(from, to);
  }
  return cache;
}

type Project = (
  args: readonly string[],
  env?: Record<string, string>,
) => Promise<{ exitCode: number | undefined; stderr: string; built: boolean }>;

/** Runs in a folder whose configuration names the mirror and asks for a libbpf that only the mirror has. */
async function withProject(use: (run: Project) => Promise<void>, more: readonly TarFile[] = []): Promise<void> {
  await withFolder(async (folder) => {
    const proof = join(folder, 'executed');
    await addSource(proof, more);
    const config = `mirrors: ['${mirror.address}']\nloaders: [libbpf@1.3]\nkernels: ['debian:6.12']\nobjects: ['${sample('task_state')}']\n`;
    await writeFile(join(folder, 'corematrix.yaml'), config);
    const cache = await cacheWithAgent(folder);
    await use(async (args, env = {}) => {
      const { exitCode, stderr } = await corematrix(folder, args, { COREMATRIX_CACHE: cache, ...env });
      const built = await access(proof).then(
        () => true,
        () => false,
      );
      return { exitCode, stderr: stderr.replaceAll(mirror.address, 'MIRROR'), built };
    });
  });
}

const ANYWAY = '(to use this mirror anyway: --trust-mirror MIRROR, or COREMATRIX_TRUST_MIRRORS=MIRROR)';

describe('a mirror that a configuration names', () => {
  it('an unsigned mirror is refused, and nothing from it is built or booted', async () => {
    await withProject(async (run) => {
      await mirror.publish('trixie', { signedBy: null, validUntil: new Date(0) });
      mirror.requests.length = 0;
      expect(await run(['run', '--refresh'])).toEqual({
        exitCode: 3,
        stderr: `error: the index of MIRROR trixie is refused: it is not signed ${ANYWAY}`,
        built: false,
      });
      expect(mirror.requests.filter((path) => !path.endsWith('/InRelease'))).toEqual([]);
    });
  });

  it('a mirror whose index was changed after it was signed is refused with every option', async () => {
    await withProject(async (run) => {
      await mirror.publish('trixie');
      const path = '/debian/dists/trixie/InRelease';
      const genuine = mirror.files.get(path)?.toString() ?? '';
      mirror.files.set(path, Buffer.from(genuine.replace('Origin: Debian', 'Origin: Debian x')));
      const refused = await run(['run', '--trust-mirror', mirror.address], TRUSTING);
      expect(refused).toEqual({ exitCode: 3, stderr: expect.stringMatching(/ does not match the text; /), built: false });
    });
  });

  it('a login page in place of an index is refused, does not end the use of a verified index, and is forgotten when the mirror is well', async () => {
    const page = Buffer.from('<html>please log in</html>');
    const path = '/debian/dists/trixie/InRelease';
    const list = ['kernels', 'list', 'debian:all', '--refresh'];
    const env = { ...TRUSTING, COREMATRIX_DEBIAN_MIRROR: mirror.address };
    const refusal = 'MIRROR trixie is refused: its Origin is not Debian, and it is not signed';
    await withProject(async (run) => {
      mirror.files.set(path, page);
      expect(await run(list, env)).toMatchObject({
        exitCode: 3,
        stderr: expect.stringMatching(new RegExp(`^error: the index of ${refusal} \\(see whether the network asks for a login`)),
      });
      await mirror.publish('trixie');
      expect(await run(list.slice(0, 3), env)).toMatchObject({ exitCode: 0, stderr: '' });
      mirror.files.set(path, page);
      expect(await run(list, env)).toMatchObject({ exitCode: 0, stderr: expect.stringContaining(refusal) });
      mirror.files.delete(path);
      expect(await run(list, env)).toMatchObject({
        exitCode: 3,
        stderr: 'error: MIRROR no longer has these suites: trixie; kernels that only they have are missing\nthe cache has no kernel',
      });
    });
  });

  it('a mirror is trusted only by the user: its own name in the configuration changes nothing, the option and the variable do', async () => {
    await withProject(async (run) => {
      await mirror.publish('trixie', { signedBy: 'stranger' });
      expect(await run(['run'])).toMatchObject({ exitCode: 3, stderr: expect.stringMatching(/signed with the unknown key/), built: false });
      const accepted = await run(['run', '--trust-mirror', mirror.address]);
      expect(accepted.stderr).toContain('MIRROR is used although it cannot be verified, as you asked: ');
      // The Makefile of this mirror ran, so the refusals above were the only thing that kept it from running.
      expect(accepted).toMatchObject({ exitCode: 3, stderr: expect.stringMatching(/libbpf does not build/), built: true });
    });
    await withProject(async (run) => {
      await mirror.publish('trixie', { signedBy: 'stranger' });
      expect(await run(['run'], { COREMATRIX_TRUST_MIRRORS: mirror.address })).toMatchObject({ built: true });
    });
  });

  it('a mirror that is signed with a key of the user is verified, and refused once its index has expired', async () => {
    await withProject(async (run) => {
      await mirror.publish('trixie');
      expect(await run(['run'], TRUSTING)).toMatchObject({
        exitCode: 3,
        stderr: expect.stringMatching(/libbpf does not build/),
        built: true,
      });
    });
    await withProject(async (run) => {
      await mirror.publish('trixie', { validUntil: new Date(Date.now() - DAY_MS) });
      expect(await run(['run'], TRUSTING)).toEqual({
        exitCode: 3,
        stderr: expect.stringMatching(
          /^error: the index of MIRROR trixie is refused: it expired on \d{4}-\d\d-\d\d \(to use this mirror anyway/,
        ),
        built: false,
      });
    });
  });

  it.each([
    [
      'a name with ..',
      { path: 'libbpf/../../escaped', content: Buffer.from('x') },
      'the name of a member leaves the archive: libbpf/../../escaped',
    ],
    [
      'a FIFO',
      { path: 'libbpf/fifo', content: Buffer.alloc(0), type: 'FIFO' },
      'libbpf/fifo is neither a file nor a folder nor a symbolic link',
    ],
    ['an absolute name', { path: '/tmp/escaped', content: Buffer.from('x') }, 'the name of a member leaves the archive: /tmp/escaped'],
  ] as const)('a source archive of a verified mirror with %s is not built', async (_, member, reason) => {
    await withProject(
      async (run) => {
        await mirror.publish('trixie');
        expect(await run(['run'], TRUSTING)).toEqual({
          exitCode: 3,
          stderr: `error: ${sha256(mirror.files.get(`/debian/${ARCHIVE}`) ?? '')}-libbpf_1.3.0.orig.tar.gz: ${reason}`,
          built: false,
        });
      },
      [member],
    );
  });

  it('a mirror option without a valid address is refused', async () => {
    await withProject(async (run) => {
      expect(await run(['run', '--trust-mirror', 'all'])).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining('Expected the address of a mirror'),
      });
    });
  });
});
