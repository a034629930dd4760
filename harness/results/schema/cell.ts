// `cells[]` in results.json: one object on one kernel.
import { z } from 'zod';
import { LOG_LIMITS, sizeText } from '../../base/log-limits.ts';
import { OUTCOMES, PREDICTED_STATUSES, REACHED } from '../../base/vocabulary.ts';
import { failurePlace } from './places.ts';
import { count, failureClass, isolation, kernelId, milliseconds, objectId, stage, status } from './values.ts';

/** A key of `logs.texts`, or null if there is no such log. */
const logRef = z.string().nullable();

const candidate = z.strictObject({
  spec: z.string().describe('The candidate as libbpf prints it: `[114] struct task_struct.pid (0:92 @ offset 1264)`.'),
  matches: z.boolean().describe('True if the candidate matches the relocation.'),
});

const relocationRecord = z.strictObject({
  ref: count.describe('Position of the relocation in `objects[].relocations`, from 0.'),
  outcome: z.enum(OUTCOMES).describe('Outcome of the relocation on this kernel.'),
  local: z
    .string()
    .nullable()
    .describe('Value that was compiled in, in decimal (64-bit values do not fit a JSON number); null if unknown.'),
  target: z.string().nullable().describe('Value after relocation, in decimal; null if there is none.'),
  reached: z
    .enum(REACHED)
    .nullable()
    .describe('Whether the verifier reached the poisoned instruction; null if the instruction is not poisoned.'),
  candidates: z.array(candidate).describe('Types of the kernel that the loader compared with the accessed type.'),
  suspicious: z
    .string()
    .nullable()
    .describe('Semantic change: how the value that is read differs from what was compiled, in one sentence; null if it does not.'),
  warnings: z.array(z.string()).describe('Warnings of the loader about this relocation.'),
  predicted: z
    .strictObject({
      outcome: z.enum(OUTCOMES).describe('Predicted outcome.'),
      target: z.string().nullable().describe('Predicted value after relocation, in decimal; null if there is none.'),
    })
    .optional()
    .describe('Prediction, if the loader did something else or never reached the relocation; absent if both agree.'),
});

const cellProgram = z.strictObject({
  name: z.string().describe('Name of the program in `objects[].programs`.'),
  status: status.describe('Status of the program.'),
  stage: stage.nullable().describe('Stage at which the program failed; null if it did not fail.'),
  class: failureClass.nullable().describe('Failure class; null if the program did not fail.'),
  errno: count.nullable().describe('Error number that the kernel or the loader returned, positive; null if there is none.'),
  reason: z.string().nullable().describe('Reason of the failure, in one line; null if the program did not fail.'),
  fingerprint: z
    .string()
    .regex(/^[0-9a-f]{12}$/)
    .optional()
    .describe('Fingerprint of the root cause, the same in every program, on every kernel and in every run; absent if nothing failed.'),
  at: failurePlace.optional().describe('Instruction at which the verifier stopped; absent if it stopped at none.'),
  attached: z
    .boolean()
    .optional()
    .describe(
      'True if the program was attached after the load; false if the loader cannot attach its kind without a target and the configuration names ' +
        'none; absent if attaching was not asked for, or failed.',
    ),
  runs: count
    .optional()
    .describe('How often the program ran until all triggers were done, as the kernel counts; absent without a run check.'),
  expected: z
    .string()
    .nullable()
    .describe(
      'Reason of the expectation that applies: it turned `fail` into `xfail`, or `pass` into `xpass`, or made the program `unsupported`; null if none applies.',
    ),
  predicted: z
    .strictObject({
      status: z
        .enum(PREDICTED_STATUSES)
        .describe('`fail`: certain; `may-fail`: depends on what the verifier reaches; `unknown`: BTF shows no failure.'),
      class: failureClass.nullable().describe('Predicted failure class; null if no failure is predicted.'),
      agrees: z.boolean().nullable().describe('True if the verdict agrees with the prediction; null if there is no verdict.'),
    })
    .optional()
    .describe('Prediction from BTF and kernel symbols, made before the program is loaded; absent if nothing was predicted.'),
  logs: z
    .strictObject({
      libbpf: logRef.describe(
        'Debug output of the loader, libbpf or another one, for this program alone, as a key of `logs.texts`; null if there is none. If the object has more than 256 ' +
          'programs, it has no lines about the other programs; the log of the object has these.',
      ),
      verifier: logRef.describe("The verifier's log, as a key of `logs.texts`; null if there is none."),
    })
    .describe('Logs of the program.'),
});

const check = z.strictObject({
  program: z.string().nullable().describe('Program that fails if the check does; null if all of them do.'),
  what: z.string().describe('Value that was checked: `runs of on_exec`, `counts[3]`, `events in rb`.'),
  expected: z.string().describe('Value that the configuration expects.'),
  seen: z.string().describe('Value that was found.'),
  passed: z.boolean().describe('True if the check passed.'),
});

const attempt = z.strictObject({
  isolation: isolation.describe('Guest of the attempt: a copy of a snapshot, or a fresh boot.'),
  infra: failureClass
    .nullable()
    .describe('Class of the infrastructure failure that ended the attempt; null if the attempt gave a verdict.'),
  reason: z.string().nullable().describe('Reason of that failure, in one line; null if the attempt gave a verdict.'),
  durationMs: milliseconds.describe('Time from the start of QEMU to its end, in milliseconds.'),
});

const cellLogs = z.strictObject({
  libbpf: logRef.describe('Whole debug output of the loader, libbpf or another one, for the object; null if there is none.'),
  warnings: logRef.describe('The warnings in that output; null if there is none.'),
  verifier: logRef.describe("The verifier's log of the load attempt for the whole object; null if there is none."),
  kernel: logRef.describe('Kernel log of the guest during the cell; null if it is empty.'),
  console: logRef.describe('Output of the serial console; null if it is empty.'),
  stdout: logRef
    .optional()
    .describe(
      'Standard output of the custom loader, of trigger commands or of an executable; null if it is empty, absent if the cell has neither.',
    ),
  stderr: logRef
    .optional()
    .describe(
      'Standard error of the custom loader, of trigger commands or of an executable; null if it is empty, absent if the cell has neither.',
    ),
});

const logsCut = z.strictObject({
  logs: count.describe('Number of logs that were cut.'),
  bytes: count.describe('Bytes that were left out of them.'),
  limit: z
    .enum(['guest', 'cell', 'run'])
    .describe(
      `Limit that they exceeded: \`guest\`, the memory of the guest for logs and output; \`cell\`, ${sizeText(LOG_LIMITS.cell)} for the logs of a cell; \`run\`, ${sizeText(LOG_LIMITS.run)} for the logs of a run, ` +
        `after which each cell keeps ${sizeText(LOG_LIMITS.afterRun)}.`,
    ),
});

export const cellSchema = z.strictObject({
  kernel: kernelId,
  object: objectId,
  status: status.describe('Status of the cell: the most serious status of its programs.'),
  flaky: z.boolean().describe('True if an earlier attempt ended in an infrastructure failure.'),
  stage: stage.nullable().describe('Stage at which the cell failed; null if it did not fail.'),
  class: failureClass.nullable().describe('Failure class; null if the cell did not fail.'),
  reason: z.string().nullable().describe('Reason of the status, in one line; null for a pass.'),
  attempts: z.array(attempt).describe('Attempts in their order; empty if the cell did not run.'),
  reused: z
    .strictObject({
      run: z.string().describe('`id` of the run that made the verdict.'),
      at: z.iso.datetime().describe('When the verdict was made (UTC).'),
    })
    .optional()
    .describe('Earlier run whose verdict was reused because nothing that it depends on had changed; absent if the cell ran in this run.'),
  durationMs: milliseconds.describe(
    'Time from the start of QEMU to its end, all attempts together, in milliseconds; 0 if the cell did not run.',
  ),
  loadMs: milliseconds
    .nullable()
    .describe(
      "Time that the loader's open and load took in the guest, all load attempts together, in milliseconds; null if nothing was loaded.",
    ),
  predicted: z
    .strictObject({
      status: status.describe('Predicted status.'),
      class: failureClass.nullable().describe('Predicted failure class.'),
    })
    .nullable()
    .describe('Prediction for the first program that is certain to fail; null if BTF shows no certain failure.'),
  programs: z.array(cellProgram).describe('Programs in the order of the object.'),
  relocations: z
    .array(relocationRecord)
    .describe('Relocation table: one relocation record for each relocation; empty if the cell has no verdict.'),
  chosen: z
    .array(z.string())
    .optional()
    .describe('Chosen alternative of each group: a program or map; absent if the object has no alternatives.'),
  checks: z.array(check).optional().describe('Results of the run check; absent without one.'),
  ended: z
    .strictObject({
      status: count.nullable().describe('Exit status; null if a signal ended the executable.'),
      signal: count.nullable().describe('Number of the signal that ended the executable; null if it exited.'),
    })
    .optional()
    .describe('How the executable of `corematrix exec` ended; absent for BPF objects, and if the executable did not end.'),
  command: z.array(z.string()).nullable().describe('QEMU command of the last attempt; null if the cell did not run.'),
  logs: cellLogs.describe('Logs of the cell, each as a key of `logs.texts`.'),
  logsCut: logsCut
    .optional()
    .describe(
      'Logs of the cell and of its programs that were cut, each with a line that names the bytes that are left out; absent if all logs are whole.',
    ),
});

export type CellResult = z.infer<typeof cellSchema>;
export type CellProgram = z.infer<typeof cellProgram>;
export type CellRelocation = z.infer<typeof relocationRecord>;
export type CellCheck = z.infer<typeof check>;
export type Attempt = z.infer<typeof attempt>;
