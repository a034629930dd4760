// Judges the attachments of a load attempt: which programs were attached, and why others were not.
import { libraryName } from '../base/loader-name.ts';
import { errnoName } from '../logs/libbpf/errno.ts';
import { lastKernelFailure } from '../logs/kernel/messages.ts';
import { readLines } from '../logs/libbpf/lines.ts';
import { nameInBtf, namedTracepoint } from '../bpf/object/attach-point.ts';
import { youngAttachType } from '../bpf/object/attach-type.ts';
import type { Attachment, CellEvidence, LoadAttempt } from './evidence/evidence.ts';
import { oneLine } from './failure.ts';
import {
  attachClass,
  builtWithout,
  hasNoFunction,
  lacksUsdtMaps,
  isOfManyKprobes,
  MISSING_TARGET,
  noMatchReason,
  targetReason,
  unknownAttachType,
  untraceableFailure,
  WITHOUT_USDT_MAPS,
} from './rules/attach.ts';
import type { Failure, InModule } from './rules/context.ts';
import { patternOfProbes, probeTarget, unreadProbe } from './rules/named-target.ts';

/** The warnings of libbpf without the program name, which every report shows beside them. */
function warningsOf({ log }: Attachment): string[] {
  return readLines(log).flatMap((line) =>
    line.type === 'message' && line.level === 'warn' ? [line.text.replace(/^prog '[^']*': /, '')] : [],
  );
}

/** The result of attaching one loaded program. */
export interface Attached {
  /** Null if the program was attached, or if libbpf does not attach such programs. */
  failure: Failure | null;
  /** Also false if libbpf does not attach such programs by itself and the plan names no target. */
  attached: boolean;
}

/**
 * True if libbpf did not try to attach a program because its section names no target. libbpf logs nothing in this case.
 * @see bpf_program__attach() in libbpf.c: -EOPNOTSUPP
 */
function isLeftAlone({ kind, detail }: Attachment, error: string, warnings: readonly string[]): boolean {
  return kind === 'program' && error === 'EOPNOTSUPP' && detail === '' && warnings.length === 0;
}

interface Known {
  object: { programs: readonly { name: string; section: string; type?: string | null; attachTo?: string | null | undefined }[] };
  evidence?: Pick<CellEvidence, 'targets'> & Partial<Pick<CellEvidence, 'kernelLog'>>;
  /** Names of the enumerators in the kernel's own BTF. */
  enumerators?: ReadonlySet<string>;
  /** The library that attaches. @default 'libbpf' */
  library?: string;
  /** Says which module that is not loaded has a name. */
  inModule?: InModule;
  /** Says why the kernel refuses the target of a program, as its image shows. */
  refusedTarget?: (program: string) => string | null;
}

/** The program that was attached; undefined for a map. */
function programOf({ kind, name }: Attachment, { object }: Known): Known['object']['programs'][number] | undefined {
  return kind === 'program' ? object.programs.find((program) => program.name === name) : undefined;
}

/**
 * Why the kernel lacks the attach type of a program; null if the kernel has it, or if this is unknown.
 * @see bpf_kprobe_multi_link_attach() in kernel/trace/bpf_trace.c: -EOPNOTSUPP without CONFIG_FPROBE
 */
function unsupportedType(attachment: Attachment, error: string, known: Known): string | null {
  const { enumerators } = known;
  const section = programOf(attachment, known)?.section;
  const type = section === undefined ? null : youngAttachType(section);
  if (type === null) return null;
  if (!MISSING_TARGET.has(error) && enumerators?.has(`BPF_${type.toUpperCase()}`) === false) return unknownAttachType(type);
  return error === 'EOPNOTSUPP' && isOfManyKprobes(type) ? builtWithout(type, error) : null;
}

const TRACEPOINT = /^\??(?:tp|tracepoint)\/([\w-]+\/\w+)$/;

/** Why a tracepoint program has no event to attach to, in the same words for every loader; null if the event is not missing. */
function missingEvent(attachment: Attachment, error: string, known: Known): string | null {
  const program = programOf(attachment, known);
  const event = program && (program.attachTo ?? null) === null ? TRACEPOINT.exec(program.section)?.[1] : undefined;
  return event === undefined || error !== 'ENOENT' ? null : `tracepoint ${event} is not an event of this kernel or of a loaded module`;
}

/** The failure of a program whose function cannot be traced; null if the guest found nothing against the function. */
function untraceable(attachment: Attachment, known: Known): Failure | null {
  const { kind, name, errno } = attachment;
  const { evidence, inModule } = known;
  const facts = kind === 'program' ? evidence?.targets?.find(({ program }) => program === name) : undefined;
  const type = programOf(attachment, known)?.type ?? null;
  const reason = facts ? targetReason(facts, type, inModule) : null;
  const found = facts && reason !== null ? untraceableFailure(facts.state, errnoName(errno), oneLine(reason)) : null;
  return found && { stage: 'attach', ...found, errno };
}

/** Why the kernel attaches no kprobe: several functions have the name, or none matches the pattern. Null if this is not the cause. */
function unclearTarget(attachment: Attachment, error: string, known: Known): Failure | null {
  const { name, errno, detail } = attachment;
  const program = programOf(attachment, known);
  if (!program) return null;
  const ambiguous = error === 'EADDRNOTAVAIL' ? (known.refusedTarget?.(name) ?? null) : null;
  if (ambiguous !== null) return { stage: 'attach', class: 'attach-failed', errno, reason: ambiguous };
  const pattern = error === 'ENOENT' && detail === '' ? patternOfProbes(program) : null;
  return pattern === null ? null : { stage: 'attach', class: 'attach-target-missing', errno, reason: noMatchReason(pattern) };
}

/** The module with the tracepoint of a program that the kernel lacks; null if the failure is about something else, or if no module is known. */
function moduleOfTracepoint(attachment: Attachment, known: Known): Failure | null {
  const { errno } = attachment;
  const program = programOf(attachment, known);
  const tracepoint = program && namedTracepoint(program.section, program.attachTo);
  if (!tracepoint || !MISSING_TARGET.has(errnoName(errno))) return null;
  const where = known.inModule?.(nameInBtf(tracepoint), 'address') ?? null;
  const reason = `tracepoint ${tracepoint.name} is ${where}`;
  return where === null ? null : { stage: 'attach', class: 'attach-target-missing', errno, reason };
}

/** What the kernel's own log says about a failure to attach; null if it says nothing, or if several maps failed. */
function kernelWords({ kind, errno }: Attachment, { evidence }: Known, isOnlyMap: boolean): string | null {
  const isRefused = errnoName(errno) === 'EPERM';
  const found = lastKernelFailure(evidence?.kernelLog ?? '', (failure) => {
    if (failure.type === 'struct-ops') return kind === 'map' && isOnlyMap;
    return failure.type === 'lockdown' && isRefused && failure.forbids === 'attach';
  });
  return found?.text ?? null;
}

/** Why a kprobe was not attached whose target names a module or an offset; null if this is not the cause. */
function unreadTarget(attachment: Attachment, error: string, known: Known): Failure | null {
  const program = programOf(attachment, known);
  const target = program ? probeTarget(program) : null;
  const failure = attachClass(error);
  if (!program || target === null || (failure !== 'attach-target-missing' && failure !== 'attach-failed')) return null;
  const isMissing = failure === 'attach-target-missing' && target.includes(':');
  const where = isMissing ? (known.inModule?.(target, 'address') ?? null) : null;
  const reason = unreadProbe(program, known.library ?? libraryName()) ?? (where && `attach target ${target} (kprobe) is ${where}`);
  return reason === null ? null : { stage: 'attach', class: failure, errno: attachment.errno, reason };
}

function judge(attachment: Attachment, known: Known, isOnlyMap: boolean): Attached {
  const { kind, name, errno, detail } = attachment;
  if (errno === 0) return { failure: null, attached: true };
  const error = errnoName(errno);
  const warnings = warningsOf(attachment);
  if (isLeftAlone(attachment, error, warnings)) return { failure: null, attached: false };
  if (hasNoFunction(detail))
    return { failure: { stage: 'attach', class: 'object-invalid', errno, reason: oneLine(detail) }, attached: false };
  if (warnings.some(lacksUsdtMaps))
    return { failure: { stage: 'attach', class: 'object-invalid', errno, reason: WITHOUT_USDT_MAPS }, attached: false };
  const lacking = unsupportedType(attachment, error, known);
  if (lacking !== null) return { failure: { stage: 'attach', class: 'attach-failed', errno, reason: lacking }, attached: false };
  const failure =
    unreadTarget(attachment, error, known) ??
    unclearTarget(attachment, error, known) ??
    untraceable(attachment, known) ??
    moduleOfTracepoint(attachment, known);
  if (failure) return { failure, attached: false };
  const event = missingEvent(attachment, error, known);
  if (event !== null) return { failure: { stage: 'attach', class: attachClass(error), errno, reason: event }, attached: false };
  const said = detail === '' ? (warnings.at(-1) ?? 'attaching fails') : detail;
  const kernel = kernelWords(attachment, known, isOnlyMap);
  const words = `${kind === 'map' ? `struct_ops map '${name}': ` : ''}${said}${said.includes(error) ? '' : ` (${error})`}${kernel === null ? '' : `: ${kernel}`}`;
  return { failure: { stage: 'attach', class: attachClass(error), errno, reason: oneLine(words) }, attached: false };
}

/**
 * Returns a function that finds the attach result of a program in an attempt; null if the program was not to be attached. struct_ops
 * programs have the result of their maps.
 */
export function attachedIn(
  { attachments = [] }: LoadAttempt,
  known: Known,
): (program: { name: string; type: string | null }) => Attached | null {
  const isOnlyMap = attachments.filter(({ kind, errno }) => kind === 'map' && errno !== 0).length === 1;
  const judged = attachments.map((attachment) => ({ ...attachment, ...judge(attachment, known, isOnlyMap) }));
  const programs = new Map(judged.filter(({ kind }) => kind === 'program').map((each) => [each.name, each]));
  const maps = judged.filter(({ kind }) => kind === 'map');
  const structOps = maps.find(({ failure }) => failure) ?? maps[0];
  return ({ name, type }) => programs.get(name) ?? (type === 'struct_ops' ? (structOps ?? null) : null);
}
