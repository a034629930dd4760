// `corematrix predict`: what becomes of every relocation on every kernel, from BTF alone.
import { type Command, Option } from 'commander';
import { cacheRoot } from '../base/files.ts';
import { predictionText } from '../../reports/terminal/prediction.ts';
import { visible } from '../base/visible.ts';
import { UserError } from '../base/errors.ts';
import { findKernels } from '../kernel-btf/kernels.ts';
import { LOADERS, type LoaderName } from '../core-relo/loader.ts';
import { type OnCell, predictMatrix, type Prediction } from '../predict/result.ts';
import { EXIT } from './exit.ts';
import { writeLine } from './lines.ts';
import { readConfigured, settingsOption } from './read-plan.ts';

interface PredictOptions {
  config?: string;
  kernel?: string[];
  json?: boolean;
  log?: boolean;
  loader: LoaderName;
}

function repeated(value: string, before: string[] = []): string[] {
  return [...before, value];
}

/** What predictions mean: a failure first, then inputs that could not be used. */
function exitCodeOfPrediction({ cells }: Prediction, problems: number): number {
  if (cells.some(({ predicted }) => predicted !== null)) return EXIT.incompatible;
  return problems > 0 ? EXIT.usage : EXIT.asExpected;
}

/** The lines libbpf would print, load by load. */
const printLog: OnCell = (kernel, object, cell) => {
  for (const { program, log } of cell?.loads ?? []) {
    writeLine(process.stdout, `# ${object.result.id}${program === null ? '' : `, ${program} alone`}, on ${kernel.id}`);
    for (const { text } of log) process.stdout.write(`${visible(text.trimEnd())}\n`);
  }
};

async function predict(objects: string[], options: PredictOptions): Promise<void> {
  if (options.json === true && options.log === true) throw new UserError('--json and --log both write to standard output; choose one');
  const started = performance.now();
  const inputs = await readConfigured(objects, options.config, { bigEndian: true });
  const found = await findKernels(options.kernel ?? [], cacheRoot());
  const { prediction, problems, notes } =
    inputs.objects.length === 0
      ? { prediction: null, problems: [], notes: [] }
      : await predictMatrix(inputs.objects, found.kernels, options.log === true ? printLog : undefined, LOADERS[options.loader]);
  const all = [...inputs.problems, ...found.problems, ...problems];
  for (const problem of all) writeLine(process.stderr, `error: ${problem}`);
  for (const note of notes) writeLine(process.stderr, `note: ${note}`);
  if (!prediction) throw new UserError('no object can be used');
  if (prediction.kernels.length === 0) throw new UserError('no kernel can be used');
  if (options.json === true) process.stdout.write(`${JSON.stringify(prediction)}\n`);
  else if (options.log !== true) {
    const milliseconds = performance.now() - started;
    const width = process.stdout.columns ?? 100;
    process.stdout.write(predictionText(prediction, milliseconds, { width, colour: process.stdout.isTTY }));
  }
  process.exitCode = exitCodeOfPrediction(prediction, all.length);
}

/** Adds `predict` to the command line. */
export function addPredictCommand(program: Command): void {
  program
    .command('predict')
    .summary('say from BTF alone which programs fail on which kernels: no QEMU, no root, no network')
    .description(
      'Decides every CO-RE relocation of every object on every kernel as libbpf would, and whether the verifier comes to one without target. ' +
        'Also told by BTF: unknown agents, map and program types, missing attach targets and kernel functions. ' +
        'A program that BTF has nothing against may still fail: only "run" loads it.',
    )
    .argument('<object...>', 'BPF objects of either byte order, or patterns')
    .option(
      '-k, --kernel <selector>',
      'where BTF comes from, repeatable: debian:6.12 (of the cache), cached (all of it), btf:PATH (BTF, vmlinux, a folder of *.btf and *.btf.tar.xz, or a folder with a vmlinux and its modules), file:PATH, deb:PATH (default: the newest of every series in the cache)',
      repeated,
    )
    .addOption(settingsOption())
    .addOption(new Option('--loader <name>', 'whose rules decide').choices(Object.keys(LOADERS)).default('libbpf-1.7' satisfies LoaderName))
    .option('--log', 'write the lines libbpf would print instead')
    .option('--json', 'write everything to standard output as JSON, every relocation with its candidates')
    .addHelpText(
      'after',
      `
In the matrix: FAIL for certain; ? if the verifier comes to what it rejects, or no module has what the kernel lacks; ok where BTF has nothing against it.
Modules count only where -k btf: names a folder that has a file "vmlinux", such as /sys/kernel/btf: all BTF and *.ko in it count as loaded.
Exit codes: 0 nothing fails for certain, 1 something does, 2 usage, or an input that cannot be used.

Examples:
  corematrix predict prog.bpf.o
  corematrix predict build/*.bpf.o -k debian:5.10 -k debian:6.12 --json
  corematrix predict prog.bpf.o -k btf:/sys/kernel/btf
  corematrix predict prog.bpf.o -k btf:btfhub-archive/ubuntu --log`,
    )
    .action(predict);
}
