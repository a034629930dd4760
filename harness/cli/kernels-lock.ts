// `corematrix kernels lock|outdated|update`: the packages that a lock file pins, and those of the mirror.
import type { Command } from 'commander';
import { cacheRoot } from '../base/files.ts';
import { checkOutputFile, type OutputFile, writeOutputFile } from '../base/output-file.ts';
import { compareLock, entriesOf, formatLock, isLock, LOCK_FILE, readLock, selectorsOfLock } from '../../kernels/lock.ts';
import { planKernels } from '../../kernels/plan.ts';
import { DEFAULT_SELECTOR } from '../../kernels/registry.ts';
import type { PinChange, PinFacts } from '../../kernels/sources/lock.ts';
import type { KernelLock } from '../../kernels/sources/locked-entries.ts';
import type { KernelEvent } from '../../kernels/sources/options.ts';
import { escapedJson } from '../../reports/json.ts';
import { plural } from '../base/text.ts';
import { EXIT } from './exit-codes.ts';
import { addHelp } from './help.ts';
import { untilInterrupted } from './interrupt.ts';
import { writeLine } from './lines.ts';
import { table } from './table.ts';
import { addTrustOptions, type TrustFlags, sourcesOf } from './trust-options.ts';

const DEFAULT_LOCK = 'kernels.lock.json';

/** How the indexes are read. */
interface IndexOptions extends TrustFlags {
  refresh?: boolean;
}

interface LockOptions extends IndexOptions {
  lock: string;
  json?: boolean;
}

function writeNote(event: KernelEvent): void {
  if (event.kind === 'note') writeLine(process.stderr, event.text);
}

/** The kernels that selectors mean now, regardless of pins, as entries of a lock file. */
async function currentEntries(selectors: readonly string[], options: IndexOptions, signal: AbortSignal): Promise<KernelLock['entries']> {
  const { refresh } = options;
  const reading = { cache: cacheRoot(), refresh, ...sourcesOf(options), signal, onProgress: writeNote };
  return entriesOf(await planKernels(selectors, reading), reading);
}

const lockAt = (path: string, force?: boolean): OutputFile => ({ path, ...LOCK_FILE, isOurs: isLock, force });

async function pin(selectors: string[], options: IndexOptions & { out: string; force?: boolean }): Promise<void> {
  const file = lockAt(options.out, options.force === true);
  await checkOutputFile(file);
  await untilInterrupted(async (signal) => {
    const entries = await currentEntries(selectors.length > 0 ? selectors : [DEFAULT_SELECTOR], options, signal);
    await writeOutputFile(file, await formatLock(entries));
    writeLine(process.stderr, `${options.out}: ${plural(Object.values(entries).flat().length, 'kernel')} pinned`);
  });
}

const title = (one: PinFacts | null) => (one === null ? '-' : `${one.name} ${one.version}`);

function show(changes: readonly PinChange[], json: boolean | undefined): void {
  if (json === true) {
    process.stdout.write(escapedJson(`${JSON.stringify(changes, null, 2)}\n`));
    return;
  }
  const rows = changes.map(({ change, series, arch, flavour, pinned, current }) => [
    `${series}/${arch}/${flavour}`,
    change,
    title(pinned),
    title(current),
  ]);
  if (rows.length > 0) process.stdout.write(table([['KERNEL', 'CHANGE', 'PINNED', 'ON THE MIRROR'], ...rows]));
}

/** Without selectors, the newest of every series for each architecture and flavour that is pinned. */
async function comparisonOf(selectors: readonly string[], options: LockOptions, signal: AbortSignal) {
  const lock = await readLock(options.lock);
  const isAll = selectors.length === 0;
  const current = await currentEntries(isAll ? await selectorsOfLock(lock) : selectors, options, signal);
  return compareLock(lock, current, isAll);
}

async function outdated(selectors: string[], options: LockOptions): Promise<void> {
  await untilInterrupted(async (signal) => {
    const { changes } = await comparisonOf(selectors, options, signal);
    show(changes, options.json);
    if (changes.length === 0) writeLine(process.stderr, `${options.lock}: up to date`);
    else process.exitCode = EXIT.incompatible;
  });
}

async function update(selectors: string[], options: LockOptions & { dryRun?: boolean }): Promise<void> {
  await untilInterrupted(async (signal) => {
    const { changes, updated } = await comparisonOf(selectors, options, signal);
    show(changes, options.json);
    if (changes.length === 0) writeLine(process.stderr, `${options.lock}: up to date`);
    else if (options.dryRun === true) writeLine(process.stderr, `${options.lock}: not changed (--dry-run)`);
    else {
      await writeOutputFile(lockAt(options.lock), await formatLock(updated));
      writeLine(process.stderr, `${options.lock}: ${plural(changes.length, 'change')} written`);
    }
  });
}

/** Adds the commands about lock files to `kernels`. */
export function addLockCommands(kernels: Command, selectors: string): void {
  const lock = kernels
    .command('lock')
    .summary('pin kernels in a lock file')
    .description(
      'Writes the packages that the selectors mean now to a lock file, with the packages of their configuration and modules: paths and digests, but no mirror.',
    )
    .argument('[selector...]', selectors)
    .option('-o, --out <file>', 'lock file to write; an earlier lock file is replaced', DEFAULT_LOCK)
    .option('--force', 'replace a file that is not a lock file')
    .option('--refresh', 'download the kernel indexes again')
    .action(pin);
  addTrustOptions(lock);
  addHelp(lock, {
    exit: { asExpected: 'written', infrastructure: 'the kernel indexes cannot be downloaded' },
    examples: ['corematrix kernels lock', 'corematrix kernels lock debian:5.10 debian:6.12 -o kernels.lock.json'],
  });
  const ofLock = (name: string) =>
    addTrustOptions(
      kernels
        .command(name)
        .argument('[selector...]', 'only kernels of these selectors (default: the newest kernel of every series, and removed series)')
        .option('--lock <file>', 'lock file', DEFAULT_LOCK)
        .option('--refresh', 'download the kernel indexes again')
        .option('--json', 'write the changes to standard output as JSON'),
    );
  const compared = ofLock('outdated')
    .summary('list what the mirror has that a lock file does not pin')
    .description('Compares a lock file with the mirror: newer packages, new series, and removed series.')
    .action(outdated);
  addHelp(compared, {
    exit: { asExpected: 'up to date', incompatible: 'outdated', infrastructure: 'the kernel indexes cannot be downloaded' },
    examples: ['corematrix kernels outdated', 'corematrix kernels outdated debian:6.12 --json'],
  });
  const updated = ofLock('update')
    .summary('bring a lock file up to date')
    .description('Shows the difference and writes it. A series that the mirror no longer has is removed from the lock file.')
    .option('--dry-run', 'only show the difference')
    .action(update);
  addHelp(updated, {
    exit: { asExpected: 'up to date, or written', infrastructure: 'the kernel indexes cannot be downloaded' },
    examples: ['corematrix kernels update', 'corematrix kernels update --dry-run'],
  });
}
