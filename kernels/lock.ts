// The lock file: the exact kernels of a matrix, by source. It has digests, never the address of a mirror.
import { jsonFaultWords } from '../harness/base/json-faults.ts';
import { z } from 'zod';
import { UserError } from '../harness/base/errors.ts';
import { parseJson } from '../harness/base/json.ts';
import { checkUserFile, type FileLimit, readUserFile } from '../harness/base/user-file.ts';
import type { PlannedKernel, RegisteredSource } from './registered.ts';
import { SOURCES } from './registry.ts';
import type { PinChange, SourceLock } from './sources/lock.ts';
import type { KernelLock } from './sources/locked-entries.ts';
import type { KernelOptions } from './sources/options.ts';

const LOCK_VERSION = 1;
/** Tens of thousands of kernels. */
export const LOCK_FILE = { kind: 'a lock file', maxBytes: 16 << 20 } as const satisfies FileLimit;
const NO_LOCK = 'no such lock file; "corematrix kernels lock" makes one';
const lockFile = z.object({ lockVersion: z.literal(LOCK_VERSION) }).catchall(z.array(z.unknown()));

type Entries = KernelLock['entries'];

interface LockableSource {
  source: RegisteredSource;
  lock: SourceLock;
}

/** The sources whose kernels can be pinned. */
async function lockableSources(): Promise<LockableSource[]> {
  const all = await Promise.all(SOURCES.map(async (source) => ({ source, lock: await source.lock() })));
  return all.flatMap(({ source, lock }) => (lock === null ? [] : [{ source, lock }]));
}

function checkEntries(lock: SourceLock, entries: readonly unknown[], place: string): void {
  for (const [index, entry] of entries.entries()) {
    try {
      lock.check(entry);
    } catch (error) {
      throw error instanceof UserError ? new UserError(`${place}.${index}: ${error.message}`, { cause: error }) : error;
    }
  }
}

/**
 * Reads the text of a lock file.
 * @param path its name in errors
 * @throws UserError with the place of the fault and the expected value
 */
export async function parseLock(text: string, path: string): Promise<KernelLock> {
  const json = parseJson(text);
  if (!json.ok) throw new UserError(`${path}:${json.line}:${json.column}: not JSON: ${json.problem}`);
  const parsed = lockFile.safeParse(json.value, { error: jsonFaultWords });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UserError(`${path}: ${issue?.path.join('.') || 'top level'}: ${issue?.message ?? 'not a lock file'}`);
  }
  const { lockVersion: _, ...entries } = parsed.data;
  const sources = await lockableSources();
  for (const [name, own] of Object.entries(entries)) {
    const found = sources.find(({ source }) => source.name === name);
    if (!found) throw new UserError(`${path}: ${name}: no kernel source of this version has that name and can be pinned`);
    checkEntries(found.lock, own, `${path}: ${name}`);
  }
  return { path, entries };
}

/** Whether a text is that of a lock file, of this version or another one, with entries of any source. */
export function isLock(text: string): boolean {
  const json = parseJson(text);
  return json.ok && z.object({ lockVersion: z.number() }).catchall(z.array(z.unknown())).safeParse(json.value).success;
}

/**
 * Reads a lock file.
 * @throws UserError if the file is missing or damaged
 */
export async function readLock(path: string): Promise<KernelLock> {
  return parseLock((await readUserFile(path, { ...LOCK_FILE, missing: NO_LOCK })).toString(), path);
}

/**
 * Checks that a lock file can be read.
 * @param shown its name in errors
 * @throws UserError if the file is missing or is none
 */
export async function checkLockFile(path: string, shown: string): Promise<void> {
  await checkUserFile(path, { ...LOCK_FILE, missing: NO_LOCK, shown });
}

/** The text of a lock file with these entries, for each source in version order. */
export async function formatLock(entries: Entries): Promise<string> {
  const sources = await lockableSources();
  const sorted = sources.flatMap(({ source: { name }, lock }) => (entries[name]?.length ? [[name, lock.sorted(entries[name])]] : []));
  return `${JSON.stringify({ lockVersion: LOCK_VERSION, ...Object.fromEntries(sorted) }, null, 2)}\n`;
}

/**
 * The entries that pin planned kernels with every file that they need.
 * @throws UserError for a kernel that cannot be pinned; InfraError if its source cannot be read
 */
export async function entriesOf(planned: readonly PlannedKernel[], options: KernelOptions): Promise<Entries> {
  const sources = await lockableSources();
  const unpinnable = planned.find(({ pin }) => pin === null);
  if (unpinnable) throw new UserError(`${unpinnable.selector}: kernels of ${unpinnable.source}: cannot be pinned`);
  const pinsOf = async ({ source: { name }, lock }: LockableSource) => {
    const pins = planned.flatMap(({ source, pin }) => (source === name && pin ? [pin] : []));
    return [name, await Promise.all(pins.map(async (pin) => lock.complete(pin, options)))] as const;
  };
  return Object.fromEntries(await Promise.all(sources.map(pinsOf)));
}

/** Selectors for the newest kernel of every series that a lock file pins. */
export async function selectorsOfLock({ entries }: KernelLock): Promise<string[]> {
  const sources = await lockableSources();
  return sources.flatMap(({ source: { name }, lock }) => lock.selectors(entries[name] ?? []).map((value) => `${name}:${value}`));
}

/** A lock file compared with the current kernels of its sources. */
export interface LockComparison {
  changes: PinChange[];
  /** The entries after the changes. */
  updated: Entries;
}

/**
 * The changes that pin the current kernels instead.
 * @param isAll whether `current` is everything that the sources have, so that a pinned series that is missing there is `gone`
 */
export async function compareLock({ entries }: KernelLock, current: Entries, isAll: boolean): Promise<LockComparison> {
  const sources = await lockableSources();
  const bySource = sources.map(({ source: { name }, lock }) => {
    const comparison = { pinned: entries[name] ?? [], current: current[name] ?? [], isAll };
    return { name, changes: lock.changes(comparison), updated: lock.updated(comparison) };
  });
  return {
    changes: bySource.flatMap(({ changes }) => changes),
    updated: Object.fromEntries(bySource.map(({ name, updated }) => [name, updated])),
  };
}
