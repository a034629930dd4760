// Whether what was loaded could be attached, and why not.
import { errnoName } from '../logs/libbpf/errno.ts';
import { readLines } from '../logs/libbpf/lines.ts';
import { youngAttachType } from '../bpf/object/attach-type.ts';
import type { FailureClass } from '../base/failures.ts';
import type { Attachment, LoadAttempt } from './evidence/evidence.ts';
import { oneLine } from './failure.ts';
import type { Failure } from './rules/context.ts';

/** What the kernel or the C library answers where there is nothing of that name to attach to. */
const MISSING: ReadonlySet<string> = new Set(['ENOENT', 'ESRCH', 'ENODEV']);
const CLASSES: Readonly<Partial<Record<string, FailureClass>>> = { EPERM: 'permission', EACCES: 'permission', ENOMEM: 'resource-limit' };

/** What libbpf warned, without the name of the program, which stands beside it anyway. */
function warningsOf({ log }: Attachment): string[] {
  return readLines(log).flatMap((line) =>
    line.type === 'message' && line.level === 'warn' ? [line.text.replace(/^prog '[^']*': /, '')] : [],
  );
}

/** What became of one program after it was loaded. */
export interface Attached {
  /** Null when it was attached, or left alone. */
  failure: Failure | null;
  /** False also where libbpf attaches nothing of the kind by itself and the plan names no target. */
  attached: boolean;
}

/**
 * Whether libbpf left a program alone because its section does not say what to attach it to, which it does without a word.
 * @see bpf_program__attach() in libbpf.c: -EOPNOTSUPP
 */
function isLeftAlone({ kind, detail }: Attachment, error: string, warnings: readonly string[]): boolean {
  return kind === 'program' && error === 'EOPNOTSUPP' && detail === '' && warnings.length === 0;
}

interface Known {
  object: { programs: readonly { name: string; section: string }[] };
  /** Names of the enumerators in the kernel's own BTF. */
  enumerators?: ReadonlySet<string>;
}

/** The attach type that the kernel does not have; null where it does, or that is not known. */
function unknownType({ kind, name }: Attachment, { object, enumerators }: Known): string | null {
  const section = kind === 'program' ? object.programs.find((program) => program.name === name)?.section : undefined;
  const type = section === undefined ? null : youngAttachType(section);
  return type !== null && enumerators?.has(`BPF_${type.toUpperCase()}`) === false ? type : null;
}

function judge(attachment: Attachment, known: Known): Attached {
  const { kind, name, errno, detail } = attachment;
  if (errno === 0) return { failure: null, attached: true };
  const error = errnoName(errno);
  const warnings = warningsOf(attachment);
  if (isLeftAlone(attachment, error, warnings)) return { failure: null, attached: false };
  const type = MISSING.has(error) ? null : unknownType(attachment, known);
  if (type !== null) {
    const reason = `attach type ${type} is unknown to this kernel`;
    return { failure: { stage: 'attach', class: 'attach-failed', errno, reason }, attached: false };
  }
  const said = detail === '' ? (warnings.at(-1) ?? 'attaching fails') : detail;
  const words = `${kind === 'map' ? `struct_ops map '${name}': ` : ''}${said}${said.includes(error) ? '' : ` (${error})`}`;
  const failureClass = MISSING.has(error) ? 'attach-target-missing' : (CLASSES[error] ?? 'attach-failed');
  return { failure: { stage: 'attach', class: failureClass, errno, reason: oneLine(words) }, attached: false };
}

/** Finds what became of a program of an attempt; null where nothing was to be attached. Programs of struct_ops share the fate of its maps. */
export function attachedIn(
  { attachments = [] }: LoadAttempt,
  known: Known,
): (program: { name: string; type: string | null }) => Attached | null {
  const judged = attachments.map((attachment) => ({ ...attachment, ...judge(attachment, known) }));
  const programs = new Map(judged.filter(({ kind }) => kind === 'program').map((each) => [each.name, each]));
  const maps = judged.filter(({ kind }) => kind === 'map');
  const structOps = maps.find(({ failure }) => failure) ?? maps[0];
  return ({ name, type }) => programs.get(name) ?? (type === 'struct_ops' ? (structOps ?? null) : null);
}
