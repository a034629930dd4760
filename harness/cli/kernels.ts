// `corematrix kernels`: lists, downloads, pins and removes kernels. Data goes to stdout, progress to stderr.
import { dirname } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import pLimit from 'p-limit';
import { cacheRoot } from '../base/files.ts';
import { kernelsInCache } from '../../kernels/cache/cached-kernels.ts';
import { readLock } from '../../kernels/lock.ts';
import { meaningOfOffline } from '../../kernels/offline-selectors.ts';
import { planKernels } from '../../kernels/plan.ts';
import { type PrunedEntry, pruneCache } from '../../kernels/prune.ts';
import { type KernelImage, pullKernel } from '../../kernels/pull.ts';
import type { PlannedKernel } from '../../kernels/registered.ts';
import { DEFAULT_SELECTOR } from '../../kernels/registry.ts';
import { parseSelector } from '../../kernels/selector.ts';
import type { KernelEvent, KernelOptions } from '../../kernels/sources/options.ts';
import { escapedJson } from '../../reports/json.ts';
import { InfraError, messageOf, UserError } from '../base/errors.ts';
import { tryParseKernelVersion } from '../base/kernel-version.ts';
import { didYouMean } from '../base/similar.ts';
import { functionSymbols } from '../kernel-btf/function-symbols.ts';
import { readKernelTypes } from '../kernel-btf/kernels.ts';
import { indexFileOf } from '../kernel-btf/name-index-file.ts';
import { indexModules } from '../kernel-btf/package-names.ts';
import { reportError } from './exit.ts';
import { EXIT } from './exit-codes.ts';
import { addHelp } from './help.ts';
import { untilInterrupted } from './interrupt.ts';
import { addLockCommands } from './kernels-lock.ts';
import { writeLine } from './lines.ts';
import { mebibytes, pullProgress } from './pull-progress.ts';
import { SELECTOR_FORMS, SELECTOR_TABLE } from './selector-help.ts';
import { table } from './table.ts';
import { addTrustOptions, type TrustFlags, sourcesOf } from './trust-options.ts';

const PULLS = 3;
const KEEP_DAYS = 30;

interface SelectionOptions extends TrustFlags {
  lock?: string;
  frozen?: boolean;
  refresh?: boolean;
  json?: boolean;
}

interface PullOptions extends SelectionOptions {
  modules?: boolean;
}

interface Listed {
  id: string;
  version: string;
  series: string;
  arch: string;
  package: { name: string; version: string } | null;
  suites: readonly string[];
  /** Of the download, in bytes. */
  size: number | null;
  cached: boolean;
}

function json(value: unknown): string {
  return escapedJson(`${JSON.stringify(value, null, 2)}\n`);
}

async function kernelOptions(options: SelectionOptions, signal: AbortSignal, onProgress: (event: KernelEvent) => void) {
  if (options.frozen === true && options.lock === undefined)
    throw new UserError('--frozen needs --lock FILE: it takes only what that file pins');
  const lock = options.lock === undefined ? undefined : await readLock(options.lock);
  const { frozen, refresh } = options;
  return { cache: cacheRoot(), lock, frozen, refresh, ...sourcesOf(options), signal, onProgress };
}

function writeNote(event: KernelEvent): void {
  if (event.kind === 'note') writeLine(process.stderr, event.text);
}

async function describe(planned: PlannedKernel): Promise<Listed> {
  const { id, version, series, arch, package: listed } = planned;
  return {
    id,
    version,
    series,
    arch,
    package: listed && { name: listed.name, version: listed.version },
    suites: listed?.suites ?? [],
    size: listed?.size ?? null,
    cached: await planned.isCached(cacheRoot()),
  };
}

/** The failure of a mirror with the kernels that need none. */
async function withCached(error: unknown): Promise<unknown> {
  if (!(error instanceof InfraError)) return error;
  const { trusted } = await kernelsInCache(cacheRoot());
  const detail =
    trusted.length === 0
      ? 'the cache has no kernel'
      : `kernels in the cache, which "predict" and "explain" use without a mirror: ${trusted.map(({ release }) => release).join(', ')}`;
  return new InfraError(error.message, { detail, failure: error.failure, cause: error });
}

async function list(selectors: string[], options: SelectionOptions): Promise<void> {
  await untilInterrupted(async (signal) => {
    const from = await kernelOptions(options, signal, writeNote);
    const planned = await planKernels(selectors.length > 0 ? selectors : [DEFAULT_SELECTOR], from).catch(async (error: unknown) => {
      throw await withCached(error);
    });
    const listed = await Promise.all(planned.map(describe));
    const rows = listed.map((kernel) => [
      kernel.id,
      kernel.version,
      kernel.package ? `${kernel.package.name} ${kernel.package.version}` : '-',
      kernel.suites.join(',') || '-',
      kernel.size === null ? '-' : mebibytes(kernel.size),
      kernel.cached ? 'yes' : 'no',
    ]);
    process.stdout.write(
      options.json === true ? json(listed) : table([['KERNEL', 'VERSION', 'PACKAGE', 'SUITE', 'SIZE', 'CACHED'], ...rows]),
    );
  });
}

function pulledLine(image: KernelImage, milliseconds: number): string {
  const btf = image.btf ? `BTF ${mebibytes(image.btf.size)}` : 'no BTF';
  const notes = image.notes.map((note) => `; ${note}`).join('');
  return `${image.id}: ${btf}, ready after ${(milliseconds / 1000).toFixed(1)} s${notes}`;
}

/** Unpacks the modules of a kernel and indexes their names. */
async function unpackModulesOf(image: KernelImage, options: KernelOptions): Promise<void> {
  const folder = await image.modules.folder(options);
  const { id, selector, btf } = image;
  const types = await readKernelTypes({ id, selector, path: btf?.path ?? null, index: btf && indexFileOf(btf), modules: null });
  if (types) await indexModules(folder, types.vmlinux);
}

/** Indexes the functions of a kernel, so that its first prediction need not. */
async function indexFunctionsOf({ btf, sha256 }: KernelImage): Promise<void> {
  if (btf) await functionSymbols(dirname(btf.path), sha256);
}

async function pull(selectors: string[], options: PullOptions): Promise<void> {
  await untilInterrupted(async (signal) => {
    const progress = pullProgress(process.stderr);
    const all = await kernelOptions(options, signal, progress.onEvent);
    const planned = await planKernels(selectors.length > 0 ? selectors : [DEFAULT_SELECTOR], all);
    const limit = pLimit(PULLS);
    const pullOne = async (kernel: PlannedKernel): Promise<KernelImage | null> => {
      const start = performance.now();
      try {
        const image = await pullKernel(kernel, all);
        await indexFunctionsOf(image);
        if (options.modules === true) await unpackModulesOf(image, all);
        progress.line(pulledLine(image, performance.now() - start));
        return image;
      } catch (error) {
        // A kernel that fails does not stop the others.
        if (signal.aborted || !(error instanceof InfraError)) throw error;
        progress.clear();
        reportError(new InfraError(`${kernel.id}: ${messageOf(error)}`, { cause: error }));
        process.exitCode = EXIT.infrastructure;
        return null;
      }
    };
    const pulled = await Promise.all(planned.map(async (kernel) => limit(async () => pullOne(kernel))));
    const images = pulled.flatMap((image) => image ?? []);
    const rows = images.map((image) => [image.id, image.release, image.version, dirname(image.vmlinux ?? image.image ?? '')]);
    const shown = images.map(({ modules: _modules, ...facts }) => facts);
    process.stdout.write(options.json === true ? json(shown) : table([['KERNEL', 'RELEASE', 'VERSION', 'FOLDER'], ...rows]));
  });
}

const WHY = {
  unfinished: 'left unfinished',
  unused: 'not used lately',
  all: 'because of --all',
} as const satisfies Record<PrunedEntry['why'], string>;

async function pruneUnused(options: { all?: boolean; keepDays: number; dryRun?: boolean }): Promise<void> {
  const dryRun = options.dryRun === true;
  const { removed, refused } = await pruneCache({ cache: cacheRoot(), keepDays: options.keepDays, all: options.all === true, dryRun });
  const bytes = removed.reduce((sum, entry) => sum + entry.size, 0);
  process.stdout.write(table(removed.map((entry) => [mebibytes(entry.size), WHY[entry.why], entry.path])));
  process.stderr.write(`${dryRun ? 'would remove' : 'removed'} ${removed.length} entries, ${mebibytes(bytes)}\n`);
  const [first] = refused;
  if (first === undefined) return;
  const entries = `${refused.length} ${refused.length === 1 ? 'entry' : 'entries'}`;
  throw new InfraError(`no permission to remove ${entries}, such as ${first}; run the same command as the user who owns them`);
}

function days(value: string): number {
  const number = Number(value);
  if (value.trim() === '' || !Number.isFinite(number) || number < 0)
    throw new InvalidArgumentError('Expected a number of days, 0 or more.');
  return number;
}

const SELECTORS = `${SELECTOR_FORMS} (default: ${DEFAULT_SELECTOR})`;

function addSelection(command: Command): Command {
  command
    .argument('[selector...]', SELECTORS)
    .option('--lock <file>', 'use the packages that this lock file pins')
    .option('--frozen', 'use only packages that the lock file pins; fail if one is no longer available')
    .option('--refresh', 'download the kernel indexes again')
    .option('--json', 'write the kernels to standard output as JSON');
  return addTrustOptions(command);
}

function addPrune(kernels: Command): void {
  const prune = kernels
    .command('prune')
    .summary('remove unused files from the kernel cache')
    .description('Removes kernels, snapshots and downloads that were not used for some time, and what killed processes left behind.')
    .option('--keep-days <n>', 'keep files that were used in the last n days', days, KEEP_DAYS)
    .option('--all', 'remove everything that can be made again')
    .option('--dry-run', 'only show what would be removed')
    .action(pruneUnused);
  addHelp(prune, {
    exit: { asExpected: 'removed, or nothing to remove', infrastructure: 'some entries belong to another user, or the disk is read-only' },
    examples: ['corematrix kernels prune --dry-run', 'corematrix kernels prune --keep-days 7'],
  });
}

/** The error for a word in the place of a command: a selector there most likely lacks `list`. */
function unknownCommand(kernels: Command, word: string): never {
  const names = kernels.commands.map((command) => command.name());
  const isSelector = word.includes(':') || tryParseKernelVersion(word) !== null;
  const hint = isSelector ? `; a command comes before selectors: corematrix kernels list ${word}` : didYouMean(word, names);
  return kernels.error(`error: unknown command '${word}'${hint}`);
}

/** Adds `kernels` with its own commands to the command line. */
export function addKernelsCommand(program: Command): void {
  const kernels = program
    .command('kernels')
    .summary('list, download and pin kernels, and clear the cache')
    .description('Shows which kernels exist, downloads and pins them, and clears the cache.');
  addHelp(kernels, {
    notes: [SELECTOR_TABLE],
    examples: ['corematrix kernels list', 'corematrix kernels pull debian:6.12', 'corematrix kernels lock -o kernels.lock.json'],
  });
  const listed = addSelection(
    kernels.command('list').summary('list the kernels that selectors mean').description('Lists the kernels that the selectors mean.'),
  ).action(list);
  addHelp(listed, {
    exit: { asExpected: 'listed', infrastructure: 'the kernel indexes cannot be downloaded' },
    examples: ['corematrix kernels list', "corematrix kernels list 'debian:>=5.10,<=6.12' --json"],
  });
  const pulled = addSelection(
    kernels
      .command('pull')
      .summary('download kernels into the cache')
      .description('Downloads, verifies and unpacks kernels into the cache.'),
  )
    .option('--modules', 'also unpack the modules of the kernels, so that "predict" and "explain" search them')
    .action(pull);
  addHelp(pulled, {
    exit: { asExpected: 'all are in the cache', infrastructure: 'a kernel cannot be downloaded or verified' },
    examples: ['corematrix kernels pull debian:6.12', 'corematrix kernels pull --lock kernels.lock.json --frozen'],
  });
  addLockCommands(kernels, SELECTORS);
  addPrune(kernels);
  kernels.on('command:*', ([word = '']: string[]) => {
    // Says what these selectors are.
    if (meaningOfOffline(word) !== null) parseSelector(word);
    unknownCommand(kernels, word);
  });
}
