// Reads from Stryker's report the score of each file and the mutants that no test noticed.
import { z } from 'zod';

const position = z.object({ line: z.number(), column: z.number() });

/** @see https://github.com/stryker-mutator/mutation-testing-elements/tree/master/packages/report-schema */
export const reportSchema = z.object({
  files: z.record(
    z.string(),
    z.object({
      source: z.string(),
      mutants: z.array(
        z.object({
          mutatorName: z.string(),
          replacement: z.string().optional(),
          status: z.enum(['Killed', 'Survived', 'NoCoverage', 'CompileError', 'RuntimeError', 'Timeout', 'Ignored', 'Pending']),
          location: z.object({ start: position, end: position }),
        }),
      ),
    }),
  ),
});

const argued = {
  file: z.string(),
  mutants: z
    .array(
      z.strictObject({
        /** The original lines, with each run of white space as one space. */
        code: z.string(),
        /** The same lines after the mutation. */
        mutant: z.string(),
      }),
    )
    .min(1),
};
const why = z.string().min(20);

/** Survivors with an argument. */
export const survivorsSchema = z.array(
  z.union([
    /** Why no test can notice them. They do not count. */
    z.strictObject({ ...argued, equivalent: why }),
    /** Why no test needs to notice them. They count like all survivors. */
    z.strictObject({ ...argued, accepted: why }),
  ]),
);

type Argument = z.infer<typeof survivorsSchema>[number];

/** A mutant that no test noticed. */
export interface Survivor {
  file: string;
  line: number;
  code: string;
  mutant: string;
}

export interface FileScore {
  file: string;
  killed: number;
  /** Number of mutants that are not equivalent to the code. */
  counted: number;
}

export interface Judged {
  scores: FileScore[];
  /** Survivors without an argument. */
  survivors: Survivor[];
  equivalent: number;
  accepted: number;
  /** Argued mutants of these files that did not survive. */
  stale: Pick<Survivor, 'file' | 'mutant'>[];
}

type MutatedFile = z.infer<typeof reportSchema>['files'][string];
type Mutant = MutatedFile['mutants'][number];

const oneLine = (text: string) => text.replaceAll(/\s+/g, ' ').trim();

function survivorOf(file: string, { source }: MutatedFile, { location: { start, end }, replacement = '' }: Mutant): Survivor {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  const before = lines[0]?.slice(0, start.column - 1) ?? '';
  const after = lines.at(-1)?.slice(end.column - 1) ?? '';
  return { file, line: start.line, code: oneLine(lines.join('\n')), mutant: oneLine(before + replacement + after) };
}

const isNoticed = ({ status }: Mutant) => status === 'Killed' || status === 'Timeout';
const isMissed = ({ status }: Mutant) => status === 'Survived' || status === 'NoCoverage';

/** Judges a report by the arguments for survivors. */
export function judgeReport({ files }: z.infer<typeof reportSchema>, argumentsFor: readonly Argument[]): Judged {
  const keyOf = ({ file, code, mutant }: Pick<Survivor, 'file' | 'code' | 'mutant'>) => [file, oneLine(code), oneLine(mutant)].join('\n');
  const known = argumentsFor.flatMap((argument) =>
    argument.mutants.map((each) => ({ file: argument.file, ...each, kind: 'equivalent' in argument ? 'equivalent' : 'accepted' })),
  );
  const kinds = new Map(known.map((each) => [keyOf(each), each.kind]));
  const all = Object.entries(files).flatMap(([file, mutated]) =>
    mutated.mutants.filter(isMissed).map((mutant) => survivorOf(file, mutated, mutant)),
  );
  const of = (kind: string | undefined) => all.filter((survivor) => kinds.get(keyOf(survivor)) === kind);
  const survived = new Set(all.map(keyOf));
  return {
    survivors: of(undefined),
    equivalent: of('equivalent').length,
    accepted: of('accepted').length,
    scores: Object.entries(files).map(([file, { mutants }]) => {
      const killed = mutants.filter(isNoticed).length;
      const missed = [...of(undefined), ...of('accepted')].filter((survivor) => survivor.file === file).length;
      return { file, killed, counted: killed + missed };
    }),
    stale: known.filter((each) => each.file in files && !survived.has(keyOf(each))).map(({ file, mutant }) => ({ file, mutant })),
  };
}

/**
 * Arguments whose code is no longer in its file: no mutant can fit them, whichever room runs. One line for each.
 * @param sourceOf returns the source of a file; null for a missing one
 */
export function outdatedArguments(argumentsFor: readonly Argument[], sourceOf: (file: string) => string | null): string[] {
  return argumentsFor.flatMap(({ file, mutants }) => {
    const source = oneLine(sourceOf(file) ?? '');
    return mutants
      .filter(({ code }) => !source.includes(oneLine(code)))
      .map(({ code }) => `survivors.yaml: this code is no longer in ${file}, remove its mutants: ${code}`);
  });
}

/** The share of noticed mutants among those that count, in percent; 100 if none counts. */
export function percent(scores: readonly Pick<FileScore, 'killed' | 'counted'>[]): number {
  const sum = (of: 'killed' | 'counted') => scores.reduce((total, score) => total + score[of], 0);
  return sum('counted') === 0 ? 100 : (100 * sum('killed')) / sum('counted');
}

/** The command fails if a room has a lower score. */
const LEAST_PERCENT = 90;

/** Why a room fails, one line for each reason; empty if it passes. */
export function faultsOf({ scores, survivors, stale }: Judged): string[] {
  const score = percent(scores);
  return [
    ...survivors.map(({ file, line, code, mutant }) => `survived: ${file}:${line}\n    code: ${code}\n    mutant: ${mutant}`),
    ...stale.map(({ file, mutant }) => `survivors.yaml: this mutant did not survive, remove it: ${file}: ${mutant}`),
    ...(score < LEAST_PERCENT ? [`the score is ${score.toFixed(1)} %, expected at least ${LEAST_PERCENT} %`] : []),
  ];
}
