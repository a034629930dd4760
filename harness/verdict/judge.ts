// Makes the verdict on one cell from the guest's evidence and the facts about the object.
import type { TargetModules } from '../core-relo/loader.ts';
import { attachTargetOf, nameInBtf, namedTracepoint } from '../bpf/object/attach-point.ts';
import type { LineOf } from '../bpf/object/source-line.ts';
import { withPoisonAsCause } from './relocations/poison.ts';
import { relocationRecords } from './relocations/records.ts';
import type { FailurePlace } from '../results/schema.ts';
import type { RunCheckPlan } from '../plan/object-settings/run-check-plan.ts';
import { type Attached, attachedIn } from './attached.ts';
import { type ReadAttempt, readAttempt } from './evidence/attempt.ts';
import type { CellEvidence, LeftOut, LoadAttempt } from './evidence/evidence.ts';
import type { ReportedObject } from './evidence/reported-facts.ts';
import { failureOf } from './failure.ts';
import { type JudgedRunCheck, judgeRunCheck } from './run-check.ts';
import type { CellJudgement, JudgementLogs, ProgramJudgement } from './judgement.ts';
import type { Failure, FailureContext, InModule, JudgedObject } from './rules/context.ts';
import { customLoaderFailure } from './custom-loader.ts';
import { failurePlace } from './failure-place.ts';
import { targetReason } from './rules/attach.ts';
import { partnerReason } from './rules/partners.ts';

export interface JudgeInput {
  object: JudgedObject;
  evidence: CellEvidence;
  /**
   * Names of the enumerators in the kernel's own BTF, at least of `enum bpf_map_type`, `bpf_prog_type` and `bpf_attach_type`. They
   * distinguish an unknown type from a wrong attribute. Without them, only the age of the type and the error do.
   */
  enumerators?: ReadonlySet<string>;
  /** Says which module that is not loaded has a name. @default none is known */
  inModule?: InModule;
  /** Why `if-supported` programs were not loaded that the host left out, by their names. @default none */
  leftOut?: ReadonlyMap<string, string>;
  /** Says what the load of a program needs and the kernel's BTF shows to be missing. @default nothing is known */
  unmetNeed?: FailureContext['unmetNeed'];
  /** Says why the kernel refuses the target of a program. @default nothing is known */
  refusedTarget?: FailureContext['refusedTarget'];
  /** Says what the creation of a map needs and the kernel's BTF shows to be missing. @default nothing is known */
  mapNeed?: FailureContext['mapNeed'];
  /** Says why no struct_ops map sets a program. @default nothing is known */
  setByNoMap?: FailureContext['setByNoMap'];
  /** Programs that libbpf loads with their struct_ops maps, whatever their own autoload is. @default none */
  loadedWithMaps?: ReadonlySet<string>;
  /** The library that loads, as its users write it. @default 'libbpf' */
  library?: string;
  /** Where the loader looks for attach targets. @default 'named' */
  targetModules?: TargetModules;
  /** The candidates of each relocation in the kernel's BTF, in the order of the object's; needed for loader programs. */
  candidates?: ReportedObject['candidates'];
  /** The run check that was planned; null if none was. */
  runCheck?: RunCheckPlan | null;
  /** Source lines of the object's instructions. */
  lineOf?: LineOf;
  /** Whether the kernel has a kfunc with another prototype than the object declares. @default false for each */
  differsKfunc?: (name: string) => boolean;
  /** Whether the kernel's BTF marks its kfuncs, and has this function without the mark. @default false for each */
  isUnmarkedKfunc?: (name: string) => boolean;
  /** Names of the object's symbols, by their numbers. */
  symbolName?: (index: number) => string | null;
  /** Groups of programs. One program of each group must load. */
  alternatives?: readonly (readonly string[])[];
}

interface JudgedAttempt {
  read: ReadAttempt;
  /** Null if it loaded. */
  failure: Failure | null;
  at: FailurePlace | null;
  /** Finds the attach result of a program, if the attempt loaded. */
  attached: (program: KnownProgram) => Attached | null;
  logs: JudgementLogs;
}

interface KnownProgram {
  name: string;
  type: string | null;
  autoload: boolean;
}

/** The programs as libbpf reports them. If it did not open the object, its sections decide (`?` means: not loaded by default). */
function programsOf({ object, evidence, loadedWithMaps }: JudgeInput): KnownProgram[] {
  if (evidence.programs.length > 0) {
    const isLoaded = (name: string) => loadedWithMaps?.has(name) === true;
    return evidence.programs.map(({ name, type, autoload }) => ({ name, type, autoload: autoload || isLoaded(name) }));
  }
  return object.programs.map(({ name, type, section }) => ({ name, type, autoload: !section.startsWith('?') }));
}

/** Reads an attempt. Only the report of a loader program shows which of its instructions are invalid. */
function factsOf(attempt: LoadAttempt, { object, candidates }: JudgeInput): ReadAttempt {
  const facts = readAttempt(attempt, { ...object, candidates });
  const { log, rejected } = facts;
  if (!attempt.reported || !rejected?.verifier) return facts;
  const { program, verifier } = rejected;
  return { ...facts, rejected: { program, verifier: withPoisonAsCause(log, program, verifier) } };
}

function judgeAttempt(attempt: LoadAttempt, programs: ReadonlyMap<string, KnownProgram>, input: JudgeInput): JudgedAttempt {
  const read = factsOf(attempt, input);
  const name = read.rejected?.program ?? null;
  const context = {
    attempt: read,
    object: input.object,
    program: name === null ? null : { name, type: programs.get(name)?.type ?? null },
    verifier: read.rejected?.verifier ?? null,
    kernelLog: input.evidence.kernelLog,
    targets: input.evidence.targets,
    enumerators: input.enumerators ?? null,
    library: input.library ?? 'libbpf',
    targetModules: input.targetModules ?? 'named',
    inModule: input.inModule ?? (() => null),
    unmetNeed: input.unmetNeed ?? (() => null),
    refusedTarget: input.refusedTarget ?? (() => null),
    mapNeed: input.mapNeed ?? (() => null),
    setByNoMap: input.setByNoMap ?? (() => null),
    differsKfunc: input.differsKfunc ?? (() => false),
    isUnmarkedKfunc: input.isUnmarkedKfunc ?? (() => false),
    symbolName: input.symbolName ?? (() => null),
  };
  const failed = read.log.programs.find((facts) => facts.program === name);
  const records = [...attempt.log, ...(attempt.attachments ?? []).flatMap(({ log }) => log)];
  const logs = { loader: records.map(({ text }) => text).join(''), verifier: failed?.verifierLog ?? null };
  const { command } = input.evidence;
  const loadFailure = () => (attempt.reached === 'done' ? null : failureOf(context));
  const failure = command ? customLoaderFailure(context, command) : loadFailure();
  return { read, failure, at: failurePlace(read, input.lineOf ?? null), attached: attachedIn(attempt, input), logs };
}

const NO_LOGS: JudgementLogs = { loader: null, verifier: null };

const NO_ATTEMPT: Failure = { stage: 'open', class: 'unknown', errno: 0, reason: 'the guest made no load attempt' };

function programJudgement(name: string, failure: Failure | null, at: FailurePlace | null, logs: JudgementLogs): ProgramJudgement {
  if (!failure)
    return { name, status: 'pass', stage: null, class: null, errno: null, reason: null, at: null, attached: null, runs: null, logs };
  const { stage, class: failureClass, errno, reason } = failure;
  return { name, status: 'fail', stage, class: failureClass, errno, reason, at, attached: null, runs: null, logs };
}

/** The verdict on a program that loaded, with its attach result. */
function loadedProgram(program: KnownProgram, { attached }: JudgedAttempt, logs: JudgementLogs): ProgramJudgement {
  const found = attached(program);
  return {
    ...programJudgement(program.name, found?.failure ?? null, null, logs),
    attached: found?.failure === null ? found.attached : null,
  };
}

/** A program without its own attempt gets the verdict of the whole object, and the verifier log if it is about this program. */
function sharedOutcome(program: KnownProgram, whole: JudgedAttempt | null): ProgramJudgement {
  const own = whole?.read.rejected?.program === program.name ? whole : null;
  const logs = { loader: null, verifier: own?.logs.verifier ?? null };
  if (whole && !whole.failure) return loadedProgram(program, whole, logs);
  const failure = whole?.failure ? ownFailure(program, whole.failure, whole) : NO_ATTEMPT;
  return programJudgement(program.name, failure, own?.at ?? null, logs);
}

const KPROBE = /^\??k(?:ret)?probe\//;

/** The words of `inModule` for the target of a program that was left out; null for targets that no module can have, or if none is known. */
function moduleOfTarget({ program, what }: LeftOut, { object, inModule }: JudgeInput): string | null {
  const section = object.programs.find(({ name }) => name === program)?.section ?? '';
  const target = attachTargetOf(section, what);
  if (target) return target.builtIn ? null : (inModule?.(nameInBtf(target), 'attach') ?? null);
  const tracepoint = namedTracepoint(section, what);
  if (tracepoint) return inModule?.(nameInBtf(tracepoint), 'address') ?? null;
  return KPROBE.test(section) ? (inModule?.(what, 'address') ?? null) : null;
}

/** Why the kernel cannot load a program with `autoload: if-supported`; null if neither the host nor the guest left it out. */
function whyLeftOut(name: string, input: JudgeInput): string | null {
  const { leftOut, targets = [] } = input.evidence;
  const byHost = input.leftOut?.get(name);
  if (byHost !== undefined) return `left out: ${byHost}`;
  const found = leftOut.find(({ program }) => program === name);
  if (!found) return null;
  const target = targets.find(({ program, state }) => program === name && state !== 'absent');
  const reason = target ? targetReason(target, null) : null;
  if (reason !== null) return `left out: ${reason}`;
  if (found.lacks === 'program-type') return `left out: program type ${found.what} is unknown to this kernel`;
  const where = moduleOfTarget(found, input);
  return where === null ? `left out: this kernel has no ${found.what} to attach to` : `left out: attach target ${found.what} is ${where}`;
}

/** The group of alternatives of a program, and the chosen one; `chosen` is undefined if no alternative can be used, and outside of groups. */
function groupOf(name: string, { evidence, alternatives = [] }: JudgeInput) {
  const group = alternatives.find((names) => names.includes(name));
  return { group, chosen: group && evidence.chosen.find((each) => group.includes(each)) };
}

/** Why another alternative is chosen instead of this program; null if it is the chosen one, or if no alternative of its group can be used. */
function whyNotChosen(program: KnownProgram, input: JudgeInput, alone: JudgedAttempt | undefined): string | null {
  const { chosen } = groupOf(program.name, input);
  if (chosen === undefined || chosen === program.name) return null;
  const notLoaded = alone?.failure;
  if (notLoaded) return `${chosen} is chosen because this alternative does not load here: ${notLoaded.class}: ${notLoaded.reason}`;
  const notAttached = alone?.attached(program)?.failure;
  if (notAttached) return `${chosen} is chosen because this alternative is not attached here: ${notAttached.class}: ${notAttached.reason}`;
  return `not needed: ${chosen} is the chosen alternative`;
}

/** The failure of a program that was loaded alone. The loader also loads the other programs of a struct_ops map, and one of these may fail. */
function ownFailure({ name, type }: KnownProgram, failure: Failure, { read: { rejected } }: JudgedAttempt): Failure {
  if (type !== 'struct_ops' || rejected === null || rejected.program === name) return failure;
  return { ...failure, reason: partnerReason(failure.reason, rejected.program) };
}

function judgeProgram(
  program: KnownProgram,
  input: JudgeInput,
  whole: JudgedAttempt | null,
  own: JudgedAttempt | undefined,
): ProgramJudgement {
  const { name, autoload } = program;
  const leftOut = whyLeftOut(name, input) ?? whyNotChosen(program, input, own);
  const { group, chosen } = groupOf(name, input);
  const isAlternative = group !== undefined;
  if (leftOut !== null || (!autoload && !isAlternative))
    return { ...programJudgement(name, null, null, own?.logs ?? NO_LOGS), status: 'skip', reason: leftOut ?? own?.failure?.reason ?? null };
  // If the object loads but no alternative can be attached, each has the result of its own attempt.
  const isDecidedAlone = (whole?.failure ?? null) !== null || (isAlternative && chosen === undefined);
  const alone = isDecidedAlone ? own : undefined;
  if (!alone) return sharedOutcome(program, whole);
  return alone.failure
    ? programJudgement(name, ownFailure(program, alone.failure, alone), alone.at, alone.logs)
    : loadedProgram(program, alone, alone.logs);
}

/** All attempts except those with the whole object that another choice of alternatives replaced. */
function finalAttempts({ attempts }: CellEvidence): LoadAttempt[] {
  const last = attempts.findLast(({ program }) => program === null);
  return attempts.filter((attempt) => attempt.program !== null || attempt === last);
}

function withRunCheck(program: ProgramJudgement, runCheck: JudgedRunCheck | null): ProgramJudgement {
  if (!runCheck || program.status === 'skip') return program;
  const failure = program.status === 'pass' ? runCheck.failureOf(program.name) : null;
  const runs = runCheck.runsOf(program.name);
  if (!failure) return { ...program, runs };
  const { stage, class: failureClass, errno, reason } = failure;
  return { ...program, status: 'fail', stage, class: failureClass, errno, reason, runs };
}

/**
 * Finds whether a program is loaded. A custom loader decides that itself: only the lines of libbpf's debug level name the programs
 * that it leaves out. If it fails, at least one program fails with it.
 */
function loadsIn(
  { evidence }: JudgeInput,
  whole: JudgedAttempt | null,
  programs: readonly KnownProgram[],
): (program: KnownProgram) => boolean {
  if (!evidence.command) return ({ autoload }) => autoload;
  const skipped = new Set(whole?.read.log.skipped);
  const skipsAll = programs.every(({ name }) => skipped.has(name));
  return ({ name }) => !skipped.has(name) || (skipsAll && whole?.failure !== null);
}

/** The result of the run check; null if none was made. */
function runCheckOf({ runCheck, evidence, object }: JudgeInput, programs: readonly ProgramJudgement[]): JudgedRunCheck | null {
  if (!runCheck || !evidence.runCheck) return null;
  const attached = programs.filter((program) => program.attached).map(({ name }) => name);
  return judgeRunCheck(runCheck, evidence.runCheck, object.maps, attached);
}

/**
 * Judges one object on one kernel. If the whole object loads, every program that loads by default passes, unless it could not be
 * attached. If not, each program gets the verdict of its own attempt, and the cell fails even if every program loads alone. Never throws.
 */
export function judgeCell(input: JudgeInput): CellJudgement {
  const programs = programsOf(input);
  const byName = new Map(programs.map((program) => [program.name, program]));
  const attempts = finalAttempts(input.evidence).map((attempt) => judgeAttempt(attempt, byName, input));
  const whole = attempts.find(({ read }) => read.program === null) ?? null;
  const own = new Map(attempts.map((attempt) => [attempt.read.program, attempt]));
  const failure = whole ? whole.failure : NO_ATTEMPT;
  const loads = loadsIn(input, whole, programs);
  const loaded = programs.map((program) => judgeProgram({ ...program, autoload: loads(program) }, input, whole, own.get(program.name)));
  const runCheck = failure ? null : runCheckOf(input, loaded);
  const judged = loaded.map((program) => withRunCheck(program, runCheck));
  const first = failure ?? judged.find(({ status }) => status === 'fail');

  return {
    status: first ? 'fail' : 'pass',
    stage: first?.stage ?? null,
    class: first?.class ?? null,
    reason: first?.reason ?? null,
    chosen: input.evidence.chosen,
    programs: judged,
    checks: runCheck?.checks ?? [],
    relocations: relocationRecords(
      input.object,
      attempts.map(({ read }) => read),
    ),
    logs: whole?.logs ?? NO_LOGS,
  };
}
