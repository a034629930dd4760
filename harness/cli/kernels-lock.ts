// `corematrix kernels lock|outdated|update`: the packages that a lock file pins, and those of the mirror.
import type { Command } from 'commander';
import { cacheRoot, writeFileAtomic } from '../base/files.ts';
import { type KernelEvent, planKernels } from '../../kernels/catalogue.ts';
import type { KernelPackage } from '../../kernels/sources/debian/packages.ts';
import { formatLock, type KernelLock, readLock } from '../../kernels/lock.ts';
import { comparePins, type PinChange } from '../../kernels/outdated.ts';
import { escapedJson } from '../../reports/json.ts';
import { plural } from '../base/text.ts';
import { UserError } from '../base/errors.ts';
import { EXIT } from './exit.ts';
import { addHelp } from './help.ts';
import { untilInterrupted } from './interrupt.ts';
import { writeLine } from './lines.ts';
import { table } from './table.ts';

const DEFAULT_LOCK = 'kernels.lock.json';

interface LockOptions {
  lock: string;
  refresh?: boolean;
  json?: boolean;
}

function writeNote(event: KernelEvent): void {
  if (event.kind === 'note') writeLine(process.stderr, event.text);
}

/** The packages that selectors mean on the mirror now, regardless of pins. */
async function currentPackages(selectors: readonly string[], refresh: boolean | undefined, signal: AbortSignal): Promise<KernelPackage[]> {
  const planned = await planKernels(selectors, { cache: cacheRoot(), refresh, signal, onProgress: writeNote });
  return planned.map(({ selector, source }) => {
    if (source.kind !== 'debian') throw new UserError(`${selector}: only debian: kernels can be pinned`);
    return source.candidates[0];
  });
}

/** Without selectors, the newest of every series for each architecture and flavour that is pinned. */
function selectorsOf(lock: KernelLock): string[] {
  return [...new Set(lock.packages.map(({ arch, flavour }) => `debian:all/${arch}/${flavour}`))];
}

async function pin(selectors: string[], options: { out: string; refresh?: boolean }): Promise<void> {
  await untilInterrupted(async (signal) => {
    const packages = await currentPackages(selectors.length > 0 ? selectors : ['debian:all'], options.refresh, signal);
    await writeFileAtomic(options.out, formatLock(packages));
    writeLine(process.stderr, `${options.out}: ${packages.length} kernels pinned`);
  });
}

const title = (one: KernelPackage | null) => (one === null ? '-' : `${one.name} ${one.version}`);

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

async function changesOf(selectors: readonly string[], options: LockOptions, signal: AbortSignal) {
  const lock = await readLock(options.lock);
  const current = await currentPackages(selectors.length > 0 ? selectors : selectorsOf(lock), options.refresh, signal);
  return { lock, changes: comparePins(lock.packages, current, selectors.length === 0) };
}

async function outdated(selectors: string[], options: LockOptions): Promise<void> {
  await untilInterrupted(async (signal) => {
    const { changes } = await changesOf(selectors, options, signal);
    show(changes, options.json);
    if (changes.length === 0) writeLine(process.stderr, `${options.lock}: up to date`);
    else process.exitCode = EXIT.incompatible;
  });
}

async function update(selectors: string[], options: LockOptions & { dryRun?: boolean }): Promise<void> {
  await untilInterrupted(async (signal) => {
    const { lock, changes } = await changesOf(selectors, options, signal);
    show(changes, options.json);
    const replaced = new Set(changes.flatMap(({ pinned }) => (pinned ? [pinned] : [])));
    const kept = lock.packages.filter((one) => !replaced.has(one));
    const added = changes.flatMap(({ current }) => (current ? [current] : []));
    if (changes.length === 0) writeLine(process.stderr, `${options.lock}: up to date`);
    else if (options.dryRun === true) writeLine(process.stderr, `${options.lock}: not changed (--dry-run)`);
    else {
      await writeFileAtomic(options.lock, formatLock([...kept, ...added]));
      writeLine(process.stderr, `${options.lock}: ${plural(changes.length, 'change')} written`);
    }
  });
}

/** Adds the commands about lock files to `kernels`. */
export function addLockCommands(kernels: Command, selectors: string): void {
  const lock = kernels
    .command('lock')
    .summary('pin kernels in a lock file')
    .description('Writes the packages that the selectors mean now to a lock file: their paths and digests, but no mirror.')
    .argument('[selector...]', selectors)
    .option('-o, --out <file>', 'lock file to write', DEFAULT_LOCK)
    .option('--refresh', 'download the kernel indexes again')
    .action(pin);
  addHelp(lock, {
    exit: { asExpected: 'written', infrastructure: 'the kernel indexes cannot be downloaded' },
    examples: ['corematrix kernels lock', 'corematrix kernels lock debian:5.10 debian:6.12 -o kernels.lock.json'],
  });
  const ofLock = (name: string) =>
    kernels
      .command(name)
      .argument('[selector...]', 'only kernels of these selectors (default: the newest kernel of every series, and removed series)')
      .option('--lock <file>', 'lock file', DEFAULT_LOCK)
      .option('--refresh', 'download the kernel indexes again')
      .option('--json', 'write the changes to standard output as JSON');
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
