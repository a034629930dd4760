// Groups failures by root cause, and adds findings and advice to each cause.
import { libraryName } from '../base/loader-name.ts';
import { classOf, type CoreSpec } from '../bpf/core-spec/spec.ts';
import { kindOf } from '../bpf/btf/btf.ts';
import type { ObjectRelocation } from '../bpf/object/places.ts';
import { isAnyEnum, resolveType } from '../bpf/btf/types.ts';
import { type OfflineKernel } from '../kernel-btf/kernels.ts';
import { accessOfSpec, accessText, localSpecs } from './access.ts';
import { nameChangedArguments } from './changed-argument.ts';
import { argumentFindings, nameArguments } from './argument-cause.ts';
import { type CausePlace, type ExplainedKernel, type Explanation, EXPLANATION_VERSION, type RootCause } from '../results/explanation.ts';
import type { ExplainedObject, ProgramFailure } from './failures.ts';
import { type FieldFindings, fieldFindings } from './field-cause.ts';
import { fingerprintOf, subjectOf, withoutFlavors } from './fingerprint.ts';
import { type FieldUse, fieldUses } from './field-use.ts';
import { guardedPlaces } from './guarded-places.ts';
import { notReachedAfter } from './not-reached.ts';
import type { KernelCache } from './kernel-cache.ts';
import { knownChange } from './known-change.ts';
import { shapeOf } from './nearest.ts';
import { stepsOf, walk } from './path.ts';
import { withFixedOffsets } from '../predict/fixed-offsets.ts';
import { movedArguments } from './moved-arguments.ts';
import { type RecordsOf, semanticChangePlaces } from './semantic-change-places.ts';
import { plainSituations, requirementFindings } from './requirement-cause.ts';

interface Group {
  fingerprint: string;
  subject: string;
  failures: ProgramFailure[];
}

/** Short names of kernels: series if they are unique, else versions if they are, else ids. */
function kernelNames(kernels: readonly Pick<OfflineKernel, 'id' | 'series' | 'version'>[]): Map<string, string> {
  const unique = (pick: (kernel: Pick<OfflineKernel, 'id' | 'series' | 'version'>) => string | null) => {
    const names = kernels.map(pick);
    return names.every((name) => name !== null) && new Set(names).size === names.length ? names : null;
  };
  const names = unique(({ series }) => series) ?? unique(({ version }) => version) ?? kernels.map(({ id }) => id);
  return new Map(kernels.map(({ id }, at) => [id, names[at] ?? id]));
}

function groupsOf(failures: readonly ProgramFailure[], objects: ReadonlyMap<string, ExplainedObject>): Group[] {
  const groups = new Map<string, Group>();
  for (const failure of failures) {
    const relocation = failure.ref === null ? undefined : objects.get(failure.object)?.result.relocations[failure.ref];
    const subject = relocation ? withoutFlavors(relocation.access) : subjectOf(failure.class, failure.reason);
    const fingerprint = fingerprintOf(failure.class, subject);
    const group = groups.get(fingerprint) ?? { fingerprint, subject, failures: [] };
    group.failures.push(failure);
    groups.set(fingerprint, group);
  }
  return [...groups.values()];
}

const GRAVITY = ['yes', 'unknown', 'no', null] as const;

/** The same for all relocations of one access on one line: the compiler makes up to six for a read of a bitfield. */
function placeKey({ object, program, ref, at }: ProgramFailure, relocation: ObjectRelocation | undefined): string {
  const source = relocation ? relocation.source : (at?.source ?? null);
  const isField = relocation && source && classOf(relocation.kind) === 'field';
  return JSON.stringify([object, program, isField ? relocation.access : ref, source?.file, source?.line]);
}

/** The place in the results; null without a relocation. */
function relocationPlace(relocation: ObjectRelocation | undefined): CausePlace['relocation'] {
  if (!relocation) return null;
  const { index, section, kind, access, spec } = relocation;
  return { index, section, kind, access, spec };
}

/** The places of failures. A place with several relocations names the one that fails. */
function placesOf(failures: readonly ProgramFailure[], objects: ReadonlyMap<string, ExplainedObject>): CausePlace[] {
  const places = new Map<string, CausePlace>();
  for (const failure of failures) {
    const { object, program, ref, kernel, reported, reached, at } = failure;
    const relocation = ref === null ? undefined : objects.get(object)?.result.relocations[ref];
    const key = placeKey(failure, relocation);
    const place: CausePlace = places.get(key) ?? {
      object,
      program,
      relocation: relocationPlace(relocation),
      source: relocation ? relocation.source : (at?.source ?? null),
      at: null,
      fails: [],
      behind: [],
      reached,
    };
    if (reported && place.fails.length === 0) place.relocation = relocationPlace(relocation);
    const kernels = reported ? place.fails : place.behind;
    if (!kernels.includes(kernel)) kernels.push(kernel);
    if (at) place.at ??= { program: at.program, insn: at.insn, text: at.text, state: at.state };
    if (GRAVITY.indexOf(reached) < GRAVITY.indexOf(place.reached)) place.reached = reached;
    places.set(key, place);
  }
  return [...places.values()].map((place) => ({ ...place, behind: place.behind.filter((kernel) => !place.fails.includes(kernel)) }));
}

function certaintyOf(failures: readonly ProgramFailure[]): ProgramFailure['certainty'] {
  return (
    (['seen', 'certain', 'possible'] as const).find((certainty) => failures.some((each) => each.certainty === certainty)) ?? 'possible'
  );
}

interface Context {
  cache: KernelCache;
  objects: ReadonlyMap<string, ExplainedObject>;
  specs: ReadonlyMap<string, readonly (CoreSpec | null)[]>;
  /** By the id of an object: the use of a field by the position of its relocation. */
  uses: ReadonlyMap<string, (ref: number) => FieldUse>;
  names: ReadonlyMap<string, string>;
}

/** Of the relocations of an access, the one that reads the value; else the given one. */
function readingOf(local: CoreSpec, all: readonly (CoreSpec | null)[]): CoreSpec {
  if (local.kind === 'byte_off') return local;
  const text = accessText(accessOfSpec(local));
  return all.find((spec) => spec?.kind === 'byte_off' && accessText(accessOfSpec(spec)) === text) ?? local;
}

interface FailingShape {
  local: CoreSpec;
  use: FieldUse;
  failures: ProgramFailure[];
}

/** Groups failures by the shape and use of the compiled access, because a kernel may lack one shape and have another. */
function byShape(failures: readonly ProgramFailure[], { specs, uses }: Pick<Context, 'specs' | 'uses'>): FailingShape[] {
  const shapes = new Map<string, FailingShape>();
  for (const failure of failures) {
    const all = specs.get(failure.object) ?? [];
    const failing = failure.ref === null ? null : all[failure.ref];
    if (!failing) continue;
    const local = classOf(failing.kind) === 'field' ? readingOf(failing, all) : failing;
    const steps = stepsOf(local);
    const kinds = steps.map((_, at) => {
      const { type } = walk(local.btf, local.rootId, steps.slice(0, at + 1));
      // libbpf takes no integer for an enum.
      return [shapeOf(local.btf, type), isAnyEnum(kindOf(local.btf, resolveType(local.btf, type)))];
    });
    const use = uses.get(failure.object)?.(failure.ref ?? -1) ?? 'value';
    const key = JSON.stringify([kinds, use]);
    const shape = shapes.get(key) ?? { local, use, failures: [] };
    shape.failures.push(failure);
    shapes.set(key, shape);
  }
  return [...shapes.values()].toSorted((a, b) => b.failures.length - a.failures.length);
}

async function relocationCause(failures: readonly ProgramFailure[], { specs, uses, cache, names }: Context): Promise<FieldFindings | null> {
  const found: FieldFindings[] = [];
  for (const shape of byShape(failures, { specs, uses })) {
    // The failures behind another come first, so that the one with which a program ended replaces them.
    const inOrder = shape.failures.toSorted((a, b) => Number(a.reported) - Number(b.reported));
    const evidence = new Map(inOrder.map((failure) => [failure.kernel, failure]));
    found.push(await fieldFindings({ local: shape.local, use: shape.use, evidence, cache, names }));
  }
  const [first] = found;
  return first ? { ...first, situations: found.flatMap(({ situations }) => situations) } : null;
}

async function causeOf(group: Group, context: Context): Promise<RootCause | null> {
  const { fingerprint, subject, failures } = group;
  const [first] = failures;
  if (!first) return null;
  const found =
    (await relocationCause(failures, context)) ??
    (await argumentFindings(failures, subject, context)) ??
    (await requirementFindings(failures, subject, context.objects, context.cache));
  const situations = found.situations.length > 0 ? found.situations : plainSituations(failures, new Map());
  const known = knownChange(subject);
  const reported = failures.find((failure) => failure.reported);
  const libraryOf = ({ object }: ProgramFailure) => libraryName(context.objects.get(object)?.result.loader);
  return {
    fingerprint,
    class: first.class,
    subject,
    certainty: certaintyOf(failures),
    places: placesOf(failures, context.objects),
    presence: found.presence,
    situations,
    knownChange: known && { id: known.id, text: known.text },
    notReached: reported ? notReachedAfter(reported.class, reported.stage, reported.reason, libraryOf(reported)) : null,
    snippet: found.snippet,
    advice: found.advice,
  };
}

function kernelsOf(cache: KernelCache, names: ReadonlyMap<string, string>): ExplainedKernel[] {
  return cache.kernels.map(({ id, path }) => ({ id, name: names.get(id) ?? id, btf: path !== null }));
}

/** Explains failures. The root causes with the most failures of programs on kernels come first. */
export async function explain(
  failures: readonly ProgramFailure[],
  explained: readonly ExplainedObject[],
  cache: KernelCache,
  recordsOf: RecordsOf,
): Promise<Explanation> {
  const objects = new Map(explained.map((object) => [object.result.id, object]));
  const specs = new Map(explained.flatMap(({ result, bpf }) => (bpf ? [[result.id, localSpecs(bpf)] as const] : [])));
  const uses = new Map(explained.flatMap(({ result, bpf }) => (bpf ? [[result.id, fieldUses(bpf)] as const] : [])));
  const names = kernelNames(cache.kernels);
  const causes: RootCause[] = [];
  const named = await nameChangedArguments(await nameArguments(failures, objects, cache), objects, cache);
  for (const group of groupsOf(named, objects)) {
    const cause = await causeOf(group, { cache, objects, specs, uses, names });
    if (cause) causes.push(cause);
  }
  const semanticChanges = await semanticChangePlaces(explained, cache, recordsOf);
  const moved = await movedArguments(explained, cache);
  const guarded = await guardedPlaces(explained, cache, recordsOf);
  const fixedOffsets = explained
    .map(withFixedOffsets)
    .flatMap(({ id, fixedOffsets: programs }) => (programs ? [{ object: id, programs }] : []));
  const weight = ({ places }: RootCause) => places.reduce((sum, { fails }) => sum + fails.length, 0);
  return {
    schemaVersion: EXPLANATION_VERSION,
    kernels: kernelsOf(cache, names),
    causes: causes.toSorted((a, b) => weight(b) - weight(a)),
    semanticChanges,
    ...(moved.length > 0 && { movedArguments: moved }),
    guarded,
    ...(fixedOffsets.length > 0 && { fixedOffsets }),
  };
}
