// Predictions for objects on kernels.
import { NothingUsableError } from '../base/errors.ts';
import type { PullMissing } from '../kernel-btf/kernels.ts';
import { loaderNotes } from '../plan/inputs/loader-notes.ts';
import { fixedOffsetNotes } from '../predict/fixed-offsets.ts';
import { type PredictedMatrix, predictMatrix } from '../predict/result.ts';
import { absentModules } from './absent-modules.ts';
import { chosenKernels, findChosenKernels, type NamedObjects, readConfigured } from './configured.ts';
import { checkOptions, type Rule, RULES } from './check-options.ts';
import { forProgram, linesInProgramWords } from './program-words.ts';
import { withPublicErrors } from './running.ts';

/** The lines that libbpf would print for one load. */
export interface LoadLog {
  kernel: string;
  object: string;
  /** The program that is loaded alone; null for the whole object. */
  program: string | null;
  lines: string[];
}

export interface PredictOptions extends NamedObjects {
  /** Kernel selectors (default: the kernels of the configuration, else the newest kernel of every series in the kernel cache). */
  kernels?: readonly string[] | undefined;
  /** Downloads the kernels of a selector if the kernel cache has none of them (default: nothing is downloaded). */
  pull?: PullMissing | undefined;
  /** The loader whose rules decide, also for objects that name another: `libbpf@1.1`. */
  loader?: string | undefined;
  /** Called with the lines that libbpf would print, for each load. */
  onLoad?: ((log: LoadLog) => void) | undefined;
  /** Stops the prediction between two cells. */
  signal?: AbortSignal | undefined;
}

export const PREDICT_RULES = {
  objects: RULES.paths,
  kernels: RULES.selectors,
  config: RULES.config,
  pull: RULES.callback,
  loader: RULES.loader,
  onLoad: RULES.callback,
  signal: RULES.signal,
} as const satisfies Record<keyof PredictOptions, Rule>;

/**
 * Predicts from BTF alone which programs fail on which kernels. It starts no guest, and downloads only what `pull` does.
 * @returns the prediction; a line for each object, kernel or module that cannot be used; and a line for each peculiarity
 * @throws NothingUsableError if no object or no kernel can be used
 * @throws UserError for other wrong input
 * @throws InfraError if this machine fails
 * @throws the reason of the signal if it aborts
 * @example see docs/library.md
 */
export async function predict(options: PredictOptions): Promise<PredictedMatrix> {
  const call = { name: 'predict()', rules: PREDICT_RULES, required: ['objects'] };
  const { problems, notes, ...found } = await forProgram(async () => predictObjects(checkOptions(call, options)));
  return { ...found, problems: linesInProgramWords(problems), notes: linesInProgramWords(notes) };
}

/** The same for a command: errors name its options. */
export async function predictObjects({ kernels, pull, loader, onLoad, signal, ...named }: PredictOptions): Promise<PredictedMatrix> {
  return withPublicErrors(async () => {
    signal?.throwIfAborted();
    const inputs = await readConfigured(named, { bigEndian: true, overrulingLoader: loader });
    const found = await findChosenKernels(chosenKernels(kernels, named.config), inputs.objects.length > 0 ? pull : undefined);
    const unusable = [...inputs.problems, ...found.problems];
    if (inputs.objects.length === 0) throw new NothingUsableError('no object can be used', unusable);
    const { prediction, problems, notes } = await predictMatrix(inputs.objects, found.kernels, (kernel, object, { loads }) => {
      signal?.throwIfAborted();
      if (!onLoad) return;
      for (const { program, log } of loads)
        onLoad({ kernel: kernel.id, object: object.result.id, program, lines: log().map(({ text }) => text) });
    });
    const all = [...unusable, ...problems, ...(await absentModules(inputs.objects, found.kernels))];
    const allNotes = [...notes, ...loaderNotes(inputs.objects), ...fixedOffsetNotes(inputs.objects)];
    if (prediction.kernels.length === 0) throw new NothingUsableError('no kernel can be used', all);
    return { prediction, problems: all, notes: allNotes };
  });
}
