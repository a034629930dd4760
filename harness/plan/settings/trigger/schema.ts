// The schema of triggers, which make attached programs run.
import { z } from 'zod';
import { commandSchema } from '../../packing/command-schema.ts';
import { bytesSchema } from '../bytes.ts';

/** Triggers that the agent executes itself. */
export const BUILT_IN_TRIGGERS = ['open', 'exec', 'connect', 'write', 'spin', 'iterate'] as const;
export type BuiltInTrigger = (typeof BUILT_IN_TRIGGERS)[number];

const testRunSchema = z.strictObject({
  test_run: z
    .strictObject({
      program: z.string().describe('The program to run.'),
      data: bytesSchema
        .optional()
        .describe('Its packet: `hex:...` or `base64:...`. Default: 64 zero bytes if its program type needs a packet.'),
      context: bytesSchema.optional().describe('Its context, as its program type defines it.'),
      repeat: z.number().int().min(1).max(1_000_000).optional().describe('The number of runs (default: 1).'),
    })
    .describe('BPF_PROG_TEST_RUN of one program.'),
});

const commandTriggerSchema = z.strictObject({
  command: commandSchema.describe(
    'A program of this machine, run in the guest with the files and shared libraries it needs. An exit status other than 0, a signal, ' +
      'or more time than `timeout` is a failure.',
  ),
});

const oneTriggerSchema = z.union([z.enum(BUILT_IN_TRIGGERS), testRunSchema, commandTriggerSchema]);

/** The kinds of triggers, for messages. */
export const TRIGGER_KINDS = [...BUILT_IN_TRIGGERS, 'test_run', 'command'] as const;

export const triggerSchema = z
  .union([oneTriggerSchema, z.array(oneTriggerSchema).min(1)])
  .describe(
    'What happens in the guest after everything is attached, in this order. `open`: a file is made, written, read and removed; `exec`: a process is ' +
      'forked and executes a program; `connect`: a TCP connection over loopback, and a byte sent over it; `write`: a block is written to a file in ' +
      'memory (tmpfs: no disk is involved) and, in kernels with a ram disk built in, to /dev/ram0; `spin`: the processor is kept busy for 100 ms; ' +
      '`iterate`: attached iterators are read.',
  );

export type OneTrigger = z.infer<typeof oneTriggerSchema>;
export type TriggerSetting = z.infer<typeof triggerSchema>;
