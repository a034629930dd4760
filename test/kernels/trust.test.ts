// Tests of which indexes are refused, with a mirror on this machine and real signatures.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { readKeys } from 'openpgp';
import { describe, expect, it } from 'vitest';
import { entriesOf, formatLock, parseLock } from '../../kernels/lock.ts';
import { planKernels } from '../../kernels/plan.ts';
import { pullKernel } from '../../kernels/pull.ts';
import { verifyInRelease } from '../../kernels/sources/debian/signature.ts';
import type { KernelOptions } from '../../kernels/sources/options.ts';
import { cachedKernels } from '../../kernels/cache/cached-kernels.ts';
import { bzImage, kernelDeb, MIRROR_DATE, type ReleaseChanges } from './fixtures.ts';
import { clearSign, fingerprintOf, type KeyName, publicKey } from './signing.ts';
import { failure, mirror, only, replaceMirror, useMirror, withCache } from './small-mirror.ts';

useMirror();

const DAY_MS = 24 * 60 * 60 * 1000;
const later = (days: number) => new Date(MIRROR_DATE.getTime() + days * DAY_MS);
const refresh = { refresh: true } as const;
/** The public key of tests. */
const keyringOf = async (name: KeyName) => ({
  keys: await readKeys({ armoredKeys: await readFile(publicKey(name), 'utf8') }),
  keyFile: null,
});
const inRelease = (suite: string) => `/debian/dists/${suite}/InRelease`;

/** Changes the Release files of all suites but one, so that the mirror still has a trusted index. */
async function publishAll(changes: ReleaseChanges, except: readonly string[] = []): Promise<void> {
  for (const suite of ['bullseye', 'bookworm', 'trixie', 'trixie-backports', 'experimental']) {
    if (!except.includes(suite)) await mirror.publish(suite, changes);
  }
}

/** The advice of a refusal, without the address. */
const ANYWAY = '(to use this mirror anyway: --trust-mirror MIRROR, or COREMATRIX_TRUST_MIRRORS=MIRROR)';

const REFUSED: readonly (readonly [string, () => Promise<void>, string | RegExp])[] = [
  ['unsigned', async () => publishAll({ signedBy: null }), `it is not signed ${ANYWAY}`],
  ['signed by an unknown key', async () => publishAll({ signedBy: 'stranger' }), /^it is signed with the unknown key [0-9A-F]{16}; /],
  ['past its Valid-Until', async () => publishAll({ validUntil: later(-1) }), /^it expired on \d{4}-\d\d-\d\d \(to use this mirror anyway/],
  ['with a malformed Valid-Until', async () => publishAll({ validUntil: 'never' }), `it has no readable Valid-Until ${ANYWAY}`],
  ['without a date', async () => publishAll({ date: null }), `it has no readable date ${ANYWAY}`],
  ['of another suite', async () => publishAll({ codename: 'buster' }), `it is the index of another suite: buster ${ANYWAY}`],
  ['of no suite', async () => publishAll({ codename: '' }), `it is the index of another suite: it names none ${ANYWAY}`],
];

describe('an index', () => {
  it.each(REFUSED)('an index %s is refused before anything else is downloaded', async (_, change, reason) => {
    await change();
    await withCache(async ({ options }) => {
      const [, refused, why] =
        /^InfraError: (the index of MIRROR bullseye, .* is refused): (.*)$/.exec(await failure(planKernels(['debian:6.1'], options))) ?? [];
      expect(refused).toBe('the index of MIRROR bullseye, bookworm, trixie, trixie-backports, experimental is refused');
      expect(why).toMatch(reason);
      expect(mirror.requests.filter((path) => !path.endsWith('InRelease'))).toEqual([]);
    });
  });

  it.each(['bookworm', 'experimental'])(
    'an index of %s with a signature that does not match its text is refused, whatever the user accepts',
    async (suite) => {
      const genuine = mirror.files.get(inRelease(suite))?.toString() ?? '';
      mirror.files.set(inRelease(suite), Buffer.from(genuine.replace('Origin: Debian', 'Origin: Debian evil')));
      expect(mirror.files.get(inRelease(suite))?.toString()).not.toBe(genuine);
      await withCache(async ({ options, notes }) => {
        const accepting = { ...options, trust: { ...options.trust, trustMirrors: [mirror.address] } };
        await planKernels(['debian:6.12'], accepting);
        expect(notes).toEqual([
          expect.stringMatching(
            new RegExp(
              `^the index of MIRROR ${suite} is refused: the signature of key [0-9A-F]{16} does not match the text; the mirror, or the connection to it, cannot be trusted$`,
            ),
          ),
        ]);
      });
    },
  );

  it('an index is refused if its key has expired', async () => {
    await mirror.publish('bookworm', { signedBy: 'short-lived' });
    await withCache(async ({ options, notes }) => {
      await planKernels(['debian:6.12'], { ...options, trust: { mirrorKeys: [publicKey('mirror'), publicKey('short-lived')] } });
      expect(notes).toEqual([expect.stringMatching(/^the index of MIRROR bookworm is refused: /)]);
    });
    const [signed = ''] = await clearSign(['Origin: Debian\n'], 'short-lived');
    const { signature } = await verifyInRelease(signed, [await keyringOf('short-lived')]);
    expect(signature).toEqual({ kind: 'unchecked', reason: expect.stringMatching(/^key [0-9A-F]{16} has expired; update the package/) });
  });

  it('an index that is older than an earlier one of the mirror is refused, also after the record of the earlier one is removed', async () => {
    await withCache(async ({ options, notes }) => {
      await planKernels(['debian:6.1'], options);
      await mirror.publish('bookworm', { date: later(-1) });
      // The record of the cache is newer and still trusted.
      expect((await planKernels(['debian:6.1'], { ...options, ...refresh })).length).toBe(1);
      const after = notes.length;
      expect((await planKernels(['debian:6.1'], { ...options, ...refresh })).length).toBe(1);
      notes.length = after;
      expect(notes).toEqual([
        expect.stringMatching(
          /^the Debian mirror cannot be read; its indexes of \S+ are used \(the index of MIRROR bookworm is refused: it is of \S+Z, older than the one of \S+Z that this mirror had before\)$/,
        ),
      ]);
      const [record = ''] = (await execa('find', [join(options.cache, 'debian/suites'), '-name', 'bookworm-*'])).stdout
        .split('\n')
        .filter((path) => /bookworm-[0-9a-f]{16}\.json/.test(path));
      await writeFile(record, '{}');
      expect(await failure(planKernels(['debian:6.1'], { ...options, ...refresh }))).toMatch(/^UserError: debian:6\.1: no such kernel/);
      expect(notes.at(-1)).toMatch(/^the index of MIRROR bookworm is refused: it is of \S+Z, older than /);
    });
  });

  it('an index with an earlier date is accepted from another mirror, which may lag behind', async () => {
    await withCache(async ({ options }) => {
      await planKernels(['debian:6.1'], options);
      await mirror.publish('bookworm', { date: later(-1) });
      const other = mirror.address.replace('127.0.0.1', 'localhost');
      expect((await planKernels(['debian:6.1'], { ...options, mirrors: [other] })).length).toBe(1);
    });
  });

  it('an index is refused if a second message or other text follows the signed one', async () => {
    const [good = '', strange = ''] = [
      ...(await clearSign(['Origin: Debian\n'], 'mirror')),
      ...(await clearSign(['Origin: Debian evil\n'], 'stranger')),
    ];
    const keyring = await keyringOf('mirror');
    const verified = async (message: string) => (await verifyInRelease(message, [keyring])).signature.kind;
    expect(await verified(good)).toBe('good');
    for (const message of [good + strange, strange + good, `Origin: Evil\n${good}`, `${good}Origin: Evil\n`]) {
      expect(await verified(message)).toBe('unchecked');
    }
  });

  it('an index cannot be verified without keys, and the reason names the package that has them', async () => {
    const [good = ''] = await clearSign(['Origin: Debian\n'], 'mirror');
    const { signature } = await verifyInRelease(good, []);
    expect(signature).toEqual({
      kind: 'unchecked',
      reason:
        'this machine has no keys of the Debian archive; run "corematrix setup", or name a file with them: --mirror-key debian-archive-keyring.gpg',
    });
  });

  it('an index is verified without any program of this machine', async () => {
    const { PATH = '' } = process.env;
    await withCache(async ({ options }) => {
      process.env['PATH'] = '/nonexistent';
      try {
        expect((await planKernels(['debian:6.1'], options)).length).toBe(1);
      } finally {
        process.env['PATH'] = PATH;
      }
    });
  });
});

describe('a mirror that the user trusts', () => {
  const accepting = (options: KernelOptions): KernelOptions => ({ ...options, trust: { trustMirrors: [`${mirror.address}/`] } });

  it('a mirror that the user trusts is used with a note, and the kernel records the mirror and the reason', async () => {
    await publishAll({ signedBy: null });
    await withCache(async ({ options, notes }) => {
      const { trust } = await pullKernel(await only('debian:6.1', accepting(options)), accepting(options));
      expect(trust).toEqual({ kind: 'accepted', mirror: mirror.address, reason: 'it is not signed' });
      expect(notes).toEqual(['MIRROR is used although it cannot be verified, as you asked: it is not signed']);
    });
  });

  it('a run that does not trust a mirror refuses kernels that an earlier run pulled from it, also without the network', async () => {
    await publishAll({ signedBy: null });
    await withCache(async ({ options }) => {
      await pullKernel(await only('debian:6.1', accepting(options)), accepting(options));
      expect(await failure(planKernels(['debian:6.1'], options))).toMatch(/ is refused: it is not signed /);
      mirror.close();
      expect(await failure(planKernels(['debian:6.1'], options))).toMatch(/ is refused: it is not signed /);
      expect((await planKernels(['debian:6.1'], accepting(options))).length).toBe(1);
    });
  });

  it('a mirror that is signed with a key of the user is refused by a run without that key', async () => {
    await withCache(async ({ options }) => {
      const { trust } = await pullKernel(await only('debian:6.1', options), options);
      expect(trust).toEqual({
        kind: 'signed',
        mirror: mirror.address,
        key: await fingerprintOf('mirror'),
        keyFile: expect.stringMatching(/^[0-9a-f]{64}$/),
        expired: null,
      });
      expect(await failure(planKernels(['debian:6.1'], { ...options, trust: {} }))).toMatch(
        /is refused: it is signed with the unknown key/,
      );
    });
  });

  it('a mirror that serves an expired index is used from the cache only while the last good index is valid', async () => {
    await publishAll({ validUntil: new Date(Date.now() + 3_000) });
    await withCache(async ({ options }) => {
      expect((await planKernels(['debian:6.1'], options)).length).toBe(1);
      await new Promise((resolve) => {
        setTimeout(resolve, 4_000);
      });
      expect(await failure(planKernels(['debian:6.1'], options))).toMatch(/ is refused: it expired on /);
    });
  });

  it('a key file without keys is an error that names it', async () => {
    await withCache(async ({ options, folder }) => {
      const path = join(folder, 'key.asc');
      const refused = async () => failure(planKernels(['debian:6.1'], { ...options, trust: { mirrorKeys: [path] } }));
      expect(await refused()).toMatch(/^UserError: .*: no such file with keys of a mirror$/);
      await writeFile(path, 'no key\n');
      expect(await refused()).toBe(`UserError: ${path}: not a file with OpenPGP keys`);
    });
  });
});

it('a cached kernel without a record of trust is verified by its digest in a verified index, and otherwise refused', async () => {
  await withCache(async ({ options }) => {
    const { sha256 } = await pullKernel(await only('debian:6.1', options), options);
    const record = join(options.cache, 'kernels', sha256, 'trust.json');
    await rm(record);
    expect(await cachedKernels(options.cache)).toEqual([]);
    await publishAll({ signedBy: null });
    await rm(join(options.cache, 'debian'), { recursive: true });
    expect(await failure(planKernels(['debian:6.1'], options))).toMatch(/ is refused: it is not signed /);
    await publishAll({});
    mirror.requests.length = 0;
    const again = await pullKernel(await only('debian:6.1', options), options);
    expect([again.trust.kind, mirror.requests.filter((path) => path.endsWith('.deb'))]).toEqual(['signed', []]);
    expect(JSON.parse(await readFile(record, 'utf8'))).toEqual(again.trust);
  });
});

it('a package that one mirror lacks is searched on the other mirrors', async () => {
  await withCache(async ({ options }) => {
    const path = '/debian/pool/main/l/linux/linux-image-6.1.0-50-cloud-amd64_6.1.176-1_amd64.deb';
    const deb = mirror.files.get(path) ?? Buffer.alloc(0);
    mirror.files.delete(path);
    expect(await failure(pullKernel(await only('debian:6.1', options), options))).toMatch(/but has none of them$/);
    mirror.files.set(path, deb);
    expect(await failure(pullKernel(await only('debian:6.1', options), options))).toMatch(/but has none of them$/);
    const other = { ...options, mirrors: [mirror.address.replace('127.0.0.1', 'localhost')] };
    expect((await pullKernel(await only('debian:6.1', other), other)).version).toBe('6.1.176');
  });
});

it('a kernel configuration from an untrusted package is replaced by that of the verified package with the same image', async () => {
  const image = bzImage();
  const config = (text: string) => ({ path: './boot/config-6.1.0-50-cloud-amd64', content: Buffer.from(text) });
  const kernel = { path: './boot/vmlinuz-6.1.0-50-cloud-amd64', content: image };
  const name = 'linux-image-6.1.0-50-cloud-amd64';
  const deb = (text: string) => kernelDeb({ name, version: '6.1.176-1' }, [config(text), kernel]);
  const pulledConfig = async (options: KernelOptions) => {
    const pulled = await pullKernel(await only('debian:6.1', options), options);
    return pulled.config && readFile(pulled.config.path, 'utf8');
  };
  await replaceMirror({ bookworm: [{ name, version: '6.1.176-1', deb: deb('CONFIG_EVIL=y\n') }] });
  await mirror.publish('bookworm', { signedBy: null });
  await withCache(async ({ options }) => {
    expect(await pulledConfig({ ...options, trust: { trustMirrors: [mirror.address] } })).toBe('CONFIG_EVIL=y\n');
    await replaceMirror({ bookworm: [{ name, version: '6.1.176-1', deb: deb('CONFIG_GOOD=y\n') }] });
    const moved = { ...options, mirrors: [mirror.address] };
    const lock = await parseLock(await formatLock(await entriesOf(await planKernels(['debian:6.1'], moved), moved)), 'lock.json');
    expect(await pulledConfig({ ...options, mirrors: [mirror.address], lock, trust: {} })).toBe('CONFIG_GOOD=y\n');
  });
});

it('a pinned kernel and a file of the user need no index', async () => {
  await withCache(async ({ options, folder }) => {
    const entries = await entriesOf(await planKernels(['debian:6.1'], options), options);
    const lock = await parseLock(await formatLock(entries), 'lock.json');
    const image = join(folder, 'bzImage');
    await writeFile(image, bzImage());
    await publishAll({ signedBy: null });
    const fresh = { ...options, cache: join(folder, 'other'), lock, trust: {} };
    const planned = await planKernels(['debian:6.1', `file:${image}`], fresh);
    const pulled = await Promise.all(planned.map(async (kernel) => pullKernel(kernel, fresh)));
    expect(pulled.map(({ id, trust }) => [id, trust.kind])).toEqual([
      ['debian-6.1.0-50-cloud-amd64', 'pinned'],
      ['file-6.9.1-test', 'own'],
    ]);
    const record = join(fresh.cache, 'kernels', pulled[0]?.sha256 ?? '', 'trust.json');
    expect(JSON.parse(await readFile(record, 'utf8'))).toEqual({ kind: 'pinned' });
  });
});
