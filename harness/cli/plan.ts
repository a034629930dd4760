// `corematrix plan`: what a run would do, without doing it.
import type { Command } from 'commander';
import { cacheRoot } from '../base/files.ts';
import { planKernels } from '../../kernels/plan.ts';
import type { PlannedKernel } from '../../kernels/registered.ts';
import type { KernelEvent } from '../../kernels/sources/options.ts';
import { escapedJson } from '../../reports/json.ts';
import { plural, sizeText } from '../base/text.ts';
import { UserError } from '../base/errors.ts';
import { DEFAULT_LIBBPF } from '../base/loader-name.ts';
import { checkReleases } from '../library/loader-releases.ts';
import type { Plan } from '../library/plan.ts';
import { type Policy, planNotes } from '../library/run.ts';
import { describeExpectation, sortByExpiry, unusedExpectations, whyUnused } from '../plan/expectations/expectations.ts';
import type { Inputs, RunObject } from '../plan/inputs/inputs.ts';
import { checkModules, isNamingModules, knownModules, type ModuleCheck } from '../plan/settings/modules/check-modules.ts';
import { kernelNames } from '../results/kernel-names.ts';
import type { Mode } from '../plan/settings/mode-name.ts';
import { EXIT } from './exit-codes.ts';
import { addHelp } from './help.ts';
import { interruptible } from './interrupt.ts';
import { writeLine } from './lines.ts';
import { outOption } from './options.ts';
import { addPlanOptions, type PlanOptions, readPlan } from './read-plan.ts';
import { policyText } from './policy-text.ts';
import { table } from './table.ts';

interface Row {
  kernel: string;
  version: string;
  selector: string;
  optional: boolean;
  cached: boolean;
  /** Bytes to download for it; 0 for a cached kernel or a file of the user. */
  download: number;
  /** Their loaders: `libbpf@1.1`, `cilium@0.22`, and `command` for a custom loader. */
  loaders: string[];
  /** Ids of the objects that would run on it. */
  run: string[];
  skipped: { object: string; reason: string }[];
}

function loaderOf({ prepared, result }: RunObject): string {
  return prepared.command ? 'command' : (result.loader ?? DEFAULT_LIBBPF);
}

/** An object of the plan. */
interface ObjectRow {
  object: string;
  file: string;
  programs: number;
  loader: string;
  mode: Mode;
}

/** An expectation that matches no program and no kernel of the plan. */
interface UnusedRow {
  /** `file:line:column`. */
  at: string;
  expectation: string;
  reason: string;
}

/** An expectation that no longer applies. */
interface ExpiredRow extends Pick<UnusedRow, 'at' | 'expectation'> {
  /** The last day on which it applied. */
  expired: string;
}

interface ShownPlan {
  kernels: readonly Row[];
  objects: readonly ObjectRow[];
  unusedExpectations: readonly UnusedRow[];
  /** Those that no longer apply. */
  expiredExpectations: readonly ExpiredRow[];
  /** The rules of the configuration for the exit code; absent without any. */
  policy?: Policy;
}

function objectRow(object: RunObject): ObjectRow {
  const { id, path, programs, mode = 'load' } = object.result;
  return { object: id, file: path, programs: programs.length, loader: loaderOf(object), mode };
}

/** The objects that run on a kernel in one cell of the table. */
function objectsOn({ run, skipped }: Row, objects: number): string {
  const parts = [run.length === objects ? 'all' : run.join(' '), skipped.length === 0 ? '' : `(${skipped.length} skipped)`];
  return parts.filter((part) => part !== '').join(' ') || '-';
}

function downloadOf({ cached, download }: Row): string {
  if (cached) return 'cached';
  return download === 0 ? '-' : sizeText(download);
}

function show({ kernels, objects, unusedExpectations: unused }: ShownPlan): void {
  const rows = objects.map(({ object, file, programs, loader, mode }) => [object, String(programs), mode, loader, file]);
  process.stdout.write(`${table([['OBJECT', 'PROGRAMS', 'MODE', 'LOADER', 'FILE'], ...rows])}\n`);
  const lines = kernels.map((row) => [
    row.kernel,
    row.version,
    `${row.selector}${row.optional ? ' (optional)' : ''}`,
    downloadOf(row),
    row.loaders.join(' ') || '-',
    objectsOn(row, objects.length),
  ]);
  process.stdout.write(table([['KERNEL', 'VERSION', 'SELECTOR', 'DOWNLOAD', 'LOADERS', 'OBJECTS'], ...lines]));
  const total = kernels.reduce((sum, { run }) => sum + run.length, 0);
  const pulls = kernels.filter(({ run, cached, download }) => run.length > 0 && !cached && download > 0);
  const bytes = pulls.reduce((sum, { download }) => sum + download, 0);
  const size = pulls.length > 0 ? ` (${sizeText(bytes)})` : '';
  const matrix = `${plural(kernels.length, 'kernel')} × ${plural(objects.length, 'object')}`;
  writeLine(process.stderr, `${matrix}: ${plural(total, 'cell')} to run, ${plural(pulls.length, 'kernel')} to download${size}`);
  for (const { at, expectation, reason } of unused)
    writeLine(process.stderr, `note: ${at}: the expectation for ${expectation} matches nothing: ${reason}`);
}

/** The expectations of the configuration that match nothing, if the plan is all that the configuration has. */
function unusedRows({ config: { config, at } }: Pick<Plan, 'config'>, kernels: readonly PlannedKernel[], inputs: Inputs): UnusedRow[] {
  const expectations = config.expectations ?? [];
  const planned = { kernels, objects: inputs.objects.map(({ result }) => result) };
  return unusedExpectations(sortByExpiry(expectations, new Date()).active, planned).map((unused) => ({
    at: at(['expectations', expectations.indexOf(unused)]),
    expectation: describeExpectation(unused),
    reason: whyUnused(unused, planned),
  }));
}

function expiredRows({ config: { config, at } }: Pick<Plan, 'config'>): ExpiredRow[] {
  const { expectations = [] } = config;
  return sortByExpiry(expectations, new Date()).expired.map((one) => ({
    at: at(['expectations', expectations.indexOf(one)]),
    expectation: describeExpectation(one),
    expired: one.expires ?? '',
  }));
}

/** Looks up the modules that objects name, as far as the cache has those of their kernels. */
async function plannedModules(kernels: readonly PlannedKernel[], objectsOfKernel: (kernel: string) => RunObject[]): Promise<ModuleCheck> {
  const names = kernelNames(kernels);
  const on = kernels.map((kernel) => ({ kernel, objects: objectsOfKernel(kernel.id).filter(isNamingModules) }));
  const known = on
    .filter(({ objects }) => objects.length > 0)
    .map(async ({ kernel, objects }) => ({
      kernel: names.get(kernel.id) ?? kernel.id,
      objects,
      names: await knownModules(await kernel.cachedModules(cacheRoot())),
    }));
  return checkModules(await Promise.all(known));
}

async function plan(objects: string[], options: PlanOptions & { json?: boolean }): Promise<void> {
  const read = await readPlan(objects, options);
  const { selectors, inputs, choose, kernelOptions, config } = read;
  for (const problem of inputs.problems) writeLine(process.stderr, `error: ${problem}`);
  if (inputs.objects.length === 0) throw new UserError('no object can be used');
  const onProgress = (event: KernelEvent) => {
    if (event.kind === 'note') writeLine(process.stderr, event.text);
  };
  const kernels = await interruptible({
    onInterrupt: () => {},
    work: async (signal) => planKernels([...selectors], { ...(await kernelOptions()), signal, onProgress }),
  });
  const results = inputs.objects.map(({ result }) => result);
  const choiceOf = choose(kernels, results);
  const rows = await Promise.all(
    kernels.map(async (kernel): Promise<Row> => {
      const isRun = (id: string) => choiceOf(kernel.id, id) === 'run';
      const choices = results.map(({ id }) => ({ id, choice: choiceOf(kernel.id, id) }));
      const cached = await kernel.isCached(cacheRoot());
      return {
        kernel: kernel.id,
        version: kernel.version,
        selector: kernel.selector,
        optional: kernel.optional === true,
        cached,
        download: cached ? 0 : (kernel.package?.size ?? 0),
        loaders: [...new Set(inputs.objects.filter(({ result }) => isRun(result.id)).map(loaderOf))],
        run: choices.flatMap(({ id, choice }) => (choice === 'run' ? [id] : [])),
        skipped: choices.flatMap(({ id, choice }) => (typeof choice === 'object' ? [{ object: id, reason: choice.skip }] : [])),
      };
    }),
  );
  const releases = await checkReleases(read);
  const modules = await plannedModules(kernels, (id) => inputs.objects.filter(({ result }) => choiceOf(id, result.id) === 'run'));
  const isWhole = objects.length === 0 && options.kernel === undefined && inputs.problems.length === 0;
  const shown: ShownPlan = {
    kernels: rows,
    objects: inputs.objects.map(objectRow),
    unusedExpectations: isWhole ? unusedRows({ config }, kernels, inputs) : [],
    expiredExpectations: expiredRows({ config }),
    ...(config.config.policy && { policy: config.config.policy }),
  };
  const faults = [...releases.faults, ...modules.faults];
  if (options.json === true) process.stdout.write(escapedJson(`${JSON.stringify(shown, null, 2)}\n`));
  else show(shown);
  const { policy } = config.config;
  if (policy) writeLine(process.stderr, policyText(policy, options.baseline !== undefined));
  const notes = [...planNotes(read), ...releases.notes, ...modules.notes];
  for (const note of notes) writeLine(process.stderr, `note: ${note}`);
  for (const fault of faults) writeLine(process.stderr, `error: ${fault}`);
  if (inputs.problems.length + faults.length > 0) process.exitCode = EXIT.usage;
}

/** Adds `plan` to the command line. */
export function addPlanCommand(program: Command): void {
  const command = program
    .command('plan')
    .summary('show what "run" would run with the same options')
    .description(
      'Shows the objects, the kernels that the selectors mean now, the objects that would run on each, the size of the downloads, and the ' +
        'expectations that match nothing or have expired. Checks the names of modules and of releases of libbpf. Only indexes are downloaded.',
    );
  addPlanOptions(command)
    .optionsGroup('Output:')
    .addOption(outOption())
    .option('--json', 'write the plan to standard output as JSON')
    .action(plan);
  addHelp(command, {
    exit: {
      asExpected: 'shown',
      usage: 'wrong usage or configuration, or an object that cannot be used',
      infrastructure: 'the kernel indexes cannot be downloaded',
    },
    examples: ['corematrix plan', 'corematrix plan prog.bpf.o -k debian:all', 'corematrix plan --shard 2/3 --baseline last-night/ --json'],
  });
}
