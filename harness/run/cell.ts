// Runs one cell from start to verdict, in as many guests as needed, and makes its result.
import { kfuncState } from '../kernel-btf/kfunc-differences.ts';
import { isUnmarkedKfunc } from '../kernel-btf/kfunc-marks.ts';
import { join } from 'node:path';
import { loaderRules, targetModulesOf } from '../core-relo/loader.ts';
import { libraryName } from '../base/loader-name.ts';
import { blocking, weightOf } from '../base/blocking.ts';
import type { CellRequest } from '../guest/cell.ts';
import type { CellLimits } from '../guest/watch.ts';
import { knownOfMissing } from '../kernel-btf/kernel-names.ts';
import { withPackage } from '../kernel-btf/package-names.ts';
import { lackingNeed } from '../predict/chosen-alternatives.ts';
import { ambiguousFunction } from '../predict/findings/symbols.ts';
import { refusedTargetFindings } from '../predict/findings/refused-target.ts';
import { unmetNeeds } from '../predict/findings/load-needs.ts';
import { namesOutsideVmlinux } from '../predict/findings/support.ts';
import { recordedPrediction, knownEnumerators, withPrediction } from '../predict/recorded-prediction.ts';
import type { PredictedCell } from '../predict/predicted-cell.ts';
import { predictionOf, withSymbols } from '../predict/predict-object.ts';
import { readSymbols } from '../bpf/elf/elf.ts';
import type { BpfObject, BpfProgram } from '../bpf/object/object.ts';
import type { KernelTypes } from '../core-relo/candidates.ts';
import { instructionLines } from '../bpf/object/source-line.ts';
import { addLog } from '../results/logs.ts';
import { uniformCell } from '../results/uniform-cell.ts';
import type { CellProgram, CellResult, LogStore } from '../results/schema.ts';
import type { CellEvidence, LoadAttempt } from '../verdict/evidence/evidence.ts';
import { fingerprintOf, subjectOf } from '../explain/fingerprint.ts';
import { withSemanticChanges } from '../explain/semantic-changes.ts';
import { provenCrash } from '../verdict/crash.ts';
import { judgeCell, type JudgeInput } from '../verdict/judge.ts';
import type { CellJudgement, ProgramJudgement } from '../verdict/judgement.ts';
import { type CellGuests, type Examined, rounded, tryGuests } from './attempts.ts';
import { droppedInGuest } from './dropped.ts';
import { executableVerdict } from './executable-cell.ts';
import type { Emit } from './events.ts';
import { printedBytes, timeInLibbpf, withProgramsOf } from './evidence.ts';
import type { ResolvedCustomBtf } from '../plan/settings/btf/custom-btf.ts';
import type { RunObject } from '../plan/inputs/inputs.ts';
import { runCheckOf } from '../plan/object-settings/run-check-plan.ts';
import type { ReadyKernel } from './kernel.ts';
import { type LoadedModule, typesWith } from '../plan/settings/modules/loaded-modules.ts';
import { whyNoVerdictOnExecutable } from './no-verdict.ts';
import { type LeftOutByHost, requestFrames } from './request-frames.ts';
import type { RunRequest } from './run-request.ts';
import { structOpsFacts } from './struct-ops-facts.ts';

export interface CellSetup {
  kernel: ReadyKernel;
  object: RunObject;
  /** The custom BTF for this kernel. */
  customBtf: ResolvedCustomBtf | null;
  logs: LogStore;
  work: string;
  /** Keeps the folders of the guests if the run asks for it. */
  request: Pick<RunRequest, 'keep'>;
  limits: CellLimits;
  signal: AbortSignal;
  emit: Emit;
}

/** The guests of a cell, each with its own folder. */
function guestsOf(
  { kernel, object, customBtf, work, request: { keep }, limits, signal }: CellSetup,
  { modules, leftOut }: { modules: readonly LoadedModule[]; leftOut: LeftOutByHost },
): CellGuests {
  let started = 0;
  const request = (): CellRequest => ({
    frames: requestFrames(object, { customBtf, modules }, leftOut),
    directory: join(work, `${kernel.result.id}.${object.result.id}.${started++}`),
    limits,
    keep: keep !== undefined,
    signal,
  });
  const { restore, boot, renew } = kernel;
  const noVerdict = object.executable && { noVerdict: whyNoVerdictOnExecutable };
  return { restore: restore && (async () => restore(request())), boot: async () => boot(request()), renew, ...noVerdict };
}

/** Why the host leaves out programs, by their names. */
function leftOutByHost({ bpf, prepared }: RunObject, types: KernelTypes | null): ReadonlyMap<string, string> {
  const rules = loaderRules(prepared.loader ?? undefined);
  const reasonOf = (program: BpfProgram) => (types ? lackingNeed(program, types, rules) : null);
  const lacking = bpf.programs.flatMap((program) => {
    const reason = reasonOf(program);
    return reason === null ? [] : [[program.name, reason] as const];
  });
  return new Map(lacking);
}

/** Finds what the load of a program of the object needs and the kernel lacks, by the name of the program. */
function unmetNeedOn(types: KernelTypes, { programs }: BpfObject): (name: string) => string | null {
  return (name) => {
    const program = programs.find((each) => each.name === name);
    return (program && unmetNeeds(program, types)[0]?.failure.reason) ?? null;
  };
}

/** What a verdict needs to know of the targets of programs: which module has them, and whether the kernel refuses them. */
function targetFacts({ programs }: BpfObject, kernel: KernelTypes): Pick<JudgeInput, 'inModule' | 'refusedTarget'> {
  return {
    inModule: (name, use) => knownOfMissing(kernel, name, use),
    refusedTarget: (name) => {
      const program = programs.find((each) => each.name === name);
      const found = program ? [...refusedTargetFindings(program, kernel), ...ambiguousFunction(program, kernel)] : [];
      return found[0]?.failure.reason ?? null;
    },
  };
}

function warningsOf(attempt: LoadAttempt | undefined): string {
  const records = [...(attempt?.log ?? []), ...(attempt?.attachments ?? []).flatMap(({ log }) => log)];
  return records
    .filter((record) => record.level === 'warn')
    .map((record) => record.text)
    .join('');
}

/** @param attempted the programs that were loaded alone */
function programResult(judged: ProgramJudgement, attempted: ReadonlySet<string | null>, logs: LogStore): CellProgram {
  const { name, status, stage, class: failureClass, errno, reason, at, attached, runs } = judged;
  const own = attempted.has(name) ? judged.logs : null;
  const refs = { libbpf: addLog(logs, own?.loader ?? ''), verifier: addLog(logs, judged.logs.verifier ?? '') };
  const cause = failureClass && reason !== null ? { fingerprint: fingerprintOf(failureClass, subjectOf(failureClass, reason)) } : {};
  const seen = { ...(attached !== null && { attached }), ...(runs !== null && { runs }) };
  return { name, status, stage, class: failureClass, errno, reason, ...cause, ...(at && { at }), ...seen, expected: null, logs: refs };
}

function cut(dropped: number): string {
  return dropped === 0 ? '' : `[corematrix: ${dropped} more bytes of log did not fit into the mailbox]\n`;
}

/** The output of the custom loader, or of the trigger commands. */
function printed(
  { command, triggersPrinted: said = command }: CellEvidence,
  logs: LogStore,
): Pick<CellResult['logs'], 'stdout' | 'stderr'> {
  return said ? { stdout: addLog(logs, said.stdout), stderr: addLog(logs, said.stderr) } : {};
}

function verdictOf(judgement: CellJudgement, evidence: CellEvidence, dropped: number, logs: LogStore) {
  const { status, stage, class: failureClass, reason, relocations } = judgement;
  const attempted = new Set(evidence.attempts.map(({ program }) => program));
  const programs = judgement.programs.map((program) => programResult(program, attempted, logs));
  const refs = {
    libbpf: addLog(logs, `${judgement.logs.loader ?? ''}${cut(dropped)}`),
    warnings: addLog(logs, warningsOf(evidence.attempts[0])),
    verifier: addLog(logs, judgement.logs.verifier ?? ''),
    kernel: addLog(logs, evidence.kernelLog),
    console: addLog(logs, evidence.console),
    ...printed(evidence, logs),
  };
  const chosen = judgement.chosen.length > 0 ? { chosen: judgement.chosen } : {};
  const checked = judgement.checks.length > 0 ? { checks: judgement.checks } : {};
  return { status, stage, class: failureClass, reason, relocations, programs, ...chosen, ...checked, logs: refs };
}

/** All logs of a cell that has no verdict on its programs. */
function unjudgedLogs({ evidence, guest }: Examined, logs: LogStore): CellResult['logs'] {
  const spoken = guest.frames.flatMap((frame) => (frame.type === 'log' ? [frame.text] : [])).join('');
  return {
    libbpf: addLog(logs, spoken),
    warnings: null,
    verifier: null,
    kernel: addLog(logs, evidence.kernelLog),
    console: addLog(logs, evidence.console),
    ...printed(evidence, logs),
  };
}

/** What a verdict needs to know of a loader. */
function judgedLoader(loader: string | undefined): Required<Pick<JudgeInput, 'library' | 'targetModules'>> {
  return { library: libraryName(loader), targetModules: targetModulesOf(loaderRules(loader)) };
}

/** What a verdict needs to know of the code of an object. */
function codeFacts({ programs, subprograms, ext, elf }: BpfObject): Pick<JudgeInput, 'symbolName' | 'lineOf'> {
  return {
    symbolName: (index) => readSymbols(elf)[index]?.name ?? null,
    ...(ext && { lineOf: instructionLines([...programs, ...subprograms], ext.lines) }),
  };
}

/** What a verdict needs to know of the kernel functions that an object calls. */
function kfuncFacts({ btf }: BpfObject, kernel: KernelTypes): Pick<JudgeInput, 'differsKfunc' | 'isUnmarkedKfunc'> {
  if (!btf) return {};
  return {
    differsKfunc: (name) => kfuncState(btf, name, kernel) === 'differs',
    isUnmarkedKfunc: (name) => isUnmarkedKfunc(name, kernel),
  };
}

/** Runs one cell, without regard to expectations. Only an interrupt rejects. */
export async function runCell(setup: CellSetup): Promise<CellResult> {
  const { kernel, object, customBtf, logs, signal } = setup;
  const modules = await kernel.modules(object.prepared.modules ?? []);
  const found = await kernel.types();
  const structOps = structOpsFacts(object, found.kernel);
  const leftOut = new Map([...leftOutByHost(object, found.kernel), ...structOps.leftOut]);
  const tries = await tryGuests(guestsOf(setup, { modules, leftOut: { programs: new Set(leftOut.keys()), maps: structOps.maps } }));
  const last = tries.at(-1);
  if (!last) throw new Error('no guest was tried');
  const attempts = tries.map(({ attempt }) => attempt);
  const facts = {
    attempts,
    flaky: attempts.length > 1 && last.attempt.infra === null,
    durationMs: rounded(attempts.reduce((sum, attempt) => sum + attempt.durationMs, 0)),
    command: last.guest.command,
    ...droppedInGuest(last.guest),
  };
  const types = found.kernel ? { ...found, kernel: await typesWith(found.kernel, modules) } : found;
  const named = types.kernel && (await withPackage(types.kernel, kernel.image, { names: namesOutsideVmlinux(object.bpf), make: true }));
  const inPackage = named && (await withSymbols(named, object.bpf));
  const predict = await predictionOf(object, { release: kernel.result.release, types: inPackage });
  let predicted: PredictedCell | null = null;
  const prediction = () => (predicted ??= predict());
  if (object.executable) {
    const output = printedBytes(last.guest.frames);
    setup.emit({ kind: 'printed', kernel: kernel.result.id, object: object.result.id, output });
  }
  const judged = (): CellResult => {
    // The rules of a custom loader are not known.
    const beside = (cell: CellResult) =>
      types.readable && !object.prepared.command ? withPrediction(cell, recordedPrediction(prediction())) : cell;
    const { infra, reason } = last.attempt;
    if (infra !== null) {
      const proven = provenCrash(
        tries.map(({ attempt: { isolation }, crash }) => ({ isolation, crash })),
        object.result.loader,
      );
      const failure = proven ?? { class: infra, reason: reason ?? 'no verdict' };
      const cell = uniformCell(kernel.result.id, object.result, proven ? 'fail' : 'infra', failure);
      return beside({ ...cell, ...facts, logs: unjudgedLogs(last, logs) });
    }
    if (object.executable) {
      const verdict = executableVerdict(last.evidence, object.executable.results, logs);
      return { ...facts, kernel: kernel.result.id, object: object.result.id, loadMs: null, predicted: null, ...verdict };
    }
    const enumerators = types.kernel && knownEnumerators(types.kernel);
    const { kernel: ownTypes } = types;
    const alternatives = object.bpf.alternatives.filter(({ kind }) => kind === 'programs').map(({ names }) => names);
    const judgement = judgeCell({
      object: object.result,
      evidence: withProgramsOf(
        last.evidence,
        object.result.programs.map(({ name }) => name),
      ),
      alternatives,
      ...judgedLoader(object.result.loader),
      ...(types.kernel && { candidates: () => prediction().relocations.map(({ candidates }) => candidates) }),
      runCheck: runCheckOf(object.prepared),
      ...(enumerators && { enumerators }),
      leftOut,
      ...structOps.judged,
      ...(ownTypes && { unmetNeed: unmetNeedOn(ownTypes, object.bpf) }),
      ...(inPackage && targetFacts(object.bpf, inPackage)),
      ...(ownTypes && kfuncFacts(object.bpf, ownTypes)),
      ...codeFacts(object.bpf),
    });
    const cell: CellResult = {
      ...facts,
      kernel: kernel.result.id,
      object: object.result.id,
      loadMs: rounded(timeInLibbpf(last.evidence)),
      predicted: null,
      ...verdictOf(judgement, last.evidence, last.guest.ok ? last.guest.dropped : 0, logs),
    };
    const relocatedBy = customBtf ? { vmlinux: customBtf.types, modules: [] } : types.kernel;
    return beside(relocatedBy ? withSemanticChanges(cell, object.bpf, relocatedBy) : cell);
  };
  return blocking(weightOf([object.bpf]), judged, signal);
}
