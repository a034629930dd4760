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

export const survivorsSchema = z.array(
  z.strictObject({
    file: z.string(),
    /** The original lines, with each run of white space as one space. */
    code: z.string(),
    /** The same lines after the mutation. */
    mutant: z.string(),
    /** The reason why no test can notice the mutant, or need not. */
    why: z.string().min(20),
  }),
);

type ArguedSurvivor = z.infer<typeof survivorsSchema>[number];

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
  /** Number of mutants that count, which excludes survivors with an argument. */
  counted: number;
}

export interface Judged {
  scores: FileScore[];
  /** Survivors without an argument. */
  survivors: Survivor[];
  argued: number;
  /** Arguments about these files that fit no survivor. */
  stale: ArguedSurvivor[];
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
export function judgeReport({ files }: z.infer<typeof reportSchema>, argued: readonly ArguedSurvivor[]): Judged {
  const fits = (argument: ArguedSurvivor, { file, code, mutant }: Survivor) =>
    argument.file === file && oneLine(argument.code) === code && oneLine(argument.mutant) === mutant;
  const all = Object.entries(files).flatMap(([file, mutated]) =>
    mutated.mutants.filter(isMissed).map((mutant) => survivorOf(file, mutated, mutant)),
  );
  const survivors = all.filter((survivor) => !argued.some((argument) => fits(argument, survivor)));
  return {
    survivors,
    argued: all.length - survivors.length,
    scores: Object.entries(files).map(([file, { mutants }]) => {
      const killed = mutants.filter(isNoticed).length;
      return { file, killed, counted: killed + survivors.filter((survivor) => survivor.file === file).length };
    }),
    stale: argued.filter((argument) => argument.file in files && !all.some((survivor) => fits(argument, survivor))),
  };
}

/** The share of noticed mutants among those that count, in percent; 100 if none counts. */
export function percent(scores: readonly Pick<FileScore, 'killed' | 'counted'>[]): number {
  const sum = (of: 'killed' | 'counted') => scores.reduce((total, score) => total + score[of], 0);
  return sum('counted') === 0 ? 100 : (100 * sum('killed')) / sum('counted');
}
