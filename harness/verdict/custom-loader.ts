// Judges a custom loader: its exit status decides whether the load failed, its output why.
import { howEnded } from './evidence/command-end.ts';
import { errnoOf } from '../logs/libbpf/errno.ts';
import { parseVerifierLog } from '../logs/verifier/parse.ts';
import type { CommandEvidence } from './evidence/evidence.ts';
import { failureOf, oneLine } from './failure.ts';
import { environmentLacks } from './rules/environment.ts';
import type { Failure } from './rules/context.ts';
import type { FailureContext, Finding } from './rules/context.ts';

/** Limits the time for searching the output. */
const MAX_LINES = 2000;
const MAX_LINE = 4096;

function linesOf({ stderr, stdout }: CommandEvidence): string[] {
  return [stdout, stderr].flatMap((text) =>
    text
      .split('\n')
      .slice(-MAX_LINES)
      .map((line) => line.slice(0, MAX_LINE).trim())
      .filter((line) => line !== ''),
  );
}

interface Words {
  pattern: RegExp;
  finding: Omit<Finding, 'reason'>;
}

/**
 * Messages of cilium/ebpf and aya that differ from libbpf's, the most specific first. Neither library names the field.
 * @see btf/core.go, prog.go and map.go of cilium/ebpf; btf/relocation.rs of aya-obj, bpf.rs and programs/mod.rs of aya
 */
const LIBRARY_WORDS: readonly Words[] = [
  {
    pattern: /multiple candidate target types found|multiple types match: ambiguous relocation|ambiguous relocation/,
    finding: { stage: 'relocate', class: 'core-ambiguous' },
  },
  { pattern: /bad CO-RE relocation/, finding: { stage: 'verify', class: 'core-other' } },
  {
    pattern: /missing target BTF info for type|impossible relocation|relocation #\d+ of kind .* not valid for type|error relocating /,
    finding: { stage: 'relocate', class: 'core-other' },
  },
  { pattern: /apply CO-RE relocations: .*incompatible types/, finding: { stage: 'relocate', class: 'core-field-incompatible' } },
  {
    pattern: /no BTF found for kernel version|kernel BTF: .*not supported|BTF is not supported|load BTF for kmod/,
    finding: { stage: 'relocate', class: 'btf-missing' },
  },
  { pattern: /apply CO-RE relocations: /, finding: { stage: 'relocate', class: 'core-other' } },
  { pattern: /unknown kfunc|kfunc .*not found|not a valid kfunc/, finding: { stage: 'relocate', class: 'kfunc-missing' } },
  { pattern: /MEMLOCK may be too low/, finding: { stage: 'verify', class: 'resource-limit' } },
  { pattern: /map create: |failed to create map `/, finding: { stage: 'map-create', class: 'map-create-failed' } },
  { pattern: /attach\w* (?:target|type).*not found|find target for /, finding: { stage: 'verify', class: 'attach-target-missing' } },
];

function libraryFailure(lines: readonly string[]): Finding | null {
  for (const { pattern, finding } of LIBRARY_WORDS) {
    const line = lines.findLast((text) => pattern.test(text));
    if (line !== undefined) return { ...finding, reason: line };
  }
  return null;
}

/** How cilium/ebpf (`load program: invalid argument: …`) and aya (`Verifier output: …`) print the verifier's message. */
const VERIFIER_WORDS = [
  /\bprogram ([\w./]+): load program: ([^:]+): (.+?)(?: \(\d+ line\(s\) omitted\))?$/,
  /()\bload program: ([^:]+): (.+?)(?: \(\d+ line\(s\) omitted\))?$/,
] as const;

function verifierContext(context: FailureContext, output: string, lines: readonly string[]): FailureContext | null {
  for (const pattern of VERIFIER_WORDS) {
    for (const line of lines.toReversed()) {
      const [, name = '', error = '', said = ''] = pattern.exec(line) ?? [];
      if (said === '') continue;
      const verifier = parseVerifierLog(said);
      const errno = errnoOf(error.replace(/^./, (first) => first.toUpperCase())) ?? 0;
      const known = context.object.programs.find((program) => program.name === name) ?? null;
      const program = known && { name, type: known.type };
      const rejected = { program: name, verifier };
      return { ...context, attempt: { ...context.attempt, errno, rejected }, program, verifier };
    }
  }
  const [, passedOn] = /Verifier output: ([^]{1,200000})/.exec(output) ?? [];
  return passedOn === undefined ? null : { ...context, verifier: parseVerifierLog(passedOn) };
}

/** The attempt with the error number that libbpf printed for a map: only the agent sees what a call of libbpf returns. */
function withPrintedErrno(context: FailureContext): FailureContext {
  const { attempt } = context;
  const printed = attempt.log.ended === 'map' ? attempt.log.maps.at(-1)?.error.errno : null;
  return printed ? { ...context, attempt: { ...attempt, errno: printed } } : context;
}

/** The failure of a custom loader that has ended; null if it succeeded. */
export function customLoaderFailure(context: FailureContext, command: CommandEvidence): Failure | null {
  if (command.end === 'exited' && command.value === 0) return null;
  const how = howEnded(command);
  // The output of a loader that crashed does not explain the crash.
  const lines = linesOf(command);
  const last = lines.at(-1);
  const unknown: Finding = { stage: 'verify', class: 'unknown', reason: `the loader ${how}${last === undefined ? '' : `: ${last}`}` };
  const found = (finding: Finding): Failure => ({ ...finding, reason: oneLine(finding.reason), errno: context.attempt.errno });
  if (command.end === 'killed') return found(unknown);
  const known = failureOf(withPrintedErrno(context));
  if (known.class !== 'unknown') return known;
  const library = libraryFailure(lines);
  if (library) return found(library);
  const verifier = verifierContext(context, `${command.stdout}\n${command.stderr}`, lines);
  const rejected = verifier && failureOf(verifier);
  if (rejected && rejected.class !== 'unknown') return rejected;
  return found(environmentLacks(lines) ?? unknown);
}
