// The suites of an archive that may be used: their Release files are downloaded, judged, cached for some hours, and used longer if the
// mirror is down.
import { rm } from 'node:fs/promises';
import pLimit from 'p-limit';
import { readAnySize } from '../../../harness/base/cached-file.ts';
import { InfraError, messageOf } from '../../../harness/base/errors.ts';
import { unfinishedPath, writeFileAtomic } from '../../../harness/base/files.ts';
import { download } from '../../download/download.ts';
import { mirrorTrust } from '../../trust/mirror-trust.ts';
import type { MirrorTrust, Trust } from '../../trust/trust.ts';
import { type IndexJudgement, judgeIndex } from './index-trust.ts';
import { findKeyrings, type Keyring } from './keyring.ts';
import { debianMirrors, type Mirror } from './mirror.ts';
import type { DebianOptions } from './options.ts';
import { parseRelease, type Release } from './release.ts';
import { newestSeen, rememberSeen } from './seen-dates.ts';
import { MAX_RELEASE_BYTES, verifyInRelease } from './signature.ts';
import { readRecord, type SuiteRecord, wantedSuites, type WantedSuite } from './suite-record.ts';

/** A suite that exists on a mirror and whose index is trusted. */
export interface Suite extends Release {
  name: string;
  mirror: Mirror;
  trust: Trust;
}

/** The trust of a run and the errors of unreachable hosts. One failure of a host is enough: each further request would take seconds. */
interface Lookup extends DebianOptions {
  policy: MirrorTrust;
  keyrings: () => Promise<readonly Keyring[]>;
  unreachable: Map<string, InfraError>;
}

const FRESH_MS = 6 * 60 * 60 * 1000;
const REQUESTS = 6;

async function fetchInRelease({ mirror, name }: WantedSuite, target: string, { unreachable, signal, policy }: Lookup) {
  const url = `${mirror.base}/dists/${name}/InRelease`;
  const { host } = new URL(url);
  const before = unreachable.get(host);
  if (before) throw before;
  // The user vouches for the mirror, not for those to whom it redirects.
  const hosts = policy.accepted.includes(mirror.base) ? 'own' : 'any';
  try {
    return await download({ url, target, expected: null, signal, hosts, maxBytes: MAX_RELEASE_BYTES, stallMs: 10_000, tries: 3 });
  } catch (error) {
    if (error instanceof InfraError) unreachable.set(host, error);
    throw error;
  }
}

async function fetchRecord(wanted: WantedSuite, lookup: Lookup): Promise<SuiteRecord> {
  const target = unfinishedPath(wanted.path);
  const checkedAt = Date.now();
  try {
    const result = await fetchInRelease(wanted, target, lookup);
    if (result.kind === 'absent') return { format: 2, checkedAt, found: null };
    const { signature, content } = await verifyInRelease((await readAnySize(target)).toString(), await lookup.keyrings());
    return { format: 2, checkedAt, found: { release: parseRelease(content), signature } };
  } finally {
    await rm(target, { force: true });
  }
}

/**
 * A suite as this run may use it, or why it may not. `suite` is null if the mirror has no such suite, or a verified index is not Debian's.
 * `gone`: the mirror has no such suite, but had a verified index of it before.
 */
type Outcome =
  | { kind: 'usable'; wanted: WantedSuite; suite: Suite | null; stale: { since: number; reason: string } | null }
  | { kind: 'refused'; wanted: WantedSuite; judgement: Extract<IndexJudgement, { kind: 'refused' }> }
  | { kind: 'gone'; wanted: WantedSuite }
  | { kind: 'failed'; wanted: WantedSuite; error: InfraError };

async function judge(
  wanted: WantedSuite,
  { found }: SuiteRecord,
  { policy, cache }: Lookup,
): Promise<Exclude<Outcome, { kind: 'failed' }>> {
  const { mirror, name, key } = wanted;
  const newest = await newestSeen(cache, key);
  const none = { kind: 'usable', wanted, suite: null, stale: null } as const;
  if (found === null) return newest === null ? none : { kind: 'gone', wanted };
  const judgement = judgeIndex({ mirror, name, ...found, newestSeen: newest }, policy, Date.now());
  if (judgement.kind === 'refused') return { kind: 'refused', wanted, judgement };
  if (judgement.kind === 'foreign') return none;
  return { kind: 'usable', wanted, suite: { name, mirror, trust: judgement.trust, ...found.release }, stale: null };
}

/** Only a trusted record replaces an older one. That a suite does not exist is kept only if the mirror never had a verified index of it. */
async function fetchAndJudge(wanted: WantedSuite, lookup: Lookup): Promise<Outcome> {
  try {
    const fetched = await fetchRecord(wanted, lookup);
    const outcome = await judge(wanted, fetched, lookup);
    if (outcome.kind !== 'usable') return outcome;
    await writeFileAtomic(wanted.path, JSON.stringify(fetched));
    if (outcome.suite?.trust.kind === 'signed') await rememberSeen(lookup.cache, wanted.key, outcome.suite.date ?? 0);
    return outcome;
  } catch (error) {
    lookup.signal?.throwIfAborted();
    if (!(error instanceof InfraError)) throw error;
    return { kind: 'failed', wanted, error };
  }
}

function reasonOf(outcome: Extract<Outcome, { kind: 'failed' | 'refused' }>): string {
  if (outcome.kind === 'failed') return messageOf(outcome.error);
  return `the index of ${outcome.wanted.mirror.base} ${outcome.wanted.name} is refused: ${outcome.judgement.reason}`;
}

/** The record in the cache is used while it is recent, and if the mirror has nothing better. It is judged like a new one. */
async function lookUp(wanted: WantedSuite, lookup: Lookup): Promise<Outcome> {
  const record = await readRecord(wanted.path);
  const known = record && { since: record.checkedAt, outcome: await judge(wanted, record, lookup) };
  const age = known ? Date.now() - known.since : Infinity;
  if (known?.outcome.kind === 'usable' && lookup.refresh !== true && age >= 0 && age < FRESH_MS) return known.outcome;
  const current = await fetchAndJudge(wanted, lookup);
  if (current.kind === 'usable' || current.kind === 'gone' || known === null) return current;
  const { since, outcome } = known;
  if (outcome.kind === 'refused') return current.kind === 'failed' ? outcome : current;
  // A refusal is more than a record without a suite.
  if (outcome.kind === 'gone' || (current.kind === 'refused' && outcome.suite === null)) return current;
  return { ...outcome, stale: { since, reason: reasonOf(current) } };
}

/** The refusals of suites, grouped by mirror and reason, each as one sentence that says what to type. */
function refusals(outcomes: readonly Outcome[]): string[] {
  const grouped = new Map<string, { suites: string[]; text: string }>();
  for (const outcome of outcomes) {
    if (outcome.kind !== 'refused') continue;
    const { wanted, judgement } = outcome;
    const text = `${judgement.reason}${judgement.advice === null ? '' : ` (${judgement.advice})`}`;
    const key = `${wanted.mirror.base} ${text}`;
    grouped.set(key, { suites: [...(grouped.get(key)?.suites ?? []), `${wanted.mirror.base} ${wanted.name}`], text });
  }
  return [...grouped.values()].map(({ suites: [first = '', ...others], text }) => {
    const names = [first, ...others.map((name) => name.slice(name.lastIndexOf(' ') + 1))].join(', ');
    return `the index of ${names} is refused: ${text}`;
  });
}

/** The suites that a mirror had before, as one sentence for each mirror. */
function losses(outcomes: readonly Outcome[]): string[] {
  const gone = outcomes.flatMap((outcome) => (outcome.kind === 'gone' ? [outcome.wanted] : []));
  return [...new Set(gone.map(({ mirror }) => mirror.base))].map((base) => {
    const names = gone.flatMap(({ mirror, name }) => (mirror.base === base ? [name] : []));
    return `${base} no longer has these suites: ${names.join(', ')}; kernels that only they have are missing`;
  });
}

/** The mirrors that are used although they cannot be verified. */
function exceptions(suites: readonly Suite[]): string[] {
  const texts = suites.flatMap(({ trust }) =>
    trust.kind === 'accepted' ? [`${trust.mirror} is used although it cannot be verified, as you asked: ${trust.reason}`] : [],
  );
  return [...new Set(texts)];
}

/** The suites that can be used. */
function suitesIn(outcomes: readonly Outcome[]): Suite[] {
  return outcomes.flatMap((outcome) => (outcome.kind === 'usable' ? (outcome.suite ?? []) : []));
}

/** The part of a reason that names its suite: in an address, or behind the mirror. */
const SUITE_NAME = /\/dists\/[^/\s]+|(?<=the index of \S+ )\S+/;

/** Every reason in its order. Of those that differ only in the suite, the first. */
function distinct(reasons: readonly string[]): string {
  const first = new Map<string, string>();
  for (const reason of reasons) {
    const key = reason.replace(SUITE_NAME, '');
    if (!first.has(key)) first.set(key, reason);
  }
  return [...first.values()].join('; ');
}

function tell(outcomes: readonly Outcome[], note: (text: string) => void): void {
  const stale = outcomes.flatMap((outcome) => (outcome.kind === 'usable' ? (outcome.stale ?? []) : []));
  if (stale.length > 0) {
    const since = new Date(Math.min(...stale.map((each) => each.since))).toISOString();
    note(`the Debian mirror cannot be read; its indexes of ${since} are used (${distinct(stale.map(({ reason }) => reason))})`);
  }
  const failed = outcomes.flatMap((outcome) => (outcome.kind === 'failed' ? [messageOf(outcome.error)] : []));
  if (failed.length > 0) note(`${failed.length} suites cannot be read; kernels that only they have are missing (${distinct(failed)})`);
  for (const text of [...refusals(outcomes), ...losses(outcomes), ...exceptions(suitesIn(outcomes))]) note(text);
}

/**
 * Every suite of every mirror whose index is trusted, the mirrors in their order. A suite that two mirrors of one archive have comes from
 * the first. For a suite that cannot be read or is refused, the last known index is used if it is still trusted; otherwise the suite is
 * left out, as is one that the mirror no longer has. Notes report all of them.
 * @throws UserError if no mirror is configured; InfraError if no suite can be used because of errors and refusals
 */
export async function readSuites(options: DebianOptions): Promise<Suite[]> {
  const mirrors = await debianMirrors(options.mirrors);
  const policy = await mirrorTrust(options.trust);
  const limit = pLimit(REQUESTS);
  let keyrings: Promise<readonly Keyring[]> | null = null;
  const lookup: Lookup = {
    ...options,
    policy,
    keyrings: async () => (keyrings ??= findKeyrings(policy)),
    unreachable: new Map(),
  };
  // All must end before an error is thrown: none may write to the cache after that.
  const settled = await Promise.allSettled(
    wantedSuites(mirrors, options.cache).map(async (wanted) => limit(async () => lookUp(wanted, lookup))),
  );
  const outcomes = settled.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
  const suites = suitesIn(outcomes);
  if (suites.length === 0) {
    const [refused] = refusals(outcomes);
    if (refused !== undefined) throw new InfraError(refused);
    const [error] = outcomes.flatMap((outcome) => (outcome.kind === 'failed' ? [outcome.error] : []));
    if (error) throw error;
    const [lost] = losses(outcomes);
    if (lost !== undefined) throw new InfraError(lost);
  }
  tell(outcomes, options.onNote ?? (() => {}));
  // The archives have no suite name in common.
  return suites.filter((suite, index) => suites.findIndex((other) => other.name === suite.name) === index);
}
