// `corematrix plan`: what a run would do, without doing it.
import type { Command } from 'commander';
import { cacheRoot } from '../base/files.ts';
import { planKernels } from '../../kernels/plan.ts';
import type { KernelEvent } from '../../kernels/sources/options.ts';
import { escapedJson } from '../../reports/json.ts';
import { plural } from '../base/text.ts';
import { UserError } from '../base/errors.ts';
import { DEFAULT_LIBBPF } from '../base/loader-name.ts';
import type { RunObject } from '../plan/inputs/inputs.ts';
import { EXIT } from './exit-codes.ts';
import { addHelp } from './help.ts';
import { interruptible } from './interrupt.ts';
import { writeLine } from './lines.ts';
import { outOption } from './options.ts';
import { addPlanOptions, type PlanOptions, readPlan } from './read-plan.ts';
import { table } from './table.ts';

interface Row {
  kernel: string;
  version: string;
  selector: string;
  optional: boolean;
  cached: boolean;
  /** Their loaders: `libbpf@1.1`, `cilium@0.22`, and `command` for a custom loader. */
  loaders: string[];
  /** Ids of the objects that would run on it. */
  run: string[];
  skipped: { object: string; reason: string }[];
}

function loaderOf({ prepared, result }: RunObject): string {
  return prepared.command ? 'command' : (result.loader ?? DEFAULT_LIBBPF);
}

function show(rows: readonly Row[], objects: number): void {
  const cells = (row: Row) => {
    const parts = [
      row.run.length === objects ? 'all' : row.run.join(' '),
      row.skipped.length === 0 ? '' : `(${row.skipped.length} skipped)`,
    ];
    return parts.filter((part) => part !== '').join(' ') || '-';
  };
  const lines = rows.map((row) => [
    row.kernel,
    row.version,
    `${row.selector}${row.optional ? ' (optional)' : ''}`,
    row.cached ? 'yes' : 'no',
    row.loaders.join(' ') || '-',
    cells(row),
  ]);
  process.stdout.write(table([['KERNEL', 'VERSION', 'SELECTOR', 'CACHED', 'LOADERS', 'OBJECTS'], ...lines]));
  const total = rows.reduce((sum, { run }) => sum + run.length, 0);
  const pulls = rows.filter(({ run, cached }) => run.length > 0 && !cached).length;
  writeLine(
    process.stderr,
    `${plural(rows.length, 'kernel')} × ${plural(objects, 'object')}: ${plural(total, 'cell')} to run, ${plural(pulls, 'kernel')} to download`,
  );
}

async function plan(objects: string[], options: PlanOptions & { json?: boolean }): Promise<void> {
  const { selectors, inputs, choose, kernelOptions } = await readPlan(objects, options);
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
      return {
        kernel: kernel.id,
        version: kernel.version,
        selector: kernel.selector,
        optional: kernel.optional === true,
        cached: await kernel.isCached(cacheRoot()),
        loaders: [...new Set(inputs.objects.filter(({ result }) => isRun(result.id)).map(loaderOf))],
        run: choices.flatMap(({ id, choice }) => (choice === 'run' ? [id] : [])),
        skipped: choices.flatMap(({ id, choice }) => (typeof choice === 'object' ? [{ object: id, reason: choice.skip }] : [])),
      };
    }),
  );
  if (options.json === true) process.stdout.write(escapedJson(`${JSON.stringify(rows, null, 2)}\n`));
  else show(rows, results.length);
  if (inputs.problems.length > 0) process.exitCode = EXIT.usage;
}

/** Adds `plan` to the command line. */
export function addPlanCommand(program: Command): void {
  const command = program
    .command('plan')
    .summary('show what "run" would run with the same options')
    .description(
      'Shows the kernels that the selectors mean now, and the objects that would run on each. Only kernel indexes are downloaded.',
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
