// What is to be done with an object once it is loaded.
import { Buffer } from 'node:buffer';
import { z } from 'zod';
import type { Value } from '../../bpf/btf/encode.ts';
import { commandSchema } from './loader-settings.ts';

export const attachToSchema = z
  .string()
  .min(1)
  .max(500)
  .regex(/^[^\0]*$/, 'expected text without NUL')
  .describe(
    'What the program is attached to, where its section does not say or says something else: a function (fentry, fexit, kprobe), `MODULE:FUNCTION`, an LSM hook, PATH:FUNCTION (uprobe), ' +
      'CATEGORY/NAME (tracepoint), a name (raw tracepoint), an interface of the guest, `lo` (xdp, tcx, tc; `lo/egress` for filters of tc), a cgroup, `/sys/fs/cgroup` (cgroup programs), ' +
      'a network namespace, `/proc/self/ns/net` (sk_lookup, flow_dissector), `cpu-clock` and other software events (perf_event), ' +
      '`ipv4/local_in` and other hooks (netfilter), a map (sk_skb, sk_msg).',
  );

const BYTES = /^(?:hex:(?:\s*[\da-fA-F]{2})*\s*|base64:[A-Za-z\d+/]*={0,2})$/;

const bytesSchema = z
  .string()
  .regex(BYTES, 'expected hex:... (pairs of digits) or base64:...')
  .describe('Bytes: `hex:45 00 00 28` or `base64:RQAAKA==`.');

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** What stands for the bytes of a key, value or variable: as its type says, or `hex:` and `base64:` for bytes as they are. */
const valueSchema: z.ZodType<Value> = z.lazy(() =>
  z.union([z.boolean(), z.number(), z.string(), z.array(valueSchema), z.record(z.string(), valueSchema)]),
);

/** What the agent can do by itself so that something happens in the kernel. */
export const TRIGGERS = ['open', 'exec', 'connect', 'write', 'spin', 'iterate'] as const;
export type TriggerName = (typeof TRIGGERS)[number];

const testRunSchema = z.strictObject({
  test_run: z
    .strictObject({
      program: z.string().describe('The program to run.'),
      data: bytesSchema
        .optional()
        .describe('Its packet: `hex:...` or `base64:...`. Without it, 64 zero bytes where the type of program needs one.'),
      context: bytesSchema.optional().describe('Its context, as its program type has it.'),
      repeat: z.number().int().min(1).max(1_000_000).optional().describe('How often it is run (default: once).'),
    })
    .describe('BPF_PROG_TEST_RUN of one program.'),
});

const commandTriggerSchema = z.strictObject({
  command: commandSchema.describe(
    'A program of this machine, run in the guest with the files and shared libraries it needs. An exit status other than 0, a signal, ' +
      'or more time than `timeout` is a failure.',
  ),
});

const triggerSchema = z.union([z.enum(TRIGGERS), testRunSchema, commandTriggerSchema]);

const checkSchema = z.strictObject({
  program: z.string().optional().describe('The program that fails when this is not so; without it, every program of the object does.'),
  runs: count.optional().describe('`program` has run at least so often.'),
  returns: z.number().int().optional().describe('Every test run of `program` returns this.'),
  events: z.string().optional().describe('A ring buffer or perf event array that has got at least `at_least` events (default: 1).'),
  map: z.string().optional().describe('A map to look into, at `key`.'),
  key: valueSchema.optional().describe("As the type of the map's keys says, or `hex:...`."),
  variable: z.string().optional().describe('A global variable to look at.'),
  equals: valueSchema.optional().describe('What is there must be this: as its type says, or `hex:...`.'),
  at_least: count
    .optional()
    .describe('What is there must be a number, and at least this; over all processors in maps with a value for each.'),
  not_zero: z.literal(true).optional().describe('What is there must not be all zero.'),
});

export type Trigger = z.infer<typeof triggerSchema>;
export type Check = z.infer<typeof checkSchema>;

export const runCheckSettings = {
  mode: z
    .enum(['load', 'attach', 'run'])
    .optional()
    .describe(
      '`load` (default) only loads; `attach` attaches every program that was loaded, too; `run` then pulls `trigger` and looks at what `check` says, ' +
        'or, without `check`, whether every program that was attached has run.',
    ),
  trigger: z
    .union([triggerSchema, z.array(triggerSchema).min(1)])
    .optional()
    .describe(
      'What happens in the guest once everything is attached, in this order. `open`: a file is made, written, read and removed; `exec`: a process is ' +
        'forked and executes a program; `connect`: a TCP connection over loopback, and a byte sent over it; `write`: a block is written to a file in ' +
        'memory (tmpfs: no disk is involved) and, in kernels with a ram disk built in, to /dev/ram0; `spin`: the processor is kept busy for 100 ms; ' +
        '`iterate`: attached iterators are read.',
    ),
  check: z.array(checkSchema).min(1).optional().describe('What must be there afterwards.'),
};

/** The bytes that `hex:...` or `base64:...` stands for; null for any other text. */
export function bytesOf(text: string): Uint8Array | null {
  if (!BYTES.test(text)) return null;
  return text.startsWith('hex:') ? Buffer.from(text.slice(4).replaceAll(/\s/g, ''), 'hex') : Buffer.from(text.slice(7), 'base64');
}
