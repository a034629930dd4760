// `corematrix predict`: predicts on every kernel which programs fail, and every relocation, from BTF and symbols.
import { type Command, Option } from 'commander';
import { predictionText } from '../../reports/terminal/prediction.ts';
import { visible } from '../base/visible.ts';
import { UserError } from '../base/errors.ts';
import { LIBRARY_RELEASES } from '../base/loader-name.ts';
import type { LoaderName } from '../core-relo/loader.ts';
import { type LoadLog, predictObjects } from '../library/predict.ts';
import { sourcesOf } from '../library/sources.ts';
import type { Prediction } from '../predict/result.ts';
import { EXIT } from './exit-codes.ts';
import { addHelp } from './help.ts';
import { writeLine } from './lines.ts';
import { checkedLoader } from './loader-option.ts';
import { repeated } from './options.ts';
import { pullFrom } from './pull-needed.ts';
import { type ConfigOptions, findConfig, settingsOption } from './read-plan.ts';
import { isColoured, sizeOf } from './screen.ts';
import { addTrustOptions, namedSources, type TrustFlags } from './trust-options.ts';
import { untrustedOption } from './untrusted.ts';
import { BTF_TABLE } from '../kernel-btf/forms.ts';

interface PredictOptions extends ConfigOptions, TrustFlags {
  kernel?: string[];
  json?: boolean;
  log?: boolean;
  loader?: string;
}

/** Short names of loaders; without a release, the newest one. */
const SHORT_NAMES = {
  'libbpf-1.7': 'libbpf@1.7',
  'libbpf-1.1': 'libbpf@1.1',
  cilium: `cilium@${LIBRARY_RELEASES.cilium[0]}`,
  aya: `aya@${LIBRARY_RELEASES.aya[0]}`,
} as const satisfies Record<LoaderName, string>;

function chosenLoader(name: string): string {
  const known = Object.entries(SHORT_NAMES).find(([short]) => short === name);
  return checkedLoader(known ? known[1] : name);
}

/** The exit code of predictions: a failure first, then unusable inputs. */
function exitCodeOfPrediction({ cells }: Prediction, problems: number): number {
  if (cells.some(({ predicted }) => predicted !== null)) return EXIT.incompatible;
  return problems > 0 ? EXIT.usage : EXIT.asExpected;
}

/** The lines that libbpf would print for one load. */
function printLog({ kernel, object, program, lines }: LoadLog): void {
  writeLine(process.stdout, `# ${object}${program === null ? '' : `, ${program} alone`}, on ${kernel}`);
  for (const line of lines) process.stdout.write(`${visible(line.trimEnd())}\n`);
}

async function runPredict(objects: string[], options: PredictOptions): Promise<void> {
  if (options.json === true && options.log === true) throw new UserError('--json and --log both write to standard output; choose one');
  const started = performance.now();
  const config = await findConfig(options);
  const { kernel: kernels, loader } = options;
  const pull = pullFrom(sourcesOf(namedSources(options), config));
  const onLoad = options.log === true ? printLog : undefined;
  const { prediction, problems, notes } = await predictObjects({ objects, kernels, pull, config, loader, onLoad });
  for (const problem of problems) writeLine(process.stderr, `error: ${problem}`);
  for (const note of notes) writeLine(process.stderr, `note: ${note}`);
  if (options.json === true) process.stdout.write(`${JSON.stringify(prediction)}\n`);
  else if (options.log !== true) {
    const milliseconds = performance.now() - started;
    const { width } = sizeOf(process.stdout);
    process.stdout.write(predictionText(prediction, milliseconds, { width, colour: isColoured(process.stdout) }));
  }
  process.exitCode = exitCodeOfPrediction(prediction, problems.length);
}

/** Adds `predict` to the command line. */
export function addPredictCommand(program: Command): void {
  const command = program
    .command('predict')
    .summary('predict from BTF and kernel symbols which programs fail on which kernels: no QEMU, no root')
    .description(
      'Decides every CO-RE relocation of every object on every kernel as libbpf would, and whether the verifier reaches one without a target. ' +
        'Also finds unknown helpers, map types and program types, missing attach targets and missing kernel functions, and arguments of hooks that the kernel lacks or has as a number. ' +
        'A semantic change is a relocation that reads something else than was compiled. ' +
        'A program with no predicted failure can still fail when it is loaded: only "run" loads it.',
    )
    .argument('[object...]', 'BPF objects of either byte order, or patterns (default: those of the configuration)')
    .option(
      '-k, --kernel <selector>',
      'where BTF comes from, repeatable (default: the kernels of the configuration, else the newest kernel of every series in the cache); what the cache lacks is pulled',
      repeated,
    )
    .addOption(settingsOption())
    .addOption(untrustedOption())
    .addOption(
      new Option(
        '--loader <name>',
        'loader whose rules decide: libbpf@1.1, cilium@0.22, aya@0.14 (default: those that the configuration gives the object, libbpf@default without one)',
      ).argParser(chosenLoader),
    )
    .option('--log', 'write the lines that libbpf would print instead')
    .option('--json', 'write everything to standard output as JSON, every relocation with its candidates')
    .action(runPredict);
  addTrustOptions(command);
  addHelp(command, {
    notes: [
      BTF_TABLE,
      'In the matrix: FAIL, the program is certain to fail; ?, it fails if the verifier reaches the place, or if no module has what the kernel\n' +
        'lacks; ok, BTF shows no failure.',
      'Modules count if modules: in the configuration names them and the cache has them. If -k btf: names a folder with a file "vmlinux",\n' +
        'such as /sys/kernel/btf, all BTF and *.ko in it count as loaded.\n' +
        'For a function that vmlinux lacks, the modules that "corematrix kernels pull --modules" or "explain" indexed are searched.',
    ],
    exit: {
      usage: 'wrong usage or configuration, or an object or a kernel that cannot be used',
      asExpected: 'no program is certain to fail',
      incompatible: 'a program is certain to fail',
    },
    examples: [
      'corematrix predict prog.bpf.o',
      'corematrix predict build/*.bpf.o -k debian:5.10 -k debian:6.12 --json',
      'corematrix predict prog.bpf.o -k btf:/sys/kernel/btf',
      'corematrix predict prog.bpf.o -k btf:btfhub-archive/ubuntu --log',
    ],
  });
}
