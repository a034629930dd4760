// The schema of an explanation: results contain it, and `corematrix explain --json` writes it.
import { z } from 'zod';
import { FAILURE_CLASSES } from '../base/failures.ts';
import { REACHED, RELATIONS } from '../base/vocabulary.ts';
import { failurePlace, objectRelocation, source } from './schema/places.ts';
import { count, kernelId, kernelIds, objectId } from './schema/values.ts';

/** Increased when the meaning of a field changes. */
export const EXPLANATION_VERSION = 3;

const relocation = objectRelocation.pick({ index: true, section: true, kind: true, access: true, spec: true });
const program = z.string().describe('Name of the program.');
const sourceLine = source.nullable().describe('Source line of the relocation; null if the object has no line information for it.');

const causePlace = z.strictObject({
  object: objectId,
  program,
  relocation: relocation.nullable().describe('Relocation that fails; null if the failure concerns none.'),
  source: source
    .nullable()
    .describe('Source line of the relocation, else of the instruction at which the verifier stopped; null if neither is known.'),
  at: failurePlace
    .omit({ source: true })
    .nullable()
    .describe('Instruction at which the verifier stopped, on the first of the kernels; null if it stopped at none.'),
  fails: kernelIds.describe('Kernels on which the program fails with this cause, by id.'),
  behind: kernelIds.describe('Kernels on which another failure of the program comes first, by id.'),
  reached: z
    .enum(REACHED)
    .nullable()
    .describe('Whether the verifier reaches the place, the worst of all kernels; null if the failure concerns no poisoned instruction.'),
});

const alternative = z.strictObject({
  relation: z.enum(RELATIONS).describe('How it is related to what is missing.'),
  paths: z
    .array(z.array(z.union([z.string(), count])))
    .describe('Members and array indexes from the root type on; a further path starts behind the pointer at the end of the one before.'),
  type: z.string().describe('Type that it has in the kernel, as C writes it.'),
  certainty: z.enum(['likely', 'possible']).describe('How sure the relation is.'),
});

const logLine = z.strictObject({
  kernel: kernelId,
  object: objectId,
  program: z.string().nullable().describe('Program whose log it is; null for the log of the cell.'),
  kind: z.enum(['libbpf', 'verifier']).describe('Which log it is.'),
  line: count.describe('Number of the line in that log, from 1.'),
});

const causeSituation = z.strictObject({
  kernels: kernelIds.describe('Kernels with this situation, by id.'),
  summary: z.string().describe('What these kernels have, in one sentence.'),
  alternatives: z.array(alternative).describe('What these kernels may have instead, the most likely first.'),
  hints: z.array(z.string()).describe('Further facts, one sentence each.'),
  evidence: z.array(z.string()).describe('Log lines that show it, from the first of the kernels.'),
  log: logLine.nullable().describe('Where the last of those lines is in the logs of the run; null if it is from none of them.'),
});

const causePresence = z.strictObject({
  first: z.string().nullable().describe('First kernel that has it, by id; null if none has it.'),
  last: z.string().nullable().describe('Last kernel that has it, by id; null if none has it.'),
  gaps: kernelIds.describe('Kernels between the first and the last that lack it, by id.'),
  has: kernelIds.describe('Kernels that have it, by id.'),
  lacks: kernelIds.describe('Kernels that lack it, by id.'),
  otherType: kernelIds
    .optional()
    .describe('Kernels of `lacks` that have the name, with a type that does not fit, by id; not given if no kernel has.'),
  unknown: kernelIds
    .optional()
    .describe('Kernels that may have it, such as those where only a module has it, by id; not given if all are known.'),
  witnesses: z
    .array(
      z.strictObject({
        from: z.string().describe('The older kernel, by id.'),
        to: z.string().describe('The next kernel with BTF, by id.'),
        change: z.enum(['came', 'went']).describe('`came` if only the newer kernel has it, `went` if only the older one has it.'),
      }),
    )
    .describe('Neighbours of which one has it and the other lacks it.'),
});

const rootCause = z.strictObject({
  fingerprint: z.string().describe('Fingerprint of the cause, the same in every run.'),
  class: z.enum(FAILURE_CLASSES).describe('Failure class.'),
  subject: z.string().describe('What the failures are about: `task_struct.state`, `helper bpf_x#200`, or a reason without its numbers.'),
  certainty: z
    .enum(['seen', 'certain', 'possible'])
    .describe('`seen` in a guest, `certain` by prediction, or `possible`: only if the verifier reaches the place.'),
  places: z.array(causePlace).describe('Programs that fail because of it, each with its place in the source.'),
  situations: z.array(causeSituation).describe('What kernels have instead; kernels with the same situation together.'),
  presence: causePresence.nullable().describe('Which kernels have what is missing, by their BTF; null if BTF cannot tell.'),
  knownChange: z
    .strictObject({
      id: z.string().describe('Identifier of the change: `task-state`.'),
      text: z.string().describe('The change in one sentence.'),
    })
    .nullable()
    .describe('Known change of the kernel that is the cause; null if none is known.'),
  notReached: z
    .string()
    .nullable()
    .describe('What the load did not check because it ended at this failure, as a phrase with its reason; null if it checked everything.'),
  snippet: z.string().nullable().describe('Suggested C code that works on all kernels of the run; null if there is no suggestion.'),
  advice: z.array(z.string()).describe('What to do besides or instead, one sentence each.'),
});

const semanticChangePlace = z.strictObject({
  object: objectId,
  program,
  relocation: relocation.describe('Relocation that resolves.'),
  source: sourceLine,
  what: z.string().describe('How the field differs from what was compiled, in one sentence.'),
  kernels: kernelIds.describe('Kernels on which it differs, by id.'),
});

const movedArgument = z.strictObject({
  object: objectId,
  program,
  subject: z.string().describe('Position that the program reads, and its hook: `argument 4 of function tcp_recvmsg`.'),
  parameters: z
    .array(
      z.strictObject({
        text: z.string().describe('Parameter at this position: `int nonblock`.'),
        kernels: kernelIds.describe('Kernels that have it there, by id.'),
      }),
    )
    .describe('Different parameters at this position, with their kernels.'),
});

const guard = z.strictObject({
  relocation: relocation.describe('Relocation that the guard consists of: `field_exists`, `type_exists`.'),
  source: sourceLine,
  value: z.string().describe('Value of the guard on these kernels, in decimal.'),
});

const guardedPlace = z.strictObject({
  object: objectId,
  program,
  relocation: relocation.describe('Relocation without a target, which the verifier does not reach.'),
  source: sourceLine,
  kernels: kernelIds.describe('Kernels that lack the target, by id.'),
  guards: z
    .array(guard)
    .describe(
      'Guards that together keep the verifier away; empty if something else does, such as a constant, a version or an unused function.',
    ),
});

const explainedKernel = z.strictObject({
  id: kernelId,
  name: z.string().describe('Short name of the kernel: `6.12`.'),
  btf: z.boolean().describe('True if the BTF of the kernel was available.'),
});

/** An explanation without its version: inside results, `schemaVersion` of the results covers it. */
export const explanationFindings = z.strictObject({
  kernels: z.array(explainedKernel).describe('Kernels of the explanation, in the order of the matrix.'),
  causes: z.array(rootCause).describe('Root causes, those with the most failures first.'),
  semanticChanges: z.array(semanticChangePlace).describe('Places that load, but read something else than was compiled.'),
  movedArguments: z
    .array(movedArgument)
    .optional()
    .describe('Arguments that a program reads by position, where kernels have different parameters; absent without one.'),
  guarded: z.array(guardedPlace).describe('Relocations without a target that do no harm because a guard avoids them.'),
  fixedOffsets: z
    .array(z.strictObject({ object: objectId, programs: z.array(program).describe('Programs that read at fixed offsets.') }))
    .optional()
    .describe('Objects without CO-RE relocations whose programs read kernel structs; absent without one.'),
});

export type CausePlace = z.infer<typeof causePlace>;
export type CauseSituation = z.infer<typeof causeSituation>;
export type LogLine = z.infer<typeof logLine>;
export type CausePresence = z.infer<typeof causePresence>;
export type RootCause = z.infer<typeof rootCause>;
export type MovedArgument = z.infer<typeof movedArgument>;
export type SemanticChangePlace = z.infer<typeof semanticChangePlace>;
export type Guard = z.infer<typeof guard>;
export type GuardedPlace = z.infer<typeof guardedPlace>;
export type ExplainedKernel = z.infer<typeof explainedKernel>;
export type Findings = z.infer<typeof explanationFindings>;

export interface Explanation extends Findings {
  schemaVersion: typeof EXPLANATION_VERSION;
}
