// Fingerprints of root causes. A cause has the same fingerprint for every program, on every kernel, in every run.
import { createHash } from 'node:crypto';
import { essentialName } from '../bpf/btf/essential-name.ts';
import { withoutPartner } from '../verdict/rules/partners.ts';
import { type FailureClass, isRelocationFailure } from '../base/failures.ts';

const LENGTH = 12;
/** Matches reasons that begin with what is missing. The match is the subject. */
const NAMED =
  /^(?:argument \d+ of (?:tracepoint|LSM hook|iterator|function|struct_ops member)|kfunc|kernel symbol|kernel configuration|attach target|struct_ops type|struct_ops member|helper|program type|function|symbol) [\w.#]+(?::\w+)?(?: \(\w+\) names an? (?:module|offset))?/;
const IDENTIFIER = /[A-Za-z_]\w*/g;

/** Refusals of libbpf that have one cause and one remedy, whatever the names in the object. */
const KINDS: readonly (readonly [RegExp, string])[] = [
  [/^missing BPF prog type, /, 'missing BPF prog type'],
  [/is static and not supported$/, 'a program is static'],
  [/unsupported map linkage /, 'a map is static or extern'],
  [/legacy map definitions /, 'a map is defined in SEC("maps")'],
  [/\(SHN_COMMON\)/, 'a variable has no section (SHN_COMMON)'],
  [/BTF for extern '|extern section '/, 'an extern has neither __ksym nor __kconfig'],
];

/** Removes flavors from an access: `task_struct___old.state` becomes `task_struct.state`. */
export function withoutFlavors(access: string): string {
  return access.replaceAll(IDENTIFIER, essentialName);
}

/**
 * The subject of a failure, without parts that differ between programs or kernels: flavors, source lines, instructions, registers, numbers.
 * @param partnered one-line reason of a verdict or prediction, which may name another program of a struct_ops map
 */
export function subjectOf(failure: FailureClass, partnered: string): string {
  const reason = withoutPartner(partnered);
  const access = /^(.+?): /.exec(reason)?.[1];
  if (isRelocationFailure(failure) && access !== undefined) return withoutFlavors(access);
  const mapType = failure === 'map-type-unsupported' ? /^map '[^']*' \((\w+)\)/.exec(reason)?.[1] : undefined;
  if (mapType !== undefined) return `map type ${mapType}`;
  const named = NAMED.exec(reason)?.[0] ?? (failure === 'object-invalid' ? KINDS.find(([form]) => form.test(reason))?.[1] : undefined);
  if (named !== undefined) return named;
  return reason
    .replaceAll(/\(?[\w./-]+\.c:\d+\)?/g, '')
    .replaceAll(/ at insn \d+/g, '')
    .replaceAll(/\bR\d+\b/g, 'R')
    .replaceAll(/\b\d+\b/g, 'N')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** Returns twelve hexadecimal digits for a class and a subject. */
export function fingerprintOf(failure: FailureClass, subject: string): string {
  return createHash('sha256').update(`${failure}\n${subject}`).digest('hex').slice(0, LENGTH);
}
