// What is read from Release files, and what the cache keeps of them: records and the dates of verified indexes.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Mirror } from '../../../../kernels/sources/debian/mirror.ts';
import { parseRelease } from '../../../../kernels/sources/debian/release.ts';
import { newestSeen, rememberSeen } from '../../../../kernels/sources/debian/seen-dates.ts';
import { readRecord, type SuiteRecord, wantedSuites } from '../../../../kernels/sources/debian/suite-record.ts';
import { suitesOf } from '../../../../kernels/sources/debian/suites.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'suites-'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

const digest = (digit: string) => digit.repeat(64);

describe('a Release file', () => {
  it('all facts of a Release file are read, and of its index files only those of kernels', () => {
    const files = [
      'main/binary-amd64/Packages.xz',
      'main/binary-arm64/Packages.gz',
      'main/source/Sources.xz',
      'main/binary-amd64/Packages',
      'main/binary-amd64/Packages.bz2',
      'main/binary-i386/Packages.xz',
      'main/source/Sources.xz.old',
      'contrib/binary-amd64/Packages.xz',
      'x/main/binary-amd64/Packages.xz',
    ];
    const text = [
      'Origin: Debian',
      'Suite: stable',
      'Codename: trixie',
      'Date: Sat, 28 Nov 2026 10:00:00 UTC',
      'Valid-Until: Sat, 05 Dec 2026 10:00:00 UTC',
      'Acquire-By-Hash: yes',
      'SHA256:',
      ...files.map((name, at) => ` ${digest(String(at))} ${100 + at} ${name}`),
      ' not a digest',
    ].join('\n');
    expect(parseRelease(text)).toEqual({
      origin: 'Debian',
      suite: 'stable',
      codename: 'trixie',
      date: Date.UTC(2026, 10, 28, 10),
      validUntil: Date.UTC(2026, 11, 5, 10),
      byHash: true,
      indexes: {
        'main/binary-amd64/Packages.xz': { size: 100, sha256: digest('0') },
        'main/binary-arm64/Packages.gz': { size: 101, sha256: digest('1') },
        'main/source/Sources.xz': { size: 102, sha256: digest('2') },
      },
    });
  });

  it('missing fields of a Release file are empty, and a malformed date is not missing', () => {
    const nothing = { origin: '', suite: '', codename: '', date: null, validUntil: null, byHash: false, indexes: {} };
    expect([parseRelease(''), parseRelease('Acquire-By-Hash: no\n'), parseRelease('Date: never\nValid-Until: soon\n')]).toEqual([
      nothing,
      nothing,
      { ...nothing, date: NaN, validUntil: NaN },
    ]);
  });
});

const MIRROR: Mirror = { archive: 'debian', base: 'http://mirror.example/debian' };
const SECURITY: Mirror = { archive: 'debian-security', base: 'http://mirror.example/security' };

describe('the suites to look for', () => {
  it('every suite of the archive of each mirror is looked for, each with a record of its own', () => {
    const other = { ...MIRROR, base: 'http://other.example/debian' };
    const wanted = wantedSuites([MIRROR, SECURITY, other], '/cache');
    expect(wanted.map(({ mirror, name }) => [mirror, name])).toEqual([
      ...suitesOf('debian').map((name) => [MIRROR, name]),
      ...suitesOf('debian-security').map((name) => [SECURITY, name]),
      ...suitesOf('debian').map((name) => [other, name]),
    ]);
    expect(new Set(wanted.map(({ key }) => key)).size).toBe(wanted.length);
    expect(wanted.map(({ path, key }) => path === `/cache/debian/suites/${key}.json`)).toEqual(wanted.map(() => true));
    expect(wanted.map(({ name, key }) => key.slice(0, -16) === `${name}-` && /^[0-9a-f]{16}$/.test(key.slice(-16)))).toEqual(
      wanted.map(() => true),
    );
    expect(wantedSuites([MIRROR], '/cache').map(({ key }) => key)).toEqual(
      wanted.slice(0, suitesOf('debian').length).map(({ key }) => key),
    );
  });
});

const RELEASE = { origin: 'Debian', suite: '', codename: 'sid', date: 1, validUntil: null, byHash: false, indexes: {} };
const RECORD: SuiteRecord = {
  format: 2,
  checkedAt: 1000,
  found: {
    release: { ...RELEASE, indexes: { 'main/source/Sources.xz': { size: 3, sha256: digest('a') } } },
    signature: { kind: 'good', key: 'K', keyFile: null },
  },
};

describe('the record of a suite', () => {
  const read = async (content: unknown) => {
    await writeFile(join(folder, 'record.json'), typeof content === 'string' ? content : JSON.stringify(content));
    return readRecord(join(folder, 'record.json'));
  };
  const withFound = (found: object) => ({ ...RECORD, found: { ...RECORD.found, ...found } });

  it('the record of a suite is read as it was written', async () => {
    const records: SuiteRecord[] = [
      RECORD,
      { ...RECORD, found: null },
      { ...RECORD, found: { release: RELEASE, signature: { kind: 'bad', reason: 'r' } } },
      { ...RECORD, found: { release: RELEASE, signature: { kind: 'unchecked', reason: 'r' } } },
      { ...RECORD, found: { release: { ...RELEASE, date: null }, signature: { kind: 'good', key: 'K', keyFile: 'f' } } },
    ];
    const found = [];
    for (const record of records) found.push(await read(record));
    expect(found).toEqual(records);
  });

  it.each<[string, unknown]>([
    ['is empty', ''],
    ['is cut', JSON.stringify(RECORD).slice(0, -1)],
    ['has an older format', { ...RECORD, format: 1 }],
    ['has more', { ...RECORD, more: 1 }],
    ['has no time', { format: 2, found: null }],
    ['has a signature that this version does not know', withFound({ signature: { kind: 'fine' } })],
    ['has a good signature without a key', withFound({ signature: { kind: 'good', keyFile: null } })],
    ['has a good signature with more', withFound({ signature: { kind: 'good', key: 'K', keyFile: null, more: 1 } })],
    ['has a bad signature without a reason', withFound({ signature: { kind: 'bad' } })],
    ['has a bad signature with more', withFound({ signature: { kind: 'bad', reason: 'r', more: 1 } })],
    ['has an unchecked signature without a reason', withFound({ signature: { kind: 'unchecked' } })],
    ['has an unchecked signature with more', withFound({ signature: { kind: 'unchecked', reason: 'r', key: 'K' } })],
    ['has no signature', { ...RECORD, found: { release: RELEASE } }],
    ['has more beside its signature', withFound({ more: 1 })],
    ['has an incomplete release', withFound({ release: { origin: 'Debian' } })],
    ['has a release with more', withFound({ release: { ...RELEASE, more: 1 } })],
    ['has a digest that is too short', withFound({ release: { ...RELEASE, indexes: { x: { size: 1, sha256: 'a'.repeat(63) } } } })],
    ['has a digest that is too long', withFound({ release: { ...RELEASE, indexes: { x: { size: 1, sha256: 'a'.repeat(65) } } } })],
    ['has a digest that is no number', withFound({ release: { ...RELEASE, indexes: { x: { size: 1, sha256: 'x'.repeat(64) } } } })],
    ['has an index file with more', withFound({ release: { ...RELEASE, indexes: { x: { size: 1, sha256: digest('a'), more: 1 } } } })],
    ['has an index file without a size', withFound({ release: { ...RELEASE, indexes: { x: { sha256: digest('a') } } } })],
  ])('the record of a suite that %s is not read', async (_, content) => {
    expect(await read(content)).toBeNull();
  });

  it('a missing record of a suite is not read', async () => {
    expect(await readRecord(join(folder, 'missing.json'))).toBeNull();
  });
});

describe('the date of the newest verified index', () => {
  const path = () => join(folder, 'debian', 'dates', 'sid-0123.json');

  it('the newest date is kept for each suite, and an older one does not replace it', async () => {
    expect(await newestSeen(folder, 'sid-0123')).toBeNull();
    const seen = [];
    for (const date of [-500, 500, 400, 500, 600]) {
      await rememberSeen(folder, 'sid-0123', date);
      seen.push(await newestSeen(folder, 'sid-0123'));
    }
    expect([seen, await newestSeen(folder, 'trixie-0123'), await readFile(path(), 'utf8')]).toEqual([
      [-500, 500, 500, 500, 600],
      null,
      '600\n',
    ]);
  });

  it('an equal or older date is not written', async () => {
    await rememberSeen(folder, 'sid-0123', 500);
    await writeFile(path(), '500');
    await rememberSeen(folder, 'sid-0123', 500);
    await rememberSeen(folder, 'sid-0123', 499);
    expect([await readFile(path(), 'utf8'), await readdir(dirname(path()))]).toEqual(['500', ['sid-0123.json']]);
  });

  it.each(['', '"500"', '"9999"', 'null', '1e999', '{', '[500]'])('the content %j counts as no date and is replaced', async (content) => {
    await mkdir(dirname(path()), { recursive: true });
    await writeFile(path(), content);
    expect(await newestSeen(folder, 'sid-0123')).toBeNull();
    await rememberSeen(folder, 'sid-0123', 7);
    expect(await newestSeen(folder, 'sid-0123')).toBe(7);
  });
});
