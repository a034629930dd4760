// Root causes by the arguments of hooks: names the argument in a failure that the verifier reported, and shows the prototypes of the kernels.
import type { BpfObject } from '../bpf/object/object.ts';
import { argumentAt, type HookedProgram, hookName, prototypeOf, prototypeText } from '../kernel-btf/prototype.ts';
import { predictAsRun } from './predict-as-run.ts';
import type { PredictedProgram } from '../predict/predicted-cell.ts';
import { grouped } from '../base/text.ts';
import type { FailureClass } from '../base/failures.ts';
import type { CauseSituation } from '../results/explanation.ts';
import type { ExplainedObject, ProgramFailure } from './failures.ts';
import type { KernelCache } from './kernel-cache.ts';
import { verifierFindings } from './verifier-findings.ts';
import { plainFindings, plainSituations, type RequirementFindings } from './requirement-cause.ts';

const NUMBER = /invalid mem access '(?:inv|scalar)'/;
/** Reasons that may be about an argument, of the verifier and of libbpf when the kernel refuses to attach. */
const REPORTED: Readonly<Partial<Record<FailureClass, RegExp>>> = {
  'verifier-rejected': /invalid mem access '(?:inv|scalar)'|doesn't have \d+-th argument|invalid bpf_context access/,
  'attach-failed': /EINVAL/,
};
const SUBJECT = /^argument (\d+) of (?:tracepoint|LSM hook|iterator|function|struct_ops member) /;

export type Objects = ReadonlyMap<string, ExplainedObject>;

/** The object with a program that is loaded and has its target from the run, whatever its section says. */
export function loading(bpf: BpfObject, program: string, hooked: HookedProgram | null): BpfObject {
  return { ...bpf, programs: bpf.programs.map((each) => (each.name === program ? { ...each, ...hooked, autoload: true } : each)) };
}

/** The reason that a prediction gives for this stage, at the instruction where the verifier ended; null if it is not about an argument. */
function argumentReason({ findings }: PredictedProgram, { at, stage }: ProgramFailure): string | null {
  const found = findings.find((finding) => {
    const isThere = at === null || (finding.at?.program === at.program && finding.at.insn === at.insn);
    return isThere && finding.failure.stage === stage && SUBJECT.test(finding.failure.reason);
  });
  return found?.failure.reason ?? null;
}

async function namedFailure(failure: ProgramFailure, objects: Objects, cache: KernelCache): Promise<ProgramFailure> {
  const { class: failureClass, certainty, reason, object, kernel, program } = failure;
  if (certainty !== 'seen' || REPORTED[failureClass]?.test(reason) !== true) return failure;
  const explained = objects.get(object);
  const types = explained?.bpf ? await cache.typesOf(kernel) : null;
  if (!explained?.bpf || !types) return failure;
  const loaded = loading(explained.bpf, program, hookedProgram(failure, objects));
  const predicted = predictAsRun({ ...explained, bpf: loaded }, types)?.programs.find(({ name }) => name === program);
  return { ...failure, reason: (predicted && argumentReason(predicted, failure)) ?? reason };
}

/** Replaces the words of the verifier or of libbpf by those of the prediction where a failure is about an argument of a hook. The log remains as evidence. */
export async function nameArguments(failures: readonly ProgramFailure[], objects: Objects, cache: KernelCache): Promise<ProgramFailure[]> {
  const named: ProgramFailure[] = [];
  for (const failure of failures) named.push(await namedFailure(failure, objects, cache));
  return named;
}

interface KernelPrototype {
  kernel: string;
  /** Null if the kernel lacks the target. */
  text: string | null;
  present: boolean;
  /** Whether a program can read memory through this argument. */
  fits: boolean;
  /** Whether it is a pointer that a program of a raw tracepoint gets as a number. */
  raw: boolean;
}

/** The failing program with its target: from the object if its file is available, else from the results. */
export function hookedProgram({ object, program }: ProgramFailure, objects: Objects): HookedProgram | null {
  const found = objects.get(object);
  const recorded = found?.result.programs.find(({ name }) => name === program);
  const compiled = found?.bpf?.programs.find(({ name }) => name === program);
  if (!recorded) return null;
  return {
    ...(compiled ?? { section: recorded.section, attachTo: null }),
    ...(typeof recorded.attachTo === 'string' && { attachTo: recorded.attachTo }),
  };
}

async function prototypesOf(program: HookedProgram, position: number, cache: KernelCache): Promise<KernelPrototype[]> {
  const found: KernelPrototype[] = [];
  for (const { id } of cache.kernels) {
    const types = await cache.typesOf(id);
    const prototype = types && prototypeOf(program, types);
    const argument = prototype && argumentAt(prototype, position);
    const present = argument !== null && argument !== 'missing' && argument.kind !== 'closed';
    const text = prototype && prototypeText(prototype);
    const fits = present && argument.kind !== 'number' && argument.kind !== 'bytes';
    found.push({ kernel: id, text, present, fits, raw: present && prototype?.refusedAt === 'attach' && argument.kind === 'bytes' });
  }
  return found;
}

/** The nearest kernel that has the argument and on which the program does not fail. */
function nearestWorking(prototypes: readonly KernelPrototype[], at: number, failing: ReadonlySet<string>, asPointer: boolean) {
  const near = prototypes.flatMap((each, other) => {
    const works = !failing.has(each.kernel) && each.text !== prototypes[at]?.text && (asPointer ? each.fits : each.present);
    return works ? [{ ...each, distance: Math.abs(other - at) }] : [];
  });
  return near.toSorted((a, b) => a.distance - b.distance)[0] ?? null;
}

const isNumber = ({ reason }: ProgramFailure) => reason.includes('a number');
const isAttachment = ({ stage }: ProgramFailure) => stage === 'attach';
/** Whether the argument is a pointer to another struct than the program reads. */
const isOtherType = ({ reason }: ProgramFailure) => reason.includes(' here, but the program reads ');
const isClosed = ({ reason }: ProgramFailure) => reason.includes('lets no program read');
const readsThrough = ({ reason }: ProgramFailure) => reason.includes('reads memory through it');

/** The situations of one program, with the prototypes here and on the nearest kernel where it loads. */
function situationsOf(
  failures: readonly ProgramFailure[],
  prototypes: readonly KernelPrototype[],
  names: ReadonlyMap<string, string>,
): CauseSituation[] {
  const failing = new Set(failures.map(({ kernel }) => kernel));
  const hints = new Map<string, string[]>();
  for (const [at, { kernel, text }] of prototypes.entries()) {
    if (!failing.has(kernel) || text === null) continue;
    const nearest = nearestWorking(prototypes, at, failing, failures.some(readsThrough));
    const does = failures.some(isAttachment) ? 'attaches' : 'loads';
    const elsewhere = nearest
      ? [`prototype on ${names.get(nearest.kernel) ?? nearest.kernel}, where the program ${does}: ${nearest.text}`]
      : [];
    hints.set(kernel, [`prototype here: ${text}`, ...elsewhere]);
  }
  return plainSituations(failures, hints);
}

const EACH_PROTOTYPE =
  'Write one program for each prototype, keep them from loading by default (SEC("?...")), and switch on the one that fits the kernel (alternatives: in the configuration).';
const NO_ARGUMENT = 'No kernel looked at has such an argument. Read only arguments that the prototype has.';
const NO_POINTER = 'On no kernel looked at can a program read memory through this argument. Compare its position with the prototypes.';
const RAW_POINTER =
  'A program of a raw tracepoint gets each argument as a number. Read the memory behind a pointer with BPF_CORE_READ() or bpf_probe_read_kernel(), or use SEC("tp_btf/...").';
const ONLY_ATTACHING = 'The kernel loads a raw tracepoint program that reads too many arguments, and refuses it only when it is attached.';
const CLOSED =
  'Older verifiers let no program read such a pointer from its context. Get its value with bpf_get_func_arg(), which programs on functions can call since Linux 5.17, or from a kprobe.';
const NO_OTHER_TYPE =
  'No kernel looked at has another prototype. Declare each argument with the type that the prototype has at its position.';
const NO_ADDRESS = 'Do not read memory through a number with a helper or BPF_CORE_READ(): it is no address.';

/** What to do about an argument of one program that some kernels lack, or have as a number. */
function remedyFor(failures: readonly ProgramFailure[], prototypes: readonly KernelPrototype[]): string {
  const asPointer = failures.some(readsThrough);
  const exists = prototypes.some(({ present, fits }) => (asPointer ? fits : present));
  if (failures.some(isClosed)) return CLOSED;
  if (asPointer && prototypes.some(({ raw }) => raw)) return RAW_POINTER;
  const failing = new Set(failures.map(({ kernel }) => kernel));
  const texts = new Set(prototypes.flatMap(({ kernel, text, present }) => (present || failing.has(kernel) ? [text] : [])));
  if (failures.some(isOtherType) && texts.size < 2) return NO_OTHER_TYPE;
  if (exists) return EACH_PROTOTYPE;
  return asPointer ? NO_POINTER : NO_ARGUMENT;
}

/** What to do about an argument. Programs with different remedies are named. */
function adviceOn(
  { subject, hook }: { subject: string; hook: string },
  programs: readonly (readonly ProgramFailure[])[],
  prototypes: readonly KernelPrototype[],
): string[] {
  const byRemedy = grouped(programs, (own) => remedyFor(own, prototypes));
  const named = (own: readonly (readonly ProgramFailure[])[]) => [
    ...new Set(own.flat().map(({ object, program }) => `${object}/${program}`)),
  ];
  const remedies = [...byRemedy].map(([remedy, own]) => (byRemedy.size === 1 ? remedy : `${named(own).join(', ')}: ${remedy}`));
  return [
    `A program reads the arguments of ${subject.replace(/^argument \d+ of /, '')} by position. "corematrix types diff ${hook}" shows how the kernels differ.`,
    ...(programs.flat().some(isAttachment) ? [ONLY_ATTACHING] : []),
    ...remedies,
    ...(programs.flat().some(isNumber) ? [NO_ADDRESS] : []),
  ];
}

/** Advice on a number in a program whose arguments have types. It may be an argument, so no advice reads memory at it. */
function adviceOnNumber(hook: string): string {
  return [
    'The verifier sees a number here, not a pointer.',
    `If it is an argument, this kernel has a number at its position: compare the prototypes ("corematrix types diff ${hook}").`,
  ].join(' ');
}

/** False for a struct_ops program that fails only because another program of its map reads the argument. */
function readsIt({ member }: HookedProgram, subject: string): boolean {
  return !member || subject.endsWith(` struct_ops member ${member.type}.${member.member}`);
}

/** Findings about failures by one argument of a hook; null if the failures are about something else. */
export async function argumentFindings(
  failures: readonly ProgramFailure[],
  subject: string,
  { objects, cache, names }: { objects: Objects; cache: KernelCache; names: ReadonlyMap<string, string> },
): Promise<RequirementFindings | null> {
  const position = Number(SUBJECT.exec(subject)?.[1] ?? 0);
  const [first] = failures;
  const unexplained = failures.filter((failure) => verifierFindings(failure, objects).advice === null);
  const hooked = unexplained.flatMap((failure) => hookedProgram(failure, objects) ?? []);
  const program = hooked.find((each) => readsIt(each, subject)) ?? hooked[0] ?? null;
  const hook = program && hookName(program);
  if (!first || !program || hook === null) return null;
  if (position === 0) return NUMBER.test(first.reason) ? plainFindings(failures, objects, { general: adviceOnNumber(hook) }) : null;
  const prototypes = await prototypesOf(program, position, cache);
  const programs = [...grouped(failures, (failure) => JSON.stringify([failure.object, failure.program])).values()];
  const situations = new Map<string, CauseSituation>();
  for (const situation of programs.flatMap((own) => situationsOf(own, prototypes, names))) {
    const key = JSON.stringify([situation.summary, situation.hints]);
    const known = situations.get(key);
    situations.set(key, known ? { ...known, kernels: [...new Set([...known.kernels, ...situation.kernels])] } : situation);
  }
  const advice = adviceOn({ subject, hook }, programs, prototypes);
  return { presence: null, situations: [...situations.values()], snippet: null, advice };
}
