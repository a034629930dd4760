// Names the argument of another type in a failure behind it: the verifier reports only the structure that it finds there.
import type { BpfObject } from '../bpf/object/object.ts';
import { argumentChanges } from '../predict/argument-changes.ts';
import { hookedProgram, loading, type Objects } from './argument-cause.ts';
import type { ProgramFailure } from './failures.ts';
import type { KernelCache } from './kernel-cache.ts';

/** What the verifier reports about a structure that has no such member, or none that a program may read so. */
const REPORTED = /access beyond (?:the end of member|struct)|cannot access|invalid mem access|attempts to access|type=\w+ expected=/;

/** The last relocation with a changed argument before an instruction of the program; null without one. */
function changedBefore({ relocations }: BpfObject, changed: readonly number[], { program, at }: ProgramFailure): number | null {
  const own = changed.flatMap((ref) => {
    const relocation = relocations[ref];
    const isBefore = relocation && (at === null || (relocation.program === at.program && relocation.insn <= at.insn));
    return relocation && isBefore && (relocation.program === program || at !== null) ? [ref] : [];
  });
  return own.at(-1) ?? null;
}

async function named(failure: ProgramFailure, objects: Objects, cache: KernelCache): Promise<ProgramFailure> {
  const { class: failureClass, certainty, reason, object, kernel, program } = failure;
  if (failureClass !== 'verifier-rejected' || certainty !== 'seen' || !REPORTED.test(reason)) return failure;
  const bpf = objects.get(object)?.bpf;
  const types = bpf ? await cache.typesOf(kernel) : null;
  if (!bpf || !types) return failure;
  const own = loading(bpf, program, hookedProgram(failure, objects));
  const alone = { ...own, programs: own.programs.filter(({ name }) => name === program) };
  const changes = argumentChanges(alone, types);
  const ref = changedBefore(bpf, [...changes.keys()], failure);
  const change = ref === null ? undefined : changes.get(ref);
  return change ? { ...failure, reason: `${change.subject}: ${change.what}` } : failure;
}

/** Replaces the words of the verifier by the change of the argument that causes a failure. The log remains as evidence. */
export async function nameChangedArguments(
  failures: readonly ProgramFailure[],
  objects: Objects,
  cache: KernelCache,
): Promise<ProgramFailure[]> {
  const all: ProgramFailure[] = [];
  for (const failure of failures) all.push(await named(failure, objects, cache));
  return all;
}
