// The current suites of an archive, from their Release files. They are verified, cached for some hours, and used longer if the mirror is down.
import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { z } from 'zod';
import { InfraError, messageOf } from '../../../harness/base/errors.ts';
import { parseCached, unfinishedPath, writeFileAtomic } from '../../../harness/base/files.ts';
import { download } from '../../download/download.ts';
import { debianMirrors, type Mirror } from './mirror.ts';
import type { DebianOptions } from './options.ts';
import { parseRelease, type Release } from './release.ts';
import { verifyInRelease } from './signature.ts';
import { suitesOf } from './suites.ts';
import type { Trust } from '../trust.ts';

/** A suite that exists on a mirror. */
export interface Suite extends Release {
  name: string;
  mirror: Mirror;
  trust: Trust;
}

const FRESH_MS = 6 * 60 * 60 * 1000;
const REQUESTS = 6;

const record = z.strictObject({
  format: z.literal(1),
  checkedAt: z.number(),
  /** Null if the mirror has no such suite. */
  release: z
    .strictObject({
      origin: z.string(),
      byHash: z.boolean(),
      indexes: z.record(z.string(), z.strictObject({ size: z.number(), sha256: z.string().regex(/^[0-9a-f]{64}$/) })),
    })
    .nullable(),
  /** Why the signature was not checked; null if it is good. */
  unchecked: z.string().nullable(),
});
type SuiteRecord = z.infer<typeof record>;

interface Wanted {
  mirror: Mirror;
  name: string;
  /** The file of its record in the cache. */
  path: string;
}

function wantedSuites(mirrors: readonly Mirror[], cache: string): Wanted[] {
  return mirrors.flatMap((mirror) =>
    suitesOf(mirror.archive).map((name) => {
      const key = createHash('sha256').update(`${mirror.base}/dists/${name}`).digest('hex').slice(0, 16);
      return { mirror, name, path: join(cache, 'debian', 'suites', `${name}-${key}.json`) };
    }),
  );
}

async function readRecord(path: string): Promise<SuiteRecord | null> {
  const text = await readFile(path, 'utf8').catch(() => null);
  const parsed = record.safeParse(text === null ? null : parseCached(text));
  return parsed.success ? parsed.data : null;
}

function trustOf({ unchecked }: SuiteRecord): Trust {
  return unchecked === null ? { kind: 'signed' } : { kind: 'unverified', reason: unchecked };
}

/** The errors of unreachable hosts. One failure is enough: each further request would take seconds. */
type Unreachable = Map<string, InfraError>;

async function fetchInRelease(url: string, target: string, unreachable: Unreachable, signal: AbortSignal | undefined) {
  const { host } = new URL(url);
  const before = unreachable.get(host);
  if (before) throw before;
  try {
    return await download({ url, target, expected: null, signal, stallMs: 10_000, tries: 3 });
  } catch (error) {
    if (error instanceof InfraError) unreachable.set(host, error);
    throw error;
  }
}

async function fetchRecord({ mirror, name, path }: Wanted, unreachable: Unreachable, options: DebianOptions): Promise<SuiteRecord> {
  const url = `${mirror.base}/dists/${name}/InRelease`;
  const target = unfinishedPath(path);
  const checkedAt = Date.now();
  try {
    const result = await fetchInRelease(url, target, unreachable, options.signal);
    if (result.kind === 'absent') return { format: 1, checkedAt, release: null, unchecked: null };
    const { signature, content } = await verifyInRelease(await readFile(target, 'utf8'));
    if (signature.kind === 'bad')
      throw new InfraError(`${url}: ${signature.reason}; the mirror, or the connection to it, cannot be trusted`);
    const release = parseRelease(content);
    const isDebian = release.origin.startsWith('Debian');
    return { format: 1, checkedAt, release: isDebian ? release : null, unchecked: signature.kind === 'good' ? null : signature.reason };
  } finally {
    await rm(target, { force: true });
  }
}

/** A suite with its record, or with the error. */
type Outcome = { wanted: Wanted; record: SuiteRecord; stale: string | null } | { wanted: Wanted; record: null; error: unknown };

async function lookUp(wanted: Wanted, unreachable: Unreachable, options: DebianOptions): Promise<Outcome> {
  const known = await readRecord(wanted.path);
  const age = known ? Date.now() - known.checkedAt : Infinity;
  if (known && options.refresh !== true && age >= 0 && age < FRESH_MS) return { wanted, record: known, stale: null };
  try {
    const fetched = await fetchRecord(wanted, unreachable, options);
    await writeFileAtomic(wanted.path, JSON.stringify(fetched));
    return { wanted, record: fetched, stale: null };
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!(error instanceof InfraError)) throw error;
    return known ? { wanted, record: known, stale: messageOf(error) } : { wanted, record: null, error };
  }
}

function tell(outcomes: readonly Outcome[], note: (text: string) => void): void {
  const stale = outcomes.find((outcome) => outcome.record !== null && outcome.stale !== null);
  if (stale?.record && stale.stale !== null) {
    const since = new Date(stale.record.checkedAt).toISOString();
    note(`the Debian mirror cannot be read; its indexes of ${since} are used (${stale.stale})`);
  }
  const failed = outcomes.flatMap((outcome) => (outcome.record === null ? [outcome] : []));
  const [first] = failed;
  if (first) note(`${failed.length} suites cannot be read; kernels that only they have are missing (${messageOf(first.error)})`);
  const reasons = new Set(outcomes.flatMap((outcome) => outcome.record?.unchecked ?? []));
  for (const reason of reasons) note(`signatures of Debian indexes are not checked: ${reason}`);
}

/**
 * Every suite of every mirror, the mirrors in their order. A suite that two mirrors of one archive have comes from the first.
 * For a suite that cannot be read, or whose signature is bad, the last known record is used, or the suite is left out; a note says so.
 * @throws UserError if no mirror is configured; InfraError if no suite can be read and none is in the cache
 */
export async function readSuites(options: DebianOptions): Promise<Suite[]> {
  const mirrors = await debianMirrors(options.mirrors);
  const limit = pLimit(REQUESTS);
  const unreachable: Unreachable = new Map();
  const outcomes = await Promise.all(
    wantedSuites(mirrors, options.cache).map(async (wanted) => limit(async () => lookUp(wanted, unreachable, options))),
  );
  if (outcomes.every((outcome) => outcome.record === null)) {
    throw outcomes.find((outcome) => outcome.record === null)?.error ?? new InfraError('no Debian suite can be read');
  }
  tell(outcomes, options.onNote ?? (() => {}));
  const suites = outcomes.flatMap(({ wanted, record: found }): Suite[] =>
    found?.release ? [{ name: wanted.name, mirror: wanted.mirror, trust: trustOf(found), ...found.release }] : [],
  );
  return suites.filter(
    (suite, index) => suites.findIndex((other) => other.name === suite.name && other.mirror.archive === suite.mirror.archive) === index,
  );
}
