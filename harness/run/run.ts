// A run: every object on every kernel, as many guests at a time as the machine bears, everything that happens told as events.
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { planKernels } from '../../kernels/plan.ts';
import { type KernelImage, pullKernel } from '../../kernels/pull.ts';
import type { PlannedKernel } from '../../kernels/registered.ts';
import type { KernelOptions } from '../../kernels/sources/options.ts';
import { InfraError, messageOf, toInfraError, UserError } from '../base/errors.ts';
import { type AccelChoice, chooseAccel } from '../guest/accel.ts';
import type { Accel } from '../guest/machine.ts';
import type { Expectation } from '../plan/expectations/expectation-schema.ts';
import { type CellChoice, type Choose, everyCell } from '../plan/choice/choice.ts';
import type { Shard } from '../plan/choice/shard.ts';
import { createLogStore } from '../results/logs.ts';
import { uniformCell } from '../results/uniform-cell.ts';
import { type CellResult, type KernelResult, type LogStore, type Results, SCHEMA_VERSION } from '../results/schema.ts';
import { type CellSetup, runCell } from './cell.ts';
import type { Emit } from './events.ts';
import { commitOf } from './commit.ts';
import { defaultJobs, hostFacts, QEMU_PROGRAM, qemuVersion } from './host.ts';
import type { RunObject } from '../plan/inputs/inputs.ts';
import type { Journal } from './journal.ts';
import { cellIdentity, commonIdentity, type CommonIdentity } from './identity.ts';
import type { CellIdentity } from './stored-cell.ts';
import { applyExpectations } from '../plan/expectations/expectations.ts';
import { removeLeftovers } from './leftovers.ts';
import { type Keep, bootImages, type GuestSetup, makeReady, plannedResult, type ReadyKernel } from './kernel.ts';
import { isPredictedToFail } from './kernel-types.ts';
import { type GuestAgent, prepareInitramfs } from '../guest/agent.ts';
import { patienceWith } from './time-limit.ts';
import { takeTurns, type Turns } from './guest-slots.ts';
import { type KernelLayouts, layoutsOn, collectLayouts } from '../results/collected-layouts.ts';
import { touchedTypes } from '../explain/touched-types.ts';
import { type VerdictStore, verdictStore } from './verdicts.ts';
import { VERSION } from '../base/version.ts';

/** Downloads at a time. */
const PULLS = 3;
const BOOT_MS = { tcg: 90_000, kvm: 30_000 } as const satisfies Record<Accel, number>;

/** Who goes before whom. Without predictions all are alike. */
const URGENCY = { kernel: 2, foretold: 1, cell: 0 } as const;

export interface RunRequest {
  objects: readonly RunObject[];
  selectors: readonly string[];
  kernelOptions: KernelOptions;
  cache: string;
  agent: GuestAgent;
  /** Agents with other releases of libbpf, by what objects ask for: `1.1`. */
  otherAgents?: ReadonlyMap<string, GuestAgent> | undefined;
  expectations: readonly Expectation[];
  isolation: 'snapshot' | 'boot';
  accel: Accel | 'auto';
  /** Guests at a time; null lets the machine decide. */
  jobs: number | null;
  /** Per cell; null takes what suits the accelerator. */
  timeoutMs: number | null;
  /** For a kernel to come up; null takes what suits the accelerator. */
  bootTimeoutMs: number | null;
  /** How long a guest may give no sign of life; null takes what suits the accelerator. */
  stallMs: number | null;
  /** Cells that are predicted to fail come first, once their kernel is up. */
  predictFirst?: boolean;
  /** For a single cell that is looked at closely, with isolation by boot. */
  keep?: Keep;
  /** The command line as typed. */
  command: string[];
  /** Which cells to run; all without it. */
  choose?: Choose | undefined;
  /** Where finished cells are kept while the run goes on, and those of a run that was killed. */
  journal?: Journal | undefined;
  /** Verdicts of earlier runs: taken where they hold, or only made anew; without it, nothing is kept either. */
  verdicts?: 'reuse' | 'renew' | undefined;
  /** What the exit code is to tell; stands in the results. */
  policy?: Results['run']['policy'];
  /** Which shard those are; stands in the results. */
  shard?: Shard | undefined;
}

interface Context {
  request: RunRequest;
  emit: Emit;
  signal: AbortSignal;
  work: string;
  logs: LogStore;
  guests: Turns;
  accel: Promise<AccelChoice>;
  setup: Omit<GuestSetup, 'accel' | 'bootTimeoutMs'>;
  progress: { done: number; total: number };
  choiceOf: (kernel: string, object: string) => CellChoice;
  /** Types whose layouts are kept. */
  touched: readonly string[];
  verdicts: VerdictStore | null;
  common: Promise<CommonIdentity>;
}

interface Column {
  kernel: KernelResult;
  cells: CellResult[];
  /** Null without BTF. */
  layouts: KernelLayouts | null;
}

function finish(context: Context, cell: CellResult, kernel: KernelResult): CellResult {
  context.progress.done += 1;
  const { done, total } = context.progress;
  context.emit({ kind: 'cell-finished', cell, kernel, done, total });
  return cell;
}

/** The objects to be run on a kernel. */
function chosen({ request, choiceOf }: Pick<Context, 'request' | 'choiceOf'>, kernel: string): RunObject[] {
  return request.objects.filter((object) => choiceOf(kernel, object.result.id) === 'run');
}

/** Every cell of a kernel that could not be made ready. */
function columnWithout(
  context: Context,
  kernel: KernelResult,
  failure: { class: 'infra-boot' | 'infra-kernel-unavailable'; reason: string },
): Column {
  const cells = chosen(context, kernel.id).map((object) =>
    context.signal.aborted
      ? uniformCell(kernel.id, object.result, 'not-run', null)
      : finish(context, uniformCell(kernel.id, object.result, 'infra', failure), kernel),
  );
  return { kernel, cells, layouts: null };
}

/** What a run that was killed or an earlier run has found out of a cell already. */
async function known({ request, verdicts, logs }: Context, identity: CellIdentity): Promise<CellResult | null> {
  return request.journal?.find(identity, logs) ?? (await verdicts?.find(identity, logs)) ?? null;
}

async function runOne(context: Context, setup: Omit<CellSetup, 'object' | 'customBtf'>, object: RunObject): Promise<CellResult> {
  const { request, verdicts, logs } = context;
  const kernel = setup.kernel.result;
  const customBtf = (await object.prepared.btf?.(kernel.release)) ?? null;
  const isUrgent = request.predictFirst === true && (await isPredictedToFail(setup.kernel, object, customBtf));
  const expected = (cell: CellResult) => finish(context, applyExpectations(cell, request.expectations, object.result, kernel), kernel);
  return context.guests(isUrgent ? URGENCY.foretold : URGENCY.cell, async () => {
    if (context.signal.aborted) return uniformCell(kernel.id, object.result, 'not-run', null);
    const identity = cellIdentity(await context.common, setup.kernel, object, customBtf);
    const kept = await known(context, identity);
    if (kept) return expected({ ...kept, kernel: kernel.id, object: object.result.id });
    context.emit({ kind: 'cell-started', kernel: kernel.id, object: object.result.id });
    try {
      const cell = await runCell({ ...setup, object, customBtf });
      await request.journal?.append(identity, cell, logs);
      await verdicts?.keep(identity, cell, logs);
      return expected(cell);
    } catch (error) {
      if (context.signal.aborted) return uniformCell(kernel.id, object.result, 'not-run', null);
      const { failure: failureClass, message } = toInfraError(error);
      const failure = { class: failureClass, reason: message };
      return finish(context, uniformCell(kernel.id, object.result, 'infra', failure), kernel);
    }
  });
}

/** A boot that was cut short is tried once more; one that took too long is not. */
async function readyKernel(context: Context, image: KernelImage, release: string | null): Promise<ReadyKernel> {
  const { accel } = await context.accel;
  const { request } = context;
  const agent = release === null ? request.agent : request.otherAgents?.get(release);
  if (!agent) throw new Error(`no agent with libbpf ${release}`);
  const setup = { ...context.setup, agent, accel, bootTimeoutMs: request.bootTimeoutMs ?? BOOT_MS[accel] };
  const ready = async () => makeReady(image, setup);
  return context.guests(context.request.predictFirst === true ? URGENCY.kernel : URGENCY.cell, async () => {
    try {
      return await ready();
    } catch (error) {
      context.signal.throwIfAborted();
      const cause = error instanceof InfraError ? error.cause : null;
      if (cause instanceof InfraError && cause.failure === 'infra-timeout')
        throw new InfraError(`${messageOf(error)}; --boot-timeout gives it longer`, { cause: error, failure: 'infra-boot' });
      return ready();
    }
  });
}

async function runKernel(context: Context, planned: PlannedKernel, pulled: Promise<KernelImage>): Promise<Column> {
  const { emit, request, signal } = context;
  const unavailable = (error: unknown, failure: 'infra-boot' | 'infra-kernel-unavailable') => {
    const reason = toInfraError(error).message;
    if (!signal.aborted) emit({ kind: 'kernel-failed', kernel: planned.id, reason });
    return columnWithout(context, plannedResult(planned), { class: failure, reason });
  };
  let image: KernelImage;
  try {
    image = await pulled;
  } catch (error) {
    return unavailable(error, 'infra-kernel-unavailable');
  }
  try {
    const objects = chosen(context, planned.id);
    const releases = [...new Set(objects.map(({ prepared }) => prepared.loader ?? null))];
    // The first stands for the kernel: a guest is the same but for the agent in it.
    const [first = null, ...others] = releases;
    const kernel = await readyKernel(context, image, first);
    const ready = new Map([[first, kernel]]);
    for (const release of others) ready.set(release, { ...(await readyKernel(context, image, release)), types: kernel.types });
    const { accel } = await context.accel;
    emit({
      kind: 'kernel-ready',
      kernel: planned.id,
      release: kernel.result.release ?? '',
      fromCache: kernel.fromCache,
      bootMs: kernel.result.boot?.durationMs ?? 0,
    });
    const keep = request.keep !== undefined;
    const setup = { logs: context.logs, work: context.work, keep, signal };
    const cells = await Promise.all(
      objects.map(async (object) => {
        const patience = patienceWith(object.prepared, request, accel);
        return runOne(context, { ...setup, patience, kernel: ready.get(object.prepared.loader ?? null) ?? kernel }, object);
      }),
    );
    const types = await kernel.types();
    const notes = types.readable ? [] : [`nothing is predicted: ${types.reason}`];
    const layouts = types.kernel && layoutsOn(planned.id, types.kernel, context.touched);
    return { kernel: { ...kernel.result, notes: [...kernel.result.notes, ...notes] }, cells, layouts };
  } catch (error) {
    return unavailable(error, 'infra-boot');
  }
}

/** A kernel's column in the order of the objects; a kernel on which nothing is to be run is neither downloaded nor booted. */
async function column(context: Context, planned: PlannedKernel, pulled: Promise<KernelImage> | null): Promise<Column> {
  const ran = pulled === null ? { kernel: plannedResult(planned), cells: [], layouts: null } : await runKernel(context, planned, pulled);
  const cells = context.request.objects.flatMap(({ result }) => {
    const choice = context.choiceOf(planned.id, result.id);
    if (typeof choice === 'object') return [uniformCell(planned.id, result, 'skip', { class: null, reason: choice.skip })];
    return ran.cells.filter((cell) => cell.object === result.id);
  });
  return { ...ran, kernel: { ...ran.kernel, ...(planned.optional && { optional: true as const }) }, cells };
}

/** Chooses the accelerator once; the kernel that is there first is the probe's. */
async function chooseOnce(setup: Context['setup'], request: RunRequest, pulled: readonly Promise<KernelImage>[]): Promise<AccelChoice> {
  if (pulled.length === 0) return { accel: 'tcg', reason: 'nothing was to be run' };
  const first = request.accel === 'auto' ? await Promise.any(pulled).catch(() => null) : null;
  return chooseAccel(request.accel, setup.qemuVersionLine, join(request.cache, 'accel.json'), {
    qemuProgram: QEMU_PROGRAM,
    images: first ? bootImages(first) : [],
    initramfs: await prepareInitramfs(setup.agent, null, setup.work),
    directory: join(setup.work, 'probe'),
    signal: setup.signal,
  });
}

/** What the results say of the agents. */
function agentFacts({ agent, otherAgents = new Map() }: Pick<RunRequest, 'agent' | 'otherAgents'>) {
  const facts = ({ sha256, libbpf, libbpfOrigin }: GuestAgent) => ({ sha256, libbpf, libbpfOrigin });
  const others = [...otherAgents].map(([release, other]) => ({ loader: `libbpf@${release}`, ...facts(other) }));
  return { agent: facts(agent), ...(others.length > 0 && { otherAgents: others }) };
}

/**
 * Runs the whole matrix and returns its results; an interrupt returns what is finished, the rest as `not-run`.
 * @throws UserError for a plan that cannot be made, InfraError when nothing at all can run
 */
export async function run(request: RunRequest, emit: Emit, signal: AbortSignal): Promise<Results> {
  const startedAt = new Date().toISOString();
  const runId = randomUUID();
  const qemu = await qemuVersion();
  const commit = commitOf(process.cwd(), process.env);
  const planned = await planKernels([...request.selectors], request.kernelOptions);
  if (planned.length === 0) throw new UserError('no kernel to run on: all are optional, and there is none of them');
  const jobs = request.jobs ?? (await defaultJobs());
  const choiceOf = (request.choose ?? everyCell)(
    planned,
    request.objects.map(({ result }) => result),
  );
  const busy = planned.filter(({ id }) => chosen({ request, choiceOf }, id).length > 0);
  const total = busy.reduce((sum, { id }) => sum + chosen({ request, choiceOf }, id).length, 0);
  emit({ kind: 'planned', kernels: busy.length, objects: request.objects.length, cells: total, jobs });
  await removeLeftovers(tmpdir(), /^corematrix-(\d+)-/);
  await removeLeftovers(join(request.cache, 'snapshots'), /\.(\d+)\.building/);
  const { keep } = request;
  if (keep) await mkdir(keep.work, { recursive: true });
  const work = keep?.work ?? (await mkdtemp(join(tmpdir(), `corematrix-${process.pid}-`)));
  try {
    const pulls = pLimit(PULLS);
    const pulled = new Map(busy.map((kernel) => [kernel.id, pulls(async () => pullKernel(kernel, request.kernelOptions))]));
    const setup = {
      cache: request.cache,
      work,
      qemuVersionLine: qemu.line,
      agent: request.agent,
      isolation: request.isolation,
      signal,
      kernelOptions: request.kernelOptions,
      ...(keep && { keep }),
    };
    const accel = chooseOnce(setup, request, [...pulled.values()]).then((choice) => {
      emit({ kind: 'accel', choice });
      return choice;
    });
    const logs = createLogStore();
    const guests = takeTurns(jobs);
    const touched = [...new Set(request.objects.flatMap(({ bpf }) => touchedTypes(bpf)))];
    const verdicts = request.verdicts === undefined ? null : verdictStore(request.cache, runId, request.verdicts === 'reuse');
    const common = accel.then(async (choice) => commonIdentity(request, choice.accel, qemu.line));
    // Both are waited for below, where a failure is told; they may fail before anything waits.
    for (const promise of [accel, common]) promise.catch(() => undefined);
    const progress = { done: 0, total };
    const context: Context = { request, emit, signal, work, logs, guests, accel, setup, progress, choiceOf, verdicts, common, touched };
    const columns = await Promise.all(planned.map(async (kernel) => column(context, kernel, pulled.get(kernel.id) ?? null)));
    const at = await commit;
    const choice = await accel.catch((error: unknown): AccelChoice => {
      if (!signal.aborted) throw toInfraError(error);
      return { accel: 'tcg', reason: 'interrupted before it was chosen' };
    });
    return {
      schemaVersion: SCHEMA_VERSION,
      run: {
        id: runId,
        startedAt,
        finishedAt: new Date().toISOString(),
        complete: !signal.aborted,
        ...(request.shard && { shard: request.shard }),
        tool: { name: 'corematrix', version: VERSION },
        ...(at && { commit: at }),
        command: request.command,
        isolation: request.isolation,
        ...(request.policy && { policy: request.policy }),
        ...agentFacts(request),
        host: { ...hostFacts(), qemu: qemu.version, accel: choice.accel, accelReason: choice.reason },
      },
      kernels: columns.map(({ kernel }) => kernel),
      objects: request.objects.map((object) => object.result),
      cells: columns.flatMap(({ cells }) => cells),
      logs,
      layouts: collectLayouts(columns.flatMap(({ layouts }) => layouts ?? [])),
    };
  } finally {
    if (!keep) await rm(work, { recursive: true, force: true });
  }
}
