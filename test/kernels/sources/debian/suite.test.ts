// Which suites of a mirror are used, refused or taken from the cache, with a mirror on this machine and real signatures.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { DebianOptions } from '../../../../kernels/sources/debian/options.ts';
import { readSuites } from '../../../../kernels/sources/debian/suite.ts';
import { readRecord, type WantedSuite, wantedSuites } from '../../../../kernels/sources/debian/suite-record.ts';
import { suitesOf } from '../../../../kernels/sources/debian/suites.ts';
import { listening } from '../../../listening.ts';
import { clearSign, fingerprintOf, type KeyName, publicKey } from '../../signing.ts';

const NOW = Date.UTC(2026, 10, 28, 12);
const HOUR_MS = 60 * 60 * 1000;

let port = 0;
let requests: string[] = [];
/** What the mirror answers by path; 404 for other paths. */
let answers = new Map<string, string | ((response: ServerResponse) => unknown)>();
const server = createServer(({ url = '' }, response) => {
  requests.push(url);
  const answer = answers.get(url);
  if (typeof answer === 'function') answer(response);
  else if (answer === undefined) response.writeHead(404).end();
  else response.end(answer);
});

/** The security archive of the mirror: it has the fewest suites. */
const base = () => `http://127.0.0.1:${port}/debian-security`;
const pathOf = (suite: string) => `/debian-security/dists/${suite}/InRelease`;

interface Fields {
  origin?: string;
  date?: number;
  validUntil?: number;
  codename?: string;
  signedBy?: KeyName | null;
}

/** The Release file of a suite. */
async function release(suite: string, fields: Fields = {}): Promise<string> {
  const { origin = 'Debian', date = NOW - HOUR_MS, validUntil, codename = suite, signedBy = 'mirror' } = fields;
  const time = (at: number) => new Date(at).toUTCString().replace('GMT', 'UTC');
  const until = validUntil === undefined ? '' : `Valid-Until: ${time(validUntil)}\n`;
  const text = `Origin: ${origin}\nCodename: ${codename}\nDate: ${time(date)}\n${until}`;
  return signedBy === null ? text : ((await clearSign([text], signedBy))[0] ?? '');
}

async function publish(suite: string, fields: Fields = {}): Promise<void> {
  answers.set(pathOf(suite), await release(suite, fields));
}

let cache = '';
let notes: string[] = [];
beforeAll(async () => {
  port = await listening(server);
  // Makes the keys.
  await release('trixie-security');
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW });
  cache = await mkdtemp(join(tmpdir(), 'suite-test-'));
  [notes, requests, answers] = [[], [], new Map()];
  await publish('trixie-security');
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(cache, { recursive: true, force: true });
});

const shown = (text: string) => text.replaceAll(`http://127.0.0.1:${port}`, 'HOST').replaceAll(`localhost:${port}`, 'OTHER');

/** The names and trust of the suites, or the error. */
async function read(more: Partial<DebianOptions> = {}): Promise<string[] | string> {
  [notes, requests] = [[], []];
  const onNote = (text: string) => notes.push(shown(text));
  const options = { cache, mirrors: [base()], trust: { mirrorKeys: [publicKey('mirror')] }, onNote, ...more };
  return readSuites(options).then(
    (suites) => suites.map(({ name, mirror, trust }) => shown(`${name} of ${mirror.base}, ${trust.kind}`)),
    (error: unknown) => shown(String(error)),
  );
}

const trusting = () => ({ trust: { mirrorKeys: [publicKey('mirror')], trustMirrors: [base()] } });
const wanted = (suite: string): WantedSuite => {
  const found = wantedSuites([{ archive: 'debian-security', base: base() }], cache).find(({ name }) => name === suite);
  if (!found) throw new Error(`no suite is called ${suite}`);
  return found;
};
/** The files of the cache about suites, and the dates that it remembers. */
async function kept(): Promise<{ records: string[]; dates: string[] }> {
  const list = async (folder: string) => {
    const names: string[] = await readdir(join(cache, 'debian', folder)).catch(() => []);
    return names.toSorted();
  };
  const dates = await list('dates');
  return {
    records: (await list('suites')).map((name) => name.replace(/[0-9a-f]{16}/g, '#')),
    dates: await Promise.all(
      dates.map(async (name) => `${name.slice(0, -22)} ${(await readFile(join(cache, 'debian/dates', name), 'utf8')).trim()}`),
    ),
  };
}

const TRIXIE = 'trixie-security of HOST/debian-security, signed';
const RECORDS = suitesOf('debian-security')
  .map((name) => `${name}-#.json`)
  .toSorted();

it('a suite with a good signature is used with all facts of its index, and the cache keeps a record of every suite and its date', async () => {
  const options = { cache, mirrors: [base()], trust: { mirrorKeys: [publicKey('mirror')] } };
  const key = await fingerprintOf('mirror');
  expect(await readSuites(options)).toEqual([
    {
      name: 'trixie-security',
      mirror: { archive: 'debian-security', base: base() },
      trust: { kind: 'signed', mirror: base(), key, keyFile: expect.stringMatching(/^[0-9a-f]{64}$/), expired: null },
      origin: 'Debian',
      suite: '',
      codename: 'trixie-security',
      date: NOW - HOUR_MS,
      validUntil: null,
      byHash: false,
      indexes: {},
    },
  ]);
  expect(requests.toSorted()).toEqual(suitesOf('debian-security').map(pathOf).toSorted());
  expect(await kept()).toEqual({ records: RECORDS, dates: [`trixie-security ${NOW - HOUR_MS}`] });
  expect([await readRecord(wanted('trixie-security').path), await readRecord(wanted('duke-security').path)]).toMatchObject([
    { format: 2, checkedAt: NOW, found: { release: { codename: 'trixie-security' }, signature: { kind: 'good', key } } },
    { format: 2, checkedAt: NOW, found: null },
  ]);
});

it('a record is used for six hours without a request, unless the user wants new ones or the clock was set back', async () => {
  await read();
  const at = async (time: number, more: Partial<DebianOptions> = {}) => {
    await read({ refresh: true });
    vi.setSystemTime(NOW + time);
    const suites = await read(more);
    const counted = [suites, requests.length];
    vi.setSystemTime(NOW);
    return counted;
  };
  expect([
    await at(0),
    await at(6 * HOUR_MS - 1),
    await at(6 * HOUR_MS),
    await at(-1),
    await at(0, { refresh: true }),
    await at(0, { refresh: false }),
  ]).toEqual([
    [[TRIXIE], 0],
    [[TRIXIE], 0],
    [[TRIXIE], 5],
    [[TRIXIE], 5],
    [[TRIXIE], 5],
    [[TRIXIE], 0],
  ]);
  expect(notes).toEqual([]);
});

it('a suite of another distribution is ignored without a note if its index is verified', async () => {
  await publish('bookworm-security', { origin: 'Debian Security' });
  await publish('bullseye-security', { origin: 'Not Debian' });
  await publish('duke-security', { origin: 'debian' });
  const found = [['bookworm-security of HOST/debian-security, signed', TRIXIE], []];
  expect([await read(), notes]).toEqual(found);
  expect([await read(), notes, requests]).toEqual([...found, []]);
  expect((await kept()).dates.map((date) => date.split(' ')[0])).toEqual(['bookworm-security', 'trixie-security']);
});

it('an answer that is no verified index of Debian is refused with a note and never kept, and the last verified index is used', async () => {
  const page = '<html>please log in</html>\n';
  answers.set(pathOf('duke-security'), page);
  expect([await read(), notes, (await kept()).records.includes('duke-security-#.json')]).toMatchInlineSnapshot(`
    [
      [
        "trixie-security of HOST/debian-security, signed",
      ],
      [
        "the index of HOST/debian-security duke-security is refused: its Origin is not Debian, and it is not signed (see whether the network asks for a login, or name a Debian mirror: --mirror URL)",
      ],
      false,
    ]
  `);
  const before = await readFile(wanted('trixie-security').path, 'utf8');
  const genuine = await release('trixie-security');
  const forged = genuine.replace('Origin: Debian', 'Origin: Evil');
  const stranger = await release('trixie-security', { origin: 'Evil', signedBy: 'stranger' });
  answers.delete(pathOf('duke-security'));
  const told: string[] = [];
  for (const answer of [page, forged, genuine.replaceAll('\n', '\r\n'), stranger]) {
    answers.set(pathOf('trixie-security'), answer);
    expect(await read({ refresh: true })).toEqual([TRIXIE]);
    told.push(...notes.map((note) => note.replace(/key [0-9A-F]{16}/, 'key KEY')));
    expect(await readFile(wanted('trixie-security').path, 'utf8')).toBe(before);
  }
  expect(told).toMatchInlineSnapshot(`
    [
      "the Debian mirror cannot be read; its indexes of 2026-11-28T12:00:00.000Z are used (the index of HOST/debian-security trixie-security is refused: its Origin is not Debian, and it is not signed)",
      "the Debian mirror cannot be read; its indexes of 2026-11-28T12:00:00.000Z are used (the index of HOST/debian-security trixie-security is refused: the signature of key KEY does not match the text; the mirror, or the connection to it, cannot be trusted)",
      "the Debian mirror cannot be read; its indexes of 2026-11-28T12:00:00.000Z are used (the index of HOST/debian-security trixie-security is refused: its Origin is not Debian, and it is not signed)",
      "the Debian mirror cannot be read; its indexes of 2026-11-28T12:00:00.000Z are used (the index of HOST/debian-security trixie-security is refused: its Origin is not Debian, and it is signed with the unknown key KEY; update the package debian-archive-keyring, or name its key with --mirror-key FILE)",
    ]
  `);
});

it('an error tells that a mirror answers with no index, and the mirror is used as soon as it is well again', async () => {
  for (const suite of suitesOf('debian-security')) answers.set(pathOf(suite), '<html>please log in</html>\n');
  expect([await read(), await read(trusting()), await kept()]).toMatchInlineSnapshot(`
    [
      "InfraError: the index of HOST/debian-security bullseye-security, bookworm-security, trixie-security, forky-security, duke-security is refused: its Origin is not Debian, and it is not signed (see whether the network asks for a login, or name a Debian mirror: --mirror URL)",
      "InfraError: the index of HOST/debian-security bullseye-security, bookworm-security, trixie-security, forky-security, duke-security is refused: its Origin is not Debian, and it is not signed (see whether the network asks for a login, or name a Debian mirror: --mirror URL)",
      {
        "dates": [],
        "records": [],
      },
    ]
  `);
  answers.clear();
  await publish('trixie-security');
  expect([await read(), notes]).toEqual([[TRIXIE], []]);
  // Also if the cache knew before that the mirror has no such suites.
  answers.delete(pathOf('trixie-security'));
  await rm(join(cache, 'debian'), { recursive: true });
  expect([await read(), notes]).toEqual([[], []]);
  for (const suite of suitesOf('debian-security')) answers.set(pathOf(suite), '<html>please log in</html>\n');
  expect(await read({ refresh: true })).toMatch(
    /^InfraError: the index of HOST\/debian-security bullseye-security, bookworm-security, .* is refused: /,
  );
});

it('a note names suites that a mirror no longer has, and their verified indexes stay in the cache', async () => {
  for (const suite of ['bookworm-security', 'duke-security']) await publish(suite);
  await read();
  const before = await kept();
  answers.delete(pathOf('bookworm-security'));
  answers.delete(pathOf('duke-security'));
  expect([await read({ refresh: true }), notes]).toMatchInlineSnapshot(`
    [
      [
        "trixie-security of HOST/debian-security, signed",
      ],
      [
        "HOST/debian-security no longer has these suites: bookworm-security, duke-security; kernels that only they have are missing",
      ],
    ]
  `);
  expect([await kept(), (await readRecord(wanted('duke-security').path))?.found?.release.codename]).toEqual([before, 'duke-security']);
  answers.clear();
  expect(await read({ refresh: true })).toMatchInlineSnapshot(
    `"InfraError: HOST/debian-security no longer has these suites: bookworm-security, trixie-security, duke-security; kernels that only they have are missing"`,
  );
  // Without the records, the dates still show which suites the mirror had.
  await rm(join(cache, 'debian/suites'), { recursive: true });
  await publish('trixie-security');
  expect([await read(), await read(), notes.length, requests.toSorted()]).toEqual([
    [TRIXIE],
    [TRIXIE],
    1,
    [pathOf('bookworm-security'), pathOf('duke-security')],
  ]);
  await publish('duke-security');
  expect([await read(), notes.length]).toEqual([[TRIXIE, 'duke-security of HOST/debian-security, signed'], 1]);
});

it('suites that two mirrors no longer have are named in one note for each mirror', async () => {
  const mirrors = [base(), `http://localhost:${port}/debian-security`];
  await publish('duke-security');
  await read({ mirrors });
  answers.delete(pathOf('duke-security'));
  expect([await read({ mirrors, refresh: true }), notes]).toEqual([
    [TRIXIE],
    ['HOST/debian-security', 'http://OTHER/debian-security'].map(
      (mirror) => `${mirror} no longer has these suites: duke-security; kernels that only they have are missing`,
    ),
  ]);
});

it('a suite that an older version of the cache lists as missing is asked for again if the mirror had it', async () => {
  await read();
  await writeFile(wanted('trixie-security').path, JSON.stringify({ format: 2, checkedAt: NOW, found: null }));
  expect([await read(), notes]).toEqual([[TRIXIE], []]);
  await writeFile(wanted('trixie-security').path, JSON.stringify({ format: 2, checkedAt: NOW, found: null }));
  answers.set(pathOf('trixie-security'), (response) => response.writeHead(403).end());
  expect(await read()).toMatchInlineSnapshot(
    `"InfraError: HOST/debian-security/dists/trixie-security/InRelease: the server answers HTTP 403 Forbidden"`,
  );
});

it('suites that are refused are left out, and a note for each reason names all of them', async () => {
  await publish('bullseye-security', { signedBy: null });
  await publish('bookworm-security', { signedBy: null });
  await publish('duke-security', { validUntil: NOW - 1 });
  answers.set(pathOf('forky-security'), (await release('forky-security')).replace('Origin: Debian', 'Origin: Debian evil'));
  expect([await read(), notes.map((note) => note.replace(/key [0-9A-F]{16} /, 'key KEY '))]).toMatchInlineSnapshot(`
    [
      [
        "trixie-security of HOST/debian-security, signed",
      ],
      [
        "the index of HOST/debian-security bullseye-security, bookworm-security is refused: it is not signed (to use this mirror anyway: --trust-mirror HOST/debian-security, or COREMATRIX_TRUST_MIRRORS=HOST/debian-security)",
        "the index of HOST/debian-security forky-security is refused: the signature of key KEY does not match the text; the mirror, or the connection to it, cannot be trusted",
        "the index of HOST/debian-security duke-security is refused: it expired on 2026-11-28 (to use this mirror anyway: --trust-mirror HOST/debian-security, or COREMATRIX_TRUST_MIRRORS=HOST/debian-security)",
      ],
    ]
  `);
  expect(await kept()).toEqual({
    records: ['trixie-security-#.json'],
    dates: [`trixie-security ${NOW - HOUR_MS}`],
  });
});

it('an error names the first reason if every suite is refused', async () => {
  await publish('trixie-security', { signedBy: null });
  await publish('duke-security', { signedBy: null });
  expect(await read()).toMatchInlineSnapshot(
    `"InfraError: the index of HOST/debian-security trixie-security, duke-security is refused: it is not signed (to use this mirror anyway: --trust-mirror HOST/debian-security, or COREMATRIX_TRUST_MIRRORS=HOST/debian-security)"`,
  );
  expect(notes).toEqual([]);
});

it('a mirror that the user trusts is used with one note, is not remembered by its date, and may not redirect to another host', async () => {
  await publish('trixie-security', { signedBy: null });
  await publish('duke-security', { signedBy: null });
  expect([await read(trusting()), notes, (await kept()).dates]).toMatchInlineSnapshot(`
    [
      [
        "trixie-security of HOST/debian-security, accepted",
        "duke-security of HOST/debian-security, accepted",
      ],
      [
        "HOST/debian-security is used although it cannot be verified, as you asked: it is not signed",
      ],
      [],
    ]
  `);
  const elsewhere = `http://localhost:${port}${pathOf('trixie-security')}x`;
  answers.set(`${pathOf('trixie-security')}x`, await release('trixie-security'));
  answers.set(pathOf('trixie-security'), (response) => response.writeHead(302, { location: elsewhere }).end());
  answers.delete(pathOf('duke-security'));
  await rm(join(cache, 'debian'), { recursive: true });
  expect([await read(trusting()), await read()]).toMatchInlineSnapshot(`
    [
      "InfraError: HOST/debian-security/dists/trixie-security/InRelease: the server redirects to another host, OTHER, but only this mirror is trusted without verification",
      [
        "trixie-security of HOST/debian-security, signed",
      ],
    ]
  `);
});

it('a record is used longer if the mirror cannot be read, and a note names its time and the reason', async () => {
  await read();
  vi.setSystemTime(NOW + 48 * HOUR_MS);
  for (const suite of suitesOf('debian-security')) answers.set(pathOf(suite), (response) => response.writeHead(403).end());
  expect([await read(), notes]).toMatchInlineSnapshot(`
    [
      [
        "trixie-security of HOST/debian-security, signed",
      ],
      [
        "the Debian mirror cannot be read; its indexes of 2026-11-28T12:00:00.000Z are used (HOST/debian-security/dists/bullseye-security/InRelease: the server answers HTTP 403 Forbidden)",
      ],
    ]
  `);
});

it('a record is used longer if the new index is refused, and only a trusted index replaces it', async () => {
  await publish('duke-security');
  await read();
  const before = await readFile(wanted('trixie-security').path, 'utf8');
  await publish('trixie-security', { date: NOW - 2 * HOUR_MS });
  expect([await read({ refresh: true }), notes]).toMatchInlineSnapshot(`
    [
      [
        "trixie-security of HOST/debian-security, signed",
        "duke-security of HOST/debian-security, signed",
      ],
      [
        "the Debian mirror cannot be read; its indexes of 2026-11-28T12:00:00.000Z are used (the index of HOST/debian-security trixie-security is refused: it is of 2026-11-28T10:00:00Z, older than the one of 2026-11-28T11:00:00Z that this mirror had before)",
      ],
    ]
  `);
  expect(await readFile(wanted('trixie-security').path, 'utf8')).toBe(before);
  await publish('trixie-security', { date: NOW - HOUR_MS / 2 });
  expect([await read({ refresh: true }), notes, (await kept()).dates]).toEqual([
    [TRIXIE, 'duke-security of HOST/debian-security, signed'],
    [],
    [`duke-security ${NOW - HOUR_MS}`, `trixie-security ${NOW - HOUR_MS / 2}`],
  ]);
});

it('a note on records that are used longer names every reason, and those that differ only in the suite once', async () => {
  await publish('duke-security');
  await read();
  await publish('trixie-security', { date: NOW - 2 * HOUR_MS });
  await publish('duke-security', { signedBy: 'stranger' });
  const older =
    'the index of HOST/debian-security trixie-security is refused: it is of 2026-11-28T10:00:00Z, older than the one of ' +
    '2026-11-28T11:00:00Z that this mirror had before';
  const note = (reasons: string) => `the Debian mirror cannot be read; its indexes of 2026-11-28T12:00:00.000Z are used (${reasons})`;
  const refreshed = async () => [await read({ refresh: true }), notes.map((each) => each.replace(/key [0-9A-F]{16}[^)]*/, 'key KEY'))];
  const suites = [TRIXIE, 'duke-security of HOST/debian-security, signed'];
  const stranger = 'the index of HOST/debian-security duke-security is refused: it is signed with the unknown key KEY';
  expect(await refreshed()).toEqual([suites, [note(`${older}; ${stranger}`)]]);
  await publish('duke-security', { date: NOW - 2 * HOUR_MS });
  expect(await refreshed()).toEqual([suites, [note(older)]]);
});

it('a note on records that are used longer has the time of the oldest one', async () => {
  await publish('duke-security');
  await read();
  vi.setSystemTime(NOW + HOUR_MS);
  await publish('trixie-security', { date: NOW - 2 * HOUR_MS });
  await read({ refresh: true });
  for (const suite of suitesOf('debian-security')) answers.set(pathOf(suite), (response) => response.writeHead(403).end());
  await read({ refresh: true });
  expect(
    await Promise.all(['trixie-security', 'duke-security'].map(async (suite) => (await readRecord(wanted(suite).path))?.checkedAt)),
  ).toEqual([NOW, NOW + HOUR_MS]);
  expect(notes.join()).toContain('its indexes of 2026-11-28T12:00:00.000Z are used');
});

it('a record that this run does not trust is not used, though the mirror cannot be read', async () => {
  await publish('trixie-security', { signedBy: null });
  await read(trusting());
  const reasons = [await read()];
  answers.set(pathOf('trixie-security'), (response) => response.writeHead(403).end());
  reasons.push(shown(String(await read())));
  await publish('trixie-security', { signedBy: 'stranger' });
  reasons.push(shown(String(await read())).replace(/key [0-9A-F]{16};.*/, 'key KEY'));
  expect(reasons).toMatchInlineSnapshot(`
    [
      "InfraError: the index of HOST/debian-security trixie-security is refused: it is not signed (to use this mirror anyway: --trust-mirror HOST/debian-security, or COREMATRIX_TRUST_MIRRORS=HOST/debian-security)",
      "InfraError: the index of HOST/debian-security trixie-security is refused: it is not signed (to use this mirror anyway: --trust-mirror HOST/debian-security, or COREMATRIX_TRUST_MIRRORS=HOST/debian-security)",
      "InfraError: the index of HOST/debian-security trixie-security is refused: it is signed with the unknown key KEY",
    ]
  `);
});

it('a damaged record is replaced', async () => {
  const { path } = wanted('trixie-security');
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, '{}');
  expect([await read(), (await readRecord(path))?.checkedAt]).toEqual([[TRIXIE], NOW]);
});

it('a host that cannot be read is asked only once, and the error is thrown if no suite can be used', async () => {
  const mirror = `http://127.0.0.1:${port}/debian`;
  for (const archive of ['debian', 'debian-security'] as const) {
    for (const suite of suitesOf(archive)) answers.set(`/${archive}/dists/${suite}/InRelease`, (response) => response.writeHead(403).end());
  }
  expect(await read({ mirrors: [mirror] })).toMatch(
    /^InfraError: HOST\/debian\/dists\/[\w-]+\/InRelease: the server answers HTTP 403 Forbidden$/,
  );
  // At most six requests run at the same time.
  expect(requests.length).toBeLessThanOrEqual(6);
  expect(notes).toEqual([]);
});

it('suites that cannot be read are counted in a note if others can be used', async () => {
  // After a refusal the host is not asked again, so it comes when all suites have been asked for.
  const refuse = (response: ServerResponse) => {
    const timer = setInterval(() => {
      if (requests.length < suitesOf('debian-security').length) return;
      clearInterval(timer);
      response.writeHead(403).end();
    }, 5);
  };
  for (const suite of ['bullseye-security', 'forky-security']) answers.set(pathOf(suite), refuse);
  const found = await read();
  expect([found, notes.map((note) => note.replace(/dists\/[\w-]+/, 'dists/SUITE'))]).toMatchInlineSnapshot(`
    [
      [
        "trixie-security of HOST/debian-security, signed",
      ],
      [
        "2 suites cannot be read; kernels that only they have are missing (HOST/debian-security/dists/SUITE/InRelease: the server answers HTTP 403 Forbidden)",
      ],
    ]
  `);
});

it('a mirror without suites gives none, without a note or an error', async () => {
  answers.clear();
  expect([await read(), notes, requests.length]).toEqual([[], [], 5]);
});

it('a suite that two mirrors of an archive have is taken from the first', async () => {
  const second = `http://localhost:${port}/debian-security`;
  await publish('duke-security');
  answers.set('/debian/dists/trixie/InRelease', await release('trixie'));
  const main = `http://127.0.0.1:${port}/debian`;
  expect([await read({ mirrors: [base(), second] }), requests.length]).toMatchInlineSnapshot(`
    [
      [
        "trixie-security of HOST/debian-security, signed",
        "duke-security of HOST/debian-security, signed",
      ],
      10,
    ]
  `);
  expect(await read({ mirrors: [second, base(), main] })).toMatchInlineSnapshot(`
    [
      "trixie-security of http://OTHER/debian-security, signed",
      "duke-security of http://OTHER/debian-security, signed",
      "trixie of HOST/debian, signed",
    ]
  `);
});

it('a run that is aborted ends with its reason, and one with a wrong key file with that error', async () => {
  const controller = new AbortController();
  answers.set(pathOf('trixie-security'), () => controller.abort(new Error('enough')));
  expect(await read({ signal: controller.signal })).toBe('Error: enough');
  await publish('trixie-security');
  const path = join(cache, 'key.asc');
  await writeFile(path, 'no key\n');
  expect(await read({ trust: { mirrorKeys: [path] } })).toBe(`UserError: ${path}: not a file with OpenPGP keys`);
  expect((await kept()).records).not.toContain('trixie-security-#.json');
  // Also if other suites can be used.
  await read(trusting());
  await rm(wanted('duke-security').path);
  await publish('duke-security');
  expect(await read({ trust: { mirrorKeys: [path], trustMirrors: [base()] } })).toBe(`UserError: ${path}: not a file with OpenPGP keys`);
});
