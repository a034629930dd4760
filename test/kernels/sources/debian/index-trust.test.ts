// Tests of the decision about an index, in particular of the influence of the machine's apt.
import { expect, it } from 'vitest';
import { type IndexClaim, judgeIndex } from '../../../../kernels/sources/debian/index-trust.ts';

const NOW = Date.UTC(2026, 10, 28);
const KEY = '4D64FEC119C2029067D6E791F8D2585B8783D481';
const BASE = 'http://mirror.example/debian';
const NOBODY = { accepted: [], keys: [] };

function claim(more: Partial<IndexClaim> = {}): IndexClaim {
  return {
    mirror: { archive: 'debian', base: BASE },
    name: 'sid',
    release: { origin: 'Debian', suite: 'unstable', codename: 'sid', date: NOW - 2, validUntil: NOW - 1 },
    signature: { kind: 'good', key: KEY, keyFile: null },
    newestSeen: null,
    ...more,
  };
}

it("an expired index is used only from a mirror of the machine's apt that ignores the expiry, and its trust records the day", () => {
  expect(judgeIndex(claim(), NOBODY, NOW)).toMatchObject({ kind: 'refused', reason: 'it expired on 2026-11-27' });
  const apt = claim({ mirror: { archive: 'debian', base: BASE, keepsExpired: true } });
  const trust = { kind: 'signed', mirror: BASE, key: KEY, keyFile: null, expired: '2026-11-27' };
  expect(judgeIndex(apt, NOBODY, NOW)).toEqual({ kind: 'trusted', trust });
  expect(judgeIndex(claim(), NOBODY, NOW - 1)).toEqual({ kind: 'trusted', trust: { ...trust, expired: null } });
});

it("the settings of the machine's apt decide only about the expiry of an index", () => {
  const apt = { mirror: { archive: 'debian', base: BASE, keepsExpired: true } } as const;
  const reasonOf = (more: Partial<IndexClaim>) => {
    const judgement = judgeIndex(claim({ ...apt, ...more }), NOBODY, NOW);
    return judgement.kind === 'refused' ? judgement.reason : judgement.kind;
  };
  const release = claim().release;
  expect([
    reasonOf({ signature: { kind: 'unchecked', reason: 'it is not signed' } }),
    reasonOf({ name: 'trixie' }),
    reasonOf({ newestSeen: NOW }),
    reasonOf({ release: { ...release, date: null } }),
    reasonOf({ release: { ...release, validUntil: NaN } }),
    reasonOf({}),
  ]).toEqual([
    'it is not signed',
    'it is the index of another suite: sid',
    'it is of 2026-11-27T23:59:59Z, older than the one of 2026-11-28T00:00:00Z that this mirror had before',
    'it has no readable date',
    'it has no readable Valid-Until',
    'trusted',
  ]);
});

it('an index belongs to the requested suite if its role or its codename has that name', () => {
  const kindOf = (name: string) => judgeIndex(claim({ name, release: { ...claim().release, validUntil: null } }), NOBODY, NOW).kind;
  expect(['sid', 'unstable', 'experimental', 'si', ''].map(kindOf)).toEqual(['trusted', 'trusted', 'refused', 'refused', 'refused']);
});

it('a signature by a key that this run does not have does not count', () => {
  const signature = { kind: 'good', key: KEY, keyFile: 'a'.repeat(64) } as const;
  const release = { ...claim().release, validUntil: null };
  expect(judgeIndex(claim({ signature, release }), NOBODY, NOW)).toMatchObject({
    kind: 'refused',
    reason: `it is signed with the key ${KEY}, which --mirror-key does not name`,
  });
  const given = { accepted: [], keys: [{ path: 'key.asc', sha256: 'a'.repeat(64) }] };
  expect(judgeIndex(claim({ signature, release }), given, NOW)).toMatchObject({ kind: 'trusted', trust: { kind: 'signed', key: KEY } });
});

it('a mirror that the user trusts is used with a reason, but not if a signature does not match', () => {
  const accepting = { accepted: [BASE], keys: [] };
  expect(judgeIndex(claim(), accepting, NOW)).toEqual({
    kind: 'trusted',
    trust: { kind: 'accepted', mirror: BASE, reason: 'it expired on 2026-11-27' },
  });
  expect(judgeIndex(claim({ signature: { kind: 'bad', reason: 'x' } }), accepting, NOW)).toMatchObject({ kind: 'refused', advice: null });
  expect(judgeIndex(claim(), { accepted: [`${BASE}-security`], keys: [] }, NOW).kind).toBe('refused');
});

it('a signature counts only with the key file that it was verified with, and a bad one never', () => {
  const release = { ...claim().release, validUntil: null };
  const kindOf = (keyFile: string | null, ...files: string[]) =>
    judgeIndex(
      claim({ signature: { kind: 'good', key: KEY, keyFile }, release }),
      { accepted: [], keys: files.map((sha256) => ({ path: 'x', sha256 })) },
      NOW,
    ).kind;
  expect([kindOf(null), kindOf('a'), kindOf('a', 'b'), kindOf('a', 'b', 'a')]).toEqual(['trusted', 'refused', 'refused', 'trusted']);
});

it('a refused index comes with what to type, and times without fractions of a second', () => {
  const judged = judgeIndex(
    claim({ newestSeen: Date.UTC(2026, 10, 28, 1, 2, 3, 456), release: { ...claim().release, date: NOW - 1 } }),
    NOBODY,
    NOW,
  );
  expect(judged).toEqual({
    kind: 'refused',
    reason: 'it is of 2026-11-27T23:59:59Z, older than the one of 2026-11-28T01:02:03Z that this mirror had before',
    advice: `to use this mirror anyway: --trust-mirror ${BASE}, or COREMATRIX_TRUST_MIRRORS=${BASE}`,
  });
});

it('an index that is not signed is trusted only if the user accepts its mirror, though nothing else is wrong', () => {
  const unsigned = claim({
    signature: { kind: 'unchecked', reason: 'it is not signed' },
    release: { ...claim().release, validUntil: null },
  });
  expect([judgeIndex(unsigned, NOBODY, NOW).kind, judgeIndex(unsigned, { accepted: [BASE], keys: [] }, NOW)]).toEqual([
    'refused',
    { kind: 'trusted', trust: { kind: 'accepted', mirror: BASE, reason: 'it is not signed' } },
  ]);
});

it('the first index of a suite may have any date', () => {
  const release = { ...claim().release, date: -1, validUntil: null };
  expect(judgeIndex(claim({ release }), NOBODY, NOW).kind).toBe('trusted');
});

it('an index is refused only if it is older than the newest one that was seen', () => {
  const kindOf = (date: number, newestSeen: number | null) =>
    judgeIndex(claim({ newestSeen, release: { ...claim().release, date, validUntil: null } }), NOBODY, NOW).kind;
  expect([kindOf(5, null), kindOf(5, 4), kindOf(5, 5), kindOf(5, 6)]).toEqual(['trusted', 'trusted', 'trusted', 'refused']);
});

it('only a verified index shows that it is of another distribution, also on a mirror that the user trusts', () => {
  const release = { ...claim().release, origin: 'Other', validUntil: null };
  const unsigned = { kind: 'unchecked', reason: 'it is not signed' } as const;
  const accepting = { accepted: [BASE], keys: [] };
  const refused = (reason: string) => ({
    kind: 'refused',
    reason: `its Origin is not Debian, and ${reason}`,
    advice: 'see whether the network asks for a login, or name a Debian mirror: --mirror URL',
  });
  const bad = { kind: 'bad', reason: 'the signature of key 1 does not match the text' } as const;
  expect([
    judgeIndex(claim({ release }), NOBODY, NOW),
    judgeIndex(claim({ release }), accepting, NOW),
    judgeIndex(claim({ release, signature: unsigned }), NOBODY, NOW),
    judgeIndex(claim({ release, signature: unsigned }), accepting, NOW),
    judgeIndex(claim({ release, name: 'trixie' }), NOBODY, NOW),
    judgeIndex(claim({ release: { ...release, origin: 'Debian Security' } }), NOBODY, NOW).kind,
    judgeIndex(claim({ release, signature: bad }), accepting, NOW),
  ]).toEqual([
    { kind: 'foreign' },
    { kind: 'foreign' },
    refused('it is not signed'),
    refused('it is not signed'),
    refused('it is the index of another suite: sid'),
    'trusted',
    {
      kind: 'refused',
      reason: 'the signature of key 1 does not match the text; the mirror, or the connection to it, cannot be trusted',
      advice: null,
    },
  ]);
});
