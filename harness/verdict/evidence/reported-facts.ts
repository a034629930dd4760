// Makes the facts that libbpf's log gives from the report of a loader program, so that the same rules judge all loaders.
import {
  type CandidateFacts,
  type ExternFailure,
  type LoaderLog,
  newLog,
  type PrintedError,
  type RelocationFacts,
} from '../../logs/loader-log.ts';
import { errnoName } from '../../logs/libbpf/errno.ts';
import { attachTargetOf } from '../../bpf/object/attach-point.ts';
import type { ObjectRelocation } from '../../bpf/object/places.ts';
import type { RelocationKind } from '../../base/vocabulary.ts';
import type { LoaderReport } from './evidence.ts';

/** What is known about an object besides the report. */
export interface ReportedObject {
  programs: readonly { name: string; section: string; attachTo?: string | null | undefined }[];
  relocations: readonly ObjectRelocation[];
  /**
   * The candidates that the kernel's BTF has for each relocation, in the order of the relocations. A loader does not tell why it found no
   * target; the candidates show whether the type or only the field is missing.
   */
  candidates?: (() => readonly (readonly CandidateFacts[])[]) | undefined;
}

type ReportedFailure = LoaderReport['failures'][number];
type ReportedRelocation = LoaderReport['relocations'][number];

/** Words of loaders for a kernel whose own BTF is absent or unreadable. */
const NO_KERNEL_BTF = /load kernel spec|no BTF found for kernel|\/sys\/kernel\/btf\/vmlinux/;

/** What the words of a loader say about an extern. */
interface ExternWords {
  pattern: RegExp;
  kind: ExternFailure['kind'];
  missingIn?: ExternFailure['missingIn'];
}

/**
 * Words of cilium/ebpf for externs, the most exact first: no other loader has externs. It names all missing symbols; the first one counts,
 * as with libbpf.
 * @see resolveKconfig() in collection.go, resolveKsymReferences() and fixupKfuncs() in linker.go of cilium/ebpf 0.17 and 0.22
 */
const EXTERN_WORDS: readonly ExternWords[] = [
  { pattern: /config option "(?<name>\w+)" does not exist on this kernel/, kind: 'kconfig' },
  { pattern: /kfunc "(?<name>\w+)": not supported/, kind: 'kfunc', missingIn: 'btf' },
  { pattern: /kernel is missing symbol: (?<name>\w+)/, kind: 'ksym', missingIn: 'symbols' },
  { pattern: /fixing up kfuncs: kfunc "(?<name>\w+)": /, kind: 'kfunc' },
  { pattern: /resolve \.kconfig: problem adding value for (?<name>\w+)/, kind: 'kconfig' },
  { pattern: /resolve (?:required ksyms:|ksym) (?<name>\w+)/, kind: 'ksym' },
  { pattern: /resolve ksyms: symbol (?<name>\w+)/, kind: 'ksym' },
  { pattern: /resolve \.kconfig: /, kind: 'kconfig' },
  { pattern: /fixing up kfuncs: /, kind: 'kfunc' },
];

/** The program or map before the errors of cilium/ebpf. */
const SUBJECT = /^(?:program|map) [^\s:]+: /;

function externOf(text: string): ExternFailure {
  const detail = text.replace(SUBJECT, '');
  for (const { pattern, kind, missingIn = null } of EXTERN_WORDS) {
    const found = pattern.exec(text);
    if (found) return { kind, name: found.groups?.['name'] ?? '', detail, missingIn };
  }
  return { kind: 'ksym', name: '', detail, missingIn: null };
}

function errorOf({ text, errno }: ReportedFailure): PrintedError {
  return { text, errno: errno === 0 ? null : errno };
}

/** True for kinds whose value only says whether the target exists. */
function isExistenceCheck(kind: RelocationKind): boolean {
  return kind.endsWith('_exists') || kind === 'type_matches';
}

/** What a loader did with a relocation. A check for existence that becomes 0 has no target. */
function relocationFacts(reported: ReportedRelocation, known: ObjectRelocation): Omit<RelocationFacts, 'candidates'> {
  const { outcome, insn, from, to, function: program, text } = reported;
  const isAbsent = outcome === 'poisoned' || (outcome === 'patched' && to === '0' && isExistenceCheck(known.kind));
  return {
    section: known.section,
    program,
    index: known.index,
    kind: known.kind,
    spec: known.spec,
    noTarget: isAbsent,
    patch: outcome === 'patched' ? { insn, form: 'ALU', from, to } : null,
    memSize: null,
    poisoned: outcome === 'poisoned' ? [insn] : [],
    wrongAccess: false,
    ambiguity: outcome === 'failed' && /ambiguous|multiple candidate/.test(text) ? text : null,
    warnings: outcome === 'failed' ? [text] : [],
    error: outcome === 'failed' ? text : null,
  };
}

/** The facts about each relocation that was reported; the last report counts. */
function reportedRelocations(reports: readonly ReportedRelocation[], { relocations, candidates }: ReportedObject): RelocationFacts[] {
  const refs = new Map(relocations.map(({ insn, program }, ref) => [`${insn} ${program}`, ref]));
  const found = new Map<number, RelocationFacts>();
  for (const reported of reports) {
    const ref = refs.get(`${reported.insn} ${reported.function}`) ?? -1;
    const known = relocations[ref];
    if (known) found.set(ref, { ...relocationFacts(reported, known), candidates: [...(candidates?.()[ref] ?? [])] });
  }
  return [...found.values()];
}

/** Words of aya 0.13 and 0.14 for a type that the kernel's BTF lacks. */
const NO_BTF_TYPE = /unknown BTF type `/i;

/** The attach target that the kernel lacks; null if the failure is about something else. */
function missingTarget({ about, name, errno, text }: ReportedFailure, programs: ReportedObject['programs']): string | null {
  const program = programs.find((each) => each.name === name);
  const isMissing = about === 'attach' ? errnoName(errno) === 'ENOENT' : NO_BTF_TYPE.test(text);
  if (!isMissing || !program) return null;
  return attachTargetOf(program.section, program.attachTo ?? null)?.name ?? null;
}

/** Words of cilium/ebpf for a struct_ops map whose struct the kernel lacks. @see structOpsFindTarget() in its struct_ops.go */
const WITHOUT_STRUCT_OPS = /struct_ops: "bpf_struct_ops_\w+" doesn't exist in kernel/;

function takeFailure(log: LoaderLog, failure: ReportedFailure, object: ReportedObject, verifierLog: string | null): void {
  const { about, name, text } = failure;
  log.warnings.push(text);
  switch (about) {
    case 'object':
      log.failures.push({ topic: 'object', text });
      log.ended = 'object';
      return;
    case 'setting':
      log.failures.push({ topic: 'settings', text });
      log.ended = 'settings';
      return;
    case 'btf':
      log.btf.push({ kind: NO_KERNEL_BTF.test(text) ? 'kernel-missing' : 'object-refused', text });
      log.btfLog = verifierLog;
      log.ended = 'btf';
      return;
    case 'relocation':
      log.relocationFailed = errorOf(failure);
      log.ended = 'relocation';
      return;
    case 'extern':
      log.externs.push(externOf(text));
      log.ended = 'extern';
      return;
    case 'map':
      if (WITHOUT_STRUCT_OPS.test(text)) {
        log.failures.push({ topic: 'struct-ops', text });
        log.ended = 'struct-ops';
        return;
      }
      log.maps.push({ map: name, step: 'create', error: errorOf(failure) });
      log.ended = 'map';
      return;
    case 'program':
    case 'attach':
      log.programs.push({
        program: name,
        error: errorOf(failure),
        verifierLog,
        missingTarget: missingTarget(failure, object.programs),
        warnings: [text],
      });
      log.ended = 'program';
  }
}

/** The facts in a report. */
export function reportedFacts(report: LoaderReport, object: ReportedObject): LoaderLog {
  const log = newLog();
  log.relocations.push(...reportedRelocations(report.relocations, object));
  for (const { program, function: name, insns, offset } of report.subprograms) {
    const layout = log.layouts.get(program) ?? new Map();
    layout.set(name, { insns, offset });
    log.layouts.set(program, layout);
  }
  for (const failure of report.failures) {
    takeFailure(log, failure, object, report.verifierLogs.findLast(({ program }) => program === failure.name)?.text ?? null);
  }
  return log;
}
