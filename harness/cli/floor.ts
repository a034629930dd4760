// `corematrix floor`: the oldest and the newest kernel on which each program of an object loads, with as few guests as possible.
import type { Command } from 'commander';
import { minimumKernelText } from '../../reports/terminal/minimum-kernel.ts';
import { escapedJson } from '../../reports/json.ts';
import { startFloor } from '../library/floor.ts';
import type { MinimumKernels } from '../minimum-kernel/minimum-kernel.ts';
import { EXIT } from './exit-codes.ts';
import { addHelp } from './help.ts';
import { interruptible } from './interrupt.ts';
import { checkedLoader } from './loader-option.ts';
import { accelOption, jobsOption, repeated } from './options.ts';
import { showProgress, withProgress } from './progress.ts';
import { type ConfigOptions, findConfig, settingsOption } from './read-plan.ts';
import { SELECTOR_FORMS } from './selector-help.ts';
import { addTrustOptions, namedSources, type TrustFlags } from './trust-options.ts';
import { untrustedOption } from './untrusted.ts';
import { DEFAULT_SELECTOR } from '../../kernels/registry.ts';

interface MinimumKernelOptions extends ConfigOptions, TrustFlags {
  kernel?: string[];
  loader?: string;
  jobs?: number;
  accel: 'auto' | 'kvm' | 'tcg';
  json?: boolean;
}

/** The exit code: infrastructure if no guest gave a verdict, else whether every program loads on some kernel. */
function exitCodeOfFound({ programs, without, tried }: MinimumKernels): number {
  if (without.length === tried.length) return EXIT.infrastructure;
  return programs.every(({ oldest }) => oldest !== null) ? EXIT.asExpected : EXIT.incompatible;
}

async function runFloor(object: string | undefined, options: MinimumKernelOptions): Promise<void> {
  const config = await findConfig(options);
  const { kernel: kernels, loader, jobs, accel } = options;
  const command = ['corematrix', ...process.argv.slice(2)];
  const progress = showProgress(process.stderr, { verbose: false });
  try {
    const found = await interruptible({
      onInterrupt: () => {},
      work: async (signal) =>
        withProgress(startFloor({ object, kernels, loader, jobs, accel, config, command, signal, ...namedSources(options) }), progress),
    });
    progress.end();
    process.stdout.write(options.json === true ? escapedJson(`${JSON.stringify(found)}\n`) : minimumKernelText(found));
    process.exitCode = exitCodeOfFound(found);
  } finally {
    progress.end();
  }
}

/** Adds `floor` to the command line. */
export function addFloorCommand(program: Command): void {
  const command = program
    .command('floor')
    .summary('find the minimum kernel of each program: the oldest on which it loads, and the newest')
    .description(
      'Finds the oldest and the newest kernel on which each program loads. Predicts every selected kernel from BTF and runs guests only ' +
        'at both ends and on both sides of every boundary. If a guest contradicts a prediction, more guests search for the boundary.',
    )
    .argument('[object]', 'BPF object (default: the one of the configuration)')
    .option(
      '-k, --kernel <selector>',
      `kernel selector, repeatable: ${SELECTOR_FORMS} (default: the kernels of the configuration, else ${DEFAULT_SELECTOR})`,
      repeated,
    )
    .option(
      '--loader <name>',
      'loader of the object if it names none: libbpf@1.1, cilium@0.22, aya@0.14 (default: libbpf@default)',
      checkedLoader,
    )
    .addOption(settingsOption())
    .addOption(untrustedOption())
    .addOption(jobsOption())
    .addOption(accelOption())
    .option('--json', 'write everything to standard output as JSON')
    .action(runFloor);
  addTrustOptions(command);
  addHelp(command, {
    exit: {
      asExpected: 'every program loads on some kernel',
      incompatible: 'a program loads on no kernel',
      infrastructure: 'no guest gave a verdict',
      interrupted: 'interrupted with Ctrl-C',
    },
    examples: ['corematrix floor prog.bpf.o', "corematrix floor prog.bpf.o -k 'debian:>=5.10,<=6.12'"],
  });
}
