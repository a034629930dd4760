// `corematrix floor`: the oldest and the newest kernel on which each program of an object loads, with as few guests as possible.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { cacheRoot } from '../base/files.ts';
import { minimumKernelText } from '../../reports/terminal/minimum-kernel.ts';
import { escapedJson } from '../../reports/json.ts';
import { UserError } from '../base/errors.ts';
import { findMinimumKernel } from '../minimum-kernel/minimum-kernel.ts';
import type { RunEvent } from '../run/events.ts';
import { ensureAgent } from '../setup/agent.ts';
import { EXIT } from './exit.ts';
import { interruptible } from './interrupt.ts';
import { showProgress } from './progress.ts';
import { readConfigured, settingsOption } from './read-plan.ts';

interface MinimumKernelOptions {
  config?: string;
  kernel?: string[];
  jobs?: number;
  accel: 'auto' | 'kvm' | 'tcg';
  json?: boolean;
}

const ALL = ['debian:all'];

function repeated(value: string, before: string[] = []): string[] {
  return [...before, value];
}

function wholePositive(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number <= 0) throw new InvalidArgumentError('Expected a whole number above 0.');
  return number;
}

async function floor(path: string, options: MinimumKernelOptions): Promise<void> {
  const { objects, problems } = await readConfigured([path], options.config);
  const [object] = objects;
  if (!object || objects.length > 1) throw new UserError(problems[0] ?? `${path}: name one object, this means ${objects.length}`);
  const progress = showProgress(process.stderr, false);
  const emit = (event: RunEvent) => progress.onEvent(event);
  try {
    const agent = await ensureAgent({ onNote: (text) => emit({ kind: 'note', text }) });
    const found = await interruptible(
      () => emit({ kind: 'interrupted' }),
      async (signal) => {
        const request = {
          selectors: options.kernel ?? ALL,
          kernelOptions: { cache: cacheRoot(), signal, onProgress: emit },
          cache: cacheRoot(),
          agent,
          expectations: [],
          isolation: 'snapshot' as const,
          accel: options.accel,
          jobs: options.jobs ?? null,
          timeoutMs: null,
          bootTimeoutMs: null,
          stallMs: null,
          command: ['corematrix', ...process.argv.slice(2)],
        };
        const result = await findMinimumKernel({ object, run: request }, emit, signal);
        return signal.aborted ? null : result;
      },
    );
    progress.end();
    if (!found) {
      process.exitCode = EXIT.interrupted;
      return;
    }
    process.stdout.write(options.json === true ? escapedJson(`${JSON.stringify(found)}\n`) : minimumKernelText(found));
    const loads = found.programs.every(({ oldest }) => oldest !== null);
    process.exitCode = found.without.length === found.tried.length ? EXIT.infrastructure : loads ? EXIT.asExpected : EXIT.incompatible;
  } finally {
    progress.end();
  }
}

/** Adds `floor` to the command line. */
export function addFloorCommand(program: Command): void {
  program
    .command('floor')
    .summary('find the oldest and the newest kernel on which each program loads, with few guests')
    .description(
      'Predicts every kernel of the selection from BTF, then runs guests where that decides: at the ends, and on both sides of every ' +
        'boundary. Where a guest contradicts a prediction, the boundary is searched for.',
    )
    .argument('<object>', 'a BPF object')
    .option('-k, --kernel <selector>', 'a kernel selector, repeatable (default: debian:all)', repeated)
    .addOption(settingsOption())
    .option('-j, --jobs <n>', 'guests at a time (default: what processors and memory bear)', wholePositive)
    .addOption(new Option('--accel <name>', 'accelerator').choices(['auto', 'kvm', 'tcg']).default('auto'))
    .option('--json', 'write everything to standard output as JSON')
    .addHelpText(
      'after',
      `
Exit codes: 0 every program loads on some kernel, 1 one loads on none, 2 usage, 3 no guest gave a verdict, 130 interrupted.

Examples:
  corematrix floor prog.bpf.o
  corematrix floor prog.bpf.o -k 'debian:>=5.10,<=6.12'`,
    )
    .action(floor);
}
