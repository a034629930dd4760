// What the user trusts, and whether a record of the cache still vouches for bytes.
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mirrorAddress, mirrorTrust } from '../../../kernels/trust/mirror-trust.ts';
import { readTrust, stillVouches, type Trust, vouchesForAll } from '../../../kernels/trust/trust.ts';

const BASE = 'http://mirror.example/debian';
const FILE = 'f'.repeat(64);
const NOBODY = { accepted: [], keys: [] };
const ACCEPTING = { accepted: ['http://other.example/debian', BASE], keys: [] };
const WITH_KEY = {
  accepted: [],
  keys: [
    { path: 'other.asc', sha256: 'e'.repeat(64) },
    { path: 'key.asc', sha256: FILE },
  ],
};

const SIGNED: Trust = { kind: 'signed', mirror: BASE, key: 'K', keyFile: null, expired: null };
const TRUSTS: Readonly<Record<string, Trust>> = {
  'a key of this machine': SIGNED,
  'a key file of the user': { ...SIGNED, keyFile: FILE, expired: '2026-11-28' },
  'a lock file': { kind: 'pinned' },
  'the user, who owns the file': { kind: 'own' },
  'the user, who accepts the mirror': { kind: 'accepted', mirror: BASE, reason: 'it is not signed' },
};

describe('who vouches for bytes', () => {
  it('a record of trust counts in a run with the same keys and mirrors, and in all runs unless its user decided', () => {
    const found = Object.entries(TRUSTS).map(([name, trust]) => [
      name,
      {
        all: vouchesForAll(trust),
        nobody: stillVouches(trust, NOBODY),
        accepting: stillVouches(trust, ACCEPTING),
        key: stillVouches(trust, WITH_KEY),
      },
    ]);
    expect(Object.fromEntries(found)).toEqual({
      'a key of this machine': { all: true, nobody: true, accepting: true, key: true },
      'a key file of the user': { all: false, nobody: false, accepting: false, key: true },
      'a lock file': { all: true, nobody: true, accepting: true, key: true },
      'the user, who owns the file': { all: true, nobody: true, accepting: true, key: true },
      'the user, who accepts the mirror': { all: false, nobody: false, accepting: true, key: false },
    });
  });

  it('a key file vouches only in a run that was given this file', () => {
    const given = (...files: string[]) =>
      stillVouches({ ...SIGNED, keyFile: FILE }, { accepted: [BASE], keys: files.map((sha256) => ({ path: 'x', sha256 })) });
    expect([given(), given('e'.repeat(64)), given(FILE), given('e'.repeat(64), FILE)]).toEqual([false, false, true, true]);
  });

  it('a record of trust is read as it was written, without unknown fields', () => {
    const trusts = Object.values(TRUSTS);
    expect(trusts.map((trust) => readTrust({ ...trust, more: 1 }))).toEqual(trusts);
  });

  it('a damaged record of trust is not read', () => {
    const accepted = { kind: 'accepted', mirror: BASE, reason: 'r' };
    const damaged = [
      null,
      undefined,
      'pinned',
      1,
      {},
      [],
      { kind: 'other', mirror: BASE, key: 'K', keyFile: null, expired: null, reason: 'r' },
      { ...accepted, mirror: undefined },
      { ...accepted, reason: undefined },
      { ...accepted, reason: 1 },
      { ...SIGNED, mirror: null },
      { ...SIGNED, key: undefined },
      { ...SIGNED, key: 1 },
      { ...SIGNED, keyFile: undefined },
      { ...SIGNED, keyFile: 1 },
      { ...SIGNED, expired: undefined },
      { ...SIGNED, expired: 1 },
    ];
    expect(damaged.map(readTrust)).toEqual(damaged.map(() => null));
  });
});

describe('what the user trusts', () => {
  let folder = '';
  const path = (name: string) => join(folder, name);
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'trust-'));
    await writeFile(path('one.asc'), 'one');
    await writeFile(path('two.asc'), 'two');
    await writeFile(path('empty.asc'), '');
    await writeFile(path('large.asc'), Buffer.alloc((4 << 20) + 1));
    await writeFile(path('largest.asc'), Buffer.alloc(4 << 20));
  });
  afterAll(async () => rm(folder, { recursive: true }));

  it('the address of a trusted mirror has no slash at its end', () => {
    expect([BASE, `${BASE}/`, `${BASE}///`, '/', ''].map(mirrorAddress)).toEqual([BASE, BASE, BASE, '', '']);
  });

  it('options and environment together name mirrors and keys, the options first', async () => {
    const one = { path: path('one.asc'), sha256: sha256('one') };
    const two = { path: path('two.asc'), sha256: sha256('two') };
    const env = { COREMATRIX_TRUST_MIRRORS: ' http://b.example/x/,\n,http://c.example ', COREMATRIX_MIRROR_KEYS: `:${two.path}:` };
    expect([
      await mirrorTrust({ trustMirrors: [`${BASE}/`], mirrorKeys: [relative(process.cwd(), one.path)] }, env),
      await mirrorTrust({}, env),
      await mirrorTrust({ trustMirrors: [BASE], mirrorKeys: [two.path, one.path] }, {}),
      await mirrorTrust(undefined, {}),
      await mirrorTrust({ trustMirrors: undefined, mirrorKeys: undefined }, {}),
    ]).toEqual([
      { accepted: [BASE, 'http://b.example/x', 'http://c.example'], keys: [one, two] },
      { accepted: ['http://b.example/x', 'http://c.example'], keys: [two] },
      { accepted: [BASE], keys: [two, one] },
      { accepted: [], keys: [] },
      { accepted: [], keys: [] },
    ]);
  });

  it('a key file must exist, have content, and be small', async () => {
    const trusted = async (name: string) =>
      mirrorTrust({ mirrorKeys: [path(name)] }, {}).then(
        ({ keys }) => keys.length,
        (error: unknown) => String(error).replaceAll(folder, 'FOLDER'),
      );
    expect([await trusted('missing.asc'), await trusted('empty.asc'), await trusted('largest.asc'), await trusted('large.asc')]).toEqual([
      'UserError: FOLDER/missing.asc: no such file with keys of a mirror',
      'UserError: FOLDER/empty.asc: not a file with OpenPGP keys',
      1,
      expect.stringMatching(/^UserError: FOLDER\/large\.asc: /),
    ]);
  });
});
