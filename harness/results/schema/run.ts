// `run` in results.json: what was executed, by which versions, on which host.
import { z } from 'zod';
import { GATES } from '../../base/vocabulary.ts';
import { count, isolation, sha256 } from './values.ts';

const agent = z.strictObject({
  sha256: sha256.describe('SHA-256 of the agent, in hexadecimal.'),
  libbpf: z.string().describe('Version of the libbpf that the agent is linked with, as libbpf itself reports it: `1.7.0`.'),
  libbpfOrigin: z.string().describe('Where that libbpf came from: `Debian source package libbpf 1.7.0-1`, `system libbpf-dev`.'),
});

const policy = z.strictObject({
  gate: z
    .enum(GATES)
    .optional()
    .describe('`failures`: every unexpected failure fails the run; `regressions`: only those that the baseline does not have.'),
  failOnFlaky: z.boolean().optional().describe('True if a cell that needed more than one attempt fails the run.'),
  maxInfra: count.optional().describe('Number of infrastructure failures that the run tolerates; 0 if absent.'),
});

const host = z.strictObject({
  os: z.string().describe('Operating system and kernel release of the host.'),
  cpus: count.describe('Number of processors that the run could use.'),
  memoryMiB: count.describe('Memory of the host, in MiB.'),
  node: z.string().describe('Version of Node.js.'),
  qemu: z.string().describe('Version of QEMU.'),
  accel: z.enum(['kvm', 'tcg']).describe('Accelerator of the guests.'),
  accelReason: z.string().describe('Why this accelerator was chosen, in one sentence.'),
});

export const runSchema = z.strictObject({
  id: z.string().describe('Unique identifier of the run (UUID).'),
  startedAt: z.iso.datetime().describe('Start of the run (UTC).'),
  finishedAt: z.iso.datetime().describe('End of the run (UTC).'),
  complete: z.boolean().describe('False if the run was interrupted; cells that it did not reach have the status `not-run`.'),
  shard: z
    .strictObject({
      index: z.number().int().positive().describe('Number of this part, from 1.'),
      total: z.number().int().positive().describe('Number of parts.'),
    })
    .optional()
    .describe('Which part of the plan this file holds; absent if it holds the whole plan. Cells of other parts are left out.'),
  tool: z
    .strictObject({
      name: z.literal('corematrix').describe('Name of the program that wrote the file.'),
      version: z.string().describe('Version of that program.'),
    })
    .describe('The program that wrote the file.'),
  commit: z
    .strictObject({
      hash: z
        .string()
        .regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/)
        .describe('Hash of the commit.'),
      modified: z.boolean().nullable().describe('True if tracked files differ from the commit; null if that could not be found out.'),
    })
    .optional()
    .describe('Git commit of the project that the run was started in; absent if there is none.'),
  command: z.array(z.string()).describe('The command line as typed, program name first.'),
  isolation: isolation.describe('Guest of each cell: `snapshot`, a private copy of a booted guest; `boot`, a fresh boot.'),
  policy: policy.optional().describe('Rules for the exit code that differ from the defaults; absent if none does.'),
  agent: agent.describe('The agent that loads every object without a `loader`.'),
  otherAgents: z
    .array(
      agent.extend({
        loader: z.string().describe('`loader` of the objects that this agent loads: `libbpf@1.1`, `cilium@0.22`.'),
        library: z
          .string()
          .optional()
          .describe('The library of the loader program beside the agent: `cilium/ebpf`; absent if libbpf loads.'),
        release: z.string().optional().describe('The release of that library: `0.22.0`; absent if libbpf loads.'),
      }),
    )
    .min(1)
    .optional()
    .describe('Agents with other loaders; absent if no object names one.'),
  host: host.describe('The machine that the run was executed on.'),
});
