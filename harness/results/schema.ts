// The shape of results.json, as one zod schema: the types, the check on reading and the published JSON Schema all come from here.
import { z } from 'zod';
import { explanationFindings } from './explanation.ts';
import { count, failurePlace, objectRelocation } from './places.ts';
import { FAILURE_CLASSES, PREDICTED_STATUSES, GATES, LAYOUT_KINDS, OUTCOMES, REACHED, STAGES, STATUSES } from '../base/vocabulary.ts';

/** Raised when the meaning of a field changes; readers refuse what is newer than they are. */
export const SCHEMA_VERSION = 2;

const milliseconds = z.number().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const status = z.enum(STATUSES);
const stage = z.enum(STAGES);
const failureClass = z.enum(FAILURE_CLASSES);

/** A key of `logs.texts`, or null where there is no such log. */
const logRef = z.string().nullable();

const agent = z.strictObject({
  sha256,
  /** Version of the libbpf the agent is linked with, as libbpf itself says, for example `1.7`. */
  libbpf: z.string(),
  /** Where that libbpf came from, for example `debian-source libbpf 1.7.0-1` or `system libbpf-dev`. */
  libbpfOrigin: z.string(),
});

const run = z.strictObject({
  id: z.string(),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  /** False when the run was interrupted: what had not run is `not-run`. */
  complete: z.boolean(),
  /** Which part of a plan this is, from 1; absent when it is the whole. Cells of other parts are absent, too. */
  shard: z.strictObject({ index: z.number().int().positive(), total: z.number().int().positive() }).optional(),
  tool: z.strictObject({ name: z.literal('corematrix'), version: z.string() }),
  /** The commit of the user's project, and whether tracked files differ from it; absent where nobody knows. */
  commit: z.strictObject({ hash: z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/), modified: z.boolean().nullable() }).optional(),
  /** The command line as typed, program name first. */
  command: z.array(z.string()),
  isolation: z.enum(['snapshot', 'boot']),
  /** What the exit code tells, where the configuration says something else than usual. */
  policy: z.strictObject({ gate: z.enum(GATES).optional(), failOnFlaky: z.boolean().optional(), maxInfra: count.optional() }).optional(),
  /** The one that objects have which name no other `loader`. */
  agent,
  /** Agents with the other releases of libbpf that objects name. */
  otherAgents: z
    .array(agent.extend({ loader: z.string() }))
    .min(1)
    .optional(),
  host: z.strictObject({
    os: z.string(),
    cpus: count,
    memoryMiB: count,
    node: z.string(),
    qemu: z.string(),
    accel: z.enum(['kvm', 'tcg']),
    /** Why that accelerator: the outcome of the probe guest. */
    accelReason: z.string(),
  }),
});

const kernel = z.strictObject({
  /** Unique in the run and safe in a path and a URL fragment: `debian-6.12.117+deb13-cloud-amd64`. */
  id: z.string(),
  selector: z.string(),
  /** `uname -r` as seen in the guest; null when no guest ever came up. */
  release: z.string().nullable(),
  /** Upstream version used for ordering and ranges: `6.12.117`, or `7.4-rc3`. */
  version: z.string(),
  /** `5.10`, `6.12`: what the matrix groups by. */
  series: z.string(),
  arch: z.enum(['x86_64', 'arm64']),
  distribution: z.string(),
  /** The package it came from, null for a file. */
  package: z.strictObject({ name: z.string(), version: z.string(), path: z.string(), sha256 }).nullable(),
  /** Of the kernel image as it was delivered (bzImage, Image or vmlinux); null when it could not be had. */
  sha256: sha256.nullable(),
  btf: z.strictObject({ size: count, sha256 }).nullable(),
  boot: z.strictObject({ method: z.enum(['pvh', 'bzimage', 'image']), durationMs: milliseconds, command: z.array(z.string()) }).nullable(),
  /** Whether the run may do without it: that it cannot be had or does not come up is no trouble then. */
  optional: z.literal(true).optional(),
  /** Things a reader should know: a twin package was chosen, an indexed version was gone. */
  notes: z.array(z.string()),
});

const object = z.strictObject({
  /** Unique in the run and safe in a path and a URL fragment, from the file name. */
  id: z.string(),
  path: z.string(),
  sha256,
  size: count,
  /** The libbpf that loads it, where that is another than the run's: `libbpf@1.1`. */
  loader: z.string().optional(),
  /** The compiler as the object names it; absent where it does not, as most that were stripped. */
  compiler: z.string().optional(),
  license: z.string().nullable(),
  programs: z.array(
    z.strictObject({
      name: z.string(),
      section: z.string(),
      /** The program type under libbpf's name (`kprobe`, `tracing`, ...); null when no guest or section name told. */
      type: z.string().nullable(),
      insns: count,
    }),
  ),
  /** Every relocation of the object, sections in the order of .BTF.ext; cells refer to positions in this list. */
  relocations: z.array(objectRelocation),
  maps: z.array(z.strictObject({ name: z.string(), type: z.string() })),
});

const candidate = z.strictObject({
  /** As libbpf prints it: `[114] struct task_struct.pid (0:92 @ offset 1264)`. */
  spec: z.string(),
  matches: z.boolean(),
});

const cellRelocation = z.strictObject({
  /** Position in `objects[].relocations`. */
  ref: count,
  outcome: z.enum(OUTCOMES),
  /** The value compiled in and the value after relocation, decimal (64-bit values do not fit a JSON number); null when there is none. */
  local: z.string().nullable(),
  target: z.string().nullable(),
  reached: z.enum(REACHED).nullable(),
  candidates: z.array(candidate),
  /** Passes, but reads something else than was compiled: says what. */
  suspicious: z.string().nullable(),
  /** What libbpf warned about this relocation. */
  warnings: z.array(z.string()),
  /** Where the engine says something else than libbpf did, or libbpf never came to the relocation; absent where both say the same. */
  predicted: z.strictObject({ outcome: z.enum(OUTCOMES), target: z.string().nullable() }).optional(),
});

const cellProgram = z.strictObject({
  name: z.string(),
  status,
  stage: stage.nullable(),
  class: failureClass.nullable(),
  /** As the kernel or libbpf returned it, positive; null when nothing failed. */
  errno: count.nullable(),
  /** One line. */
  reason: z.string().nullable(),
  /** The same for every failure with one root cause, in whatever program and on whatever kernel; absent where nothing failed. */
  fingerprint: z
    .string()
    .regex(/^[0-9a-f]{12}$/)
    .optional(),
  /** The instruction the verifier stopped at; absent where it stopped at none. */
  at: failurePlace.optional(),
  /**
   * Whether it was attached after the load; false where libbpf attaches no program of its kind by itself and the plan names no target.
   * Absent where attaching was not asked for, or failed.
   */
  attached: z.boolean().optional(),
  /** How often it ran while triggers were pulled and before, as the kernel counts; absent where nothing was run. */
  runs: count.optional(),
  /** The expectation that turned fail into xfail, pass into xpass, or made it unsupported: its reason. */
  expected: z.string().nullable(),
  /** What BTF alone says of it, before anything is loaded; absent where nothing was predicted. */
  predicted: z
    .strictObject({
      status: z.enum(PREDICTED_STATUSES),
      class: failureClass.nullable(),
      /** Whether the load bears it out, as far as BTF can tell such a thing; null when there was no verdict to compare with. */
      agrees: z.boolean().nullable(),
    })
    .optional(),
  logs: z.strictObject({ libbpf: logRef, verifier: logRef }),
});

/** Something that was to be there after a run. */
const check = z.strictObject({
  /** The program that fails when it does not pass; null for all of them. */
  program: z.string().nullable(),
  /** `runs of on_exec`, `counts[3]`, `events in rb`. */
  what: z.string(),
  expected: z.string(),
  seen: z.string(),
  passed: z.boolean(),
});

const attempt = z.strictObject({
  isolation: z.enum(['snapshot', 'boot']),
  /** Null when it gave a verdict. */
  infra: failureClass.nullable(),
  reason: z.string().nullable(),
  durationMs: milliseconds,
});

export const cellSchema = z.strictObject({
  kernel: z.string(),
  object: z.string(),
  status,
  /** True when an earlier attempt ended in infrastructure trouble. */
  flaky: z.boolean(),
  stage: stage.nullable(),
  class: failureClass.nullable(),
  reason: z.string().nullable(),
  attempts: z.array(attempt),
  /** The run that gave this verdict, and when, where it was not run again because nothing it depends on had changed; else absent. */
  reused: z.strictObject({ run: z.string(), at: z.iso.datetime() }).optional(),
  /** Wall time on the host from the start of QEMU to its end. */
  durationMs: milliseconds,
  /** Of that, what libbpf's open and load took inside the guest, all load attempts together. */
  loadMs: milliseconds.nullable(),
  /** The first of its programs that is predicted to fail; null where BTF has nothing for certain against any. */
  predicted: z.strictObject({ status, class: failureClass.nullable() }).nullable(),
  programs: z.array(cellProgram),
  relocations: z.array(cellRelocation),
  /** Of each group of alternatives the program or map that was chosen; absent where the object has none. */
  chosen: z.array(z.string()).optional(),
  /** What was checked after a run; absent where the object was not run. */
  checks: z.array(check).optional(),
  /** Exact QEMU command of the last attempt. */
  command: z.array(z.string()).nullable(),
  /** `libbpf` is its whole debug stream for the object as a whole, `warnings` what of it libbpf gave as a warning. */
  logs: z.strictObject({
    libbpf: logRef,
    warnings: logRef,
    verifier: logRef,
    kernel: logRef,
    console: logRef,
    stdout: logRef.optional(),
    stderr: logRef.optional(),
  }),
});

/**
 * Log texts, each line kept once: `texts[id]` lists positions in `lines`.
 * Cells of one matrix say nearly the same, so this keeps a results file small and still plain JSON.
 */
const logs = z.strictObject({ lines: z.array(z.string()), texts: z.record(z.string(), z.array(count)) });

const programName = z.string().nullable();

/** What earlier runs say of the programs of this one; kernels of earlier runs are those of the same id, or of the same series. */
const history = z.strictObject({
  /** How many runs are known, this one included, and when the first of them ended. */
  runsKnown: count,
  first: z.iso.datetime(),
  /** The latest of them, this one last. */
  runs: z.array(z.strictObject({ id: z.string(), finishedAt: z.iso.datetime() })),
  /**
   * For each program, and under null for the object as a whole, a text for each kernel with a letter for each of `runs`: p pass, f fail,
   * x xfail, X xpass, u unsupported, s skip, i infra, n not-run, and a space where there was no such thing.
   */
  programs: z.array(z.strictObject({ object: z.string(), program: programName, trends: z.array(z.string()) })),
  /** What is not as expected now, and since when. */
  failing: z.array(
    z.strictObject({
      object: z.string(),
      program: programName,
      kernel: z.string(),
      /** End of the first run in which it was so, and how many there have been since; runs without a verdict do not count. */
      since: z.iso.datetime(),
      runs: count,
      /** The version of the kernel in that run. */
      version: z.string(),
      /** False where it was so in the first run that is known: then it may be older. */
      seenGood: z.boolean(),
    }),
  ),
  /** What took more than one attempt, or passed and failed with the same object and kernel, and in how many of the runs that had a verdict. */
  flaky: z.array(z.strictObject({ object: z.string(), program: programName, kernel: z.string(), flaky: count, runs: count })),
});

const typeLayouts = z.strictObject({
  /** As C refers to it, without flavor: `struct task_struct`. */
  name: z.string(),
  /** Every member that any kernel has; one that only lies elsewhere is the same. Of enumerators `type` is the value. */
  members: z.array(z.strictObject({ name: z.string(), type: z.string(), size: count.nullable(), bitSize: count })),
  /** Each distinct layout once. */
  layouts: z.array(
    z.strictObject({
      kernels: z.array(z.string()),
      kind: z.enum(LAYOUT_KINDS),
      size: count.nullable(),
      /** How many other types of this kind have this name there. */
      others: count,
      /** Positions in `members` and offsets in bits, null for what lies nowhere, in the order of the declaration. */
      places: z.array(z.tuple([count, count.nullable()])),
    }),
  ),
  /** Kernels that have BTF, but no such type in it. */
  missing: z.array(z.string()),
});

/** The types that relocations go through, as far as kernels of the run have BTF. */
const layoutCollection = z.strictObject({
  types: z.array(typeLayouts),
  /** Names of those that are too large to be kept. */
  omitted: z.array(z.string()),
});

export const resultsSchema = z.strictObject({
  schemaVersion: z.literal(SCHEMA_VERSION),
  run,
  kernels: z.array(kernel),
  objects: z.array(object),
  cells: z.array(cellSchema),
  logs,
  /** Absent where no history was asked for. */
  history: history.optional(),
  /** Absent in results of versions that did not keep them. */
  layouts: layoutCollection.optional(),
  /** Root causes, as `corematrix explain` tells them; absent where the run was interrupted. */
  explanation: explanationFindings.optional(),
});

export type { FailurePlace } from './places.ts';
export type Results = z.infer<typeof resultsSchema>;
export type KernelResult = z.infer<typeof kernel>;
export type ObjectResult = z.infer<typeof object>;
export type CellResult = z.infer<typeof cellSchema>;
export type CellProgram = z.infer<typeof cellProgram>;
export type CellRelocation = z.infer<typeof cellRelocation>;
export type CellCheck = z.infer<typeof check>;
export type Attempt = z.infer<typeof attempt>;
export type History = z.infer<typeof history>;
export type TypeLayouts = z.infer<typeof typeLayouts>;
export type LayoutCollection = z.infer<typeof layoutCollection>;
export type LogStore = z.infer<typeof logs>;
