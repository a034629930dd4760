// Findings about a root cause without a relocation: which kernels meet the requirement, similar names, and code that avoids it.
import { withoutPartner } from '../verdict/rules/partners.ts';
import type { Btf } from '../bpf/btf/btf.ts';
import { impossibleAttribute, impossibleInnerAttribute } from '../bpf/object/map-shape.ts';
import type { OfflineKernel } from '../kernel-btf/kernels.ts';
import { type Difference, kfuncDifferences } from '../kernel-btf/kfunc-differences.ts';
import { refusesKfuncAddresses } from '../kernel-btf/kfunc-addresses.ts';
import type { Stage } from '../base/vocabulary.ts';
import { isTypedVariable, variableDifference } from '../kernel-btf/variable-difference.ts';
import { kconfigValue } from '../kernel-btf/kconfig.ts';
import type { KernelTypes } from '../core-relo/candidates.ts';
import { lackingBesides, withOtherLoader } from './other-loader.ts';
import {
  adviceByReason,
  adviceOn,
  adviceOnDeclaration,
  adviceOnDeclaredTypes,
  adviceOnRefusedAddress,
  adviceOnWeakKfunc,
} from './advice.ts';
import type { CausePresence, CauseSituation } from '../results/explanation.ts';
import type { ExplainedObject, ProgramFailure } from './failures.ts';
import { presenceAmong } from '../results/presence-among.ts';
import type { KernelCache } from './kernel-cache.ts';
import { knownChange } from './known-change.ts';
import { meetsRequirement, mapTypeNumber, nameInModules, type Requirement, requirementOf, targetOf, typeIn } from './requirement.ts';
import { type InModules, pullModulesAdvice, searchModules } from './module-presence.ts';
import { attachAdvice } from './attach-advice.ts';
import { relatedTargets } from './related-names.ts';
import {
  attachSnippet,
  helperSnippet,
  kconfigSnippet,
  kfuncSnippet,
  ksymSnippet,
  mapTypeSnippet,
  programTypeSnippet,
} from './snippet-guard.ts';
import { structOpsMap, tooLarge, whyWithoutType } from './struct-ops.ts';
import { isAboutUnreadTarget } from '../verdict/rules/named-target.ts';
import { verifierFindings } from './verifier-findings.ts';

export interface RequirementFindings {
  presence: CausePresence | null;
  situations: CauseSituation[];
  snippet: string | null;
  advice: string[];
}

/** Maximum number of names that a snippet suggests. */
const MAX_ALTERNATIVES = 3;

/** Situations made from the reasons of the failures alone: one for each reason with its hints. */
export function plainSituations(failures: readonly ProgramFailure[], hintsOf: ReadonlyMap<string, string[]>): CauseSituation[] {
  const groups = new Map<string, CauseSituation>();
  for (const { kernel, reason: partnered, evidence, log } of failures) {
    const reason = withoutPartner(partnered);
    const hints = hintsOf.get(kernel) ?? [];
    const key = JSON.stringify([reason, hints]);
    const group: CauseSituation = groups.get(key) ?? { kernels: [], summary: reason, alternatives: [], hints, evidence, log };
    if (!group.kernels.includes(kernel)) group.kernels.push(kernel);
    groups.set(key, group);
  }
  return [...groups.values()];
}

interface Having {
  kernel: OfflineKernel;
  has: boolean | null;
  /** Null if vmlinux has it, or if no module can have it. */
  inModules: InModules | null;
  /** True if the kernel has the function, but lets no program take its address. */
  refusesAddress: boolean;
}

interface Availability {
  having: Having[];
  /** The value of the Kconfig name on a kernel that has it; null if none has. */
  value: string | null;
}

async function havingOf(kernel: OfflineKernel, requirement: Requirement, types: KernelTypes | null): Promise<Having> {
  const has = types && meetsRequirement(types, requirement);
  const named = nameInModules(requirement);
  const inModules = types && has !== true && named ? await searchModules(types, kernel, named) : null;
  const refusesAddress = requirement.what === 'kfunc' && has === true && types !== null && refusesKfuncAddresses(types) === true;
  return { kernel, has: inModules?.state === 'found' ? null : has, inModules, refusesAddress };
}

async function availabilityOf(requirement: Requirement, cache: KernelCache): Promise<Availability> {
  const having: Having[] = [];
  let value: string | null = null;
  for (const kernel of cache.kernels) {
    const types = await cache.typesOf(kernel.id);
    having.push(await havingOf(kernel, requirement, types));
    if (requirement.what === 'kconfig' && types?.config) value = kconfigValue(types.config, requirement.name) ?? value;
  }
  // What some kernel has built in is hardly a module's elsewhere. What no kernel has built in may be a module's.
  const isBuiltIn = having.some(({ has }) => has === true);
  const settled = having.map((each) => (!isBuiltIn && each.inModules?.state === 'unknown' ? { ...each, has: null } : each));
  return { having: settled, value };
}

/** Advice on a name that a module has or may have, unless vmlinux of some kernel has it. */
function moduleAdvice(requirement: Requirement, having: readonly Having[], failing: readonly Having[]): string[] {
  const named = nameInModules(requirement);
  if (!named || having.some(({ has }) => has === true)) return [];
  const unknown = failing.filter(({ inModules }) => inModules?.state === 'unknown').map(({ kernel }) => kernel);
  const isUsable = failing.some(({ inModules }) => inModules?.isUsable === true);
  return [
    ...(isUsable ? ['A module must be loaded before the object: modules: in the configuration, or modprobe on a machine.'] : []),
    ...(unknown.length > 0 ? [pullModulesAdvice(targetOf(requirement.name), unknown)] : []),
  ];
}

/** The nearest kernel that meets the requirement. */
function nearestHaving(having: readonly Having[], at: number): OfflineKernel | null {
  const near = having.flatMap(({ has, kernel }, other) => (has === true ? [{ kernel, distance: Math.abs(other - at) }] : []));
  return near.toSorted((a, b) => a.distance - b.distance)[0]?.kernel ?? null;
}

/** Sections and their attach types. */
const ATTACH_TYPES = [
  [/^\??(?:lsm|lsm_cgroup)\b/, 'BPF_LSM_MAC'],
  [/^\??tp_btf\b/, 'BPF_TRACE_RAW_TP'],
  [/^\??iter\b/, 'BPF_TRACE_ITER'],
] as const satisfies readonly (readonly [RegExp, string])[];

/** The C expression by which a loader tests whether a target exists. */
function lookUp(section: string): (target: string) => string {
  const type = ATTACH_TYPES.find(([pattern]) => pattern.test(section))?.[1] ?? 'BPF_TRACE_FENTRY';
  return (target) => `libbpf_find_vmlinux_btf_id("${target}", ${type})`;
}

/** The other name in a known change of a target. */
function renamedTargets(requirement: Requirement): string[] {
  const known = knownChange(`attach target ${requirement.name}`);
  return [known?.before, known?.after].flatMap((fact) => {
    const name = fact?.replace(/^(?:function|tracepoint) /, '');
    return name !== undefined && fact !== name && targetOf(name) !== targetOf(requirement.name) ? [name] : [];
  });
}

/** Code for a target and its replacements; null without a replacement that a known change or equal parameters show. */
function attachSnippetFor({ requirement, related, program }: Found): string | null {
  if (program?.section.includes('/') !== true) return null;
  const renamed = renamedTargets(requirement);
  const targets = [...new Set((renamed.length > 0 ? renamed : [...related]).map(targetOf))].slice(0, MAX_ALTERNATIVES);
  return targets.length === 0 ? null : attachSnippet(program.section, [...targets, targetOf(requirement.name)], lookUp(program.section));
}

interface Found {
  requirement: Requirement;
  /** Types of a kernel that meets the requirement. */
  having: KernelTypes | null;
  /** Variants of the name with the same parameters, on kernels that lack it. */
  related: ReadonlySet<string>;
  /** The value of the Kconfig name on a kernel that has it; null if none has. */
  value: string | null;
  program: { name: string; section: string } | null;
}

function snippetFor(found: Found): string | null {
  const { requirement, having, value, program } = found;
  switch (requirement.what) {
    case 'helper':
      return requirement.number === null ? null : helperSnippet(requirement.name, requirement.number);
    case 'kfunc': {
      const kfunc = having && typeIn(having, 'func', requirement.name);
      return kfunc && kfuncSnippet(requirement.name, kfunc.btf, kfunc.id);
    }
    case 'map-type': {
      const number = having && mapTypeNumber(having, requirement.name);
      return number === null ? null : mapTypeSnippet(requirement.name, number);
    }
    case 'program-type':
      return program && programTypeSnippet(program.section, program.name, requirement.name);
    case 'struct-ops-type':
    case 'struct-ops-member':
      return null;
    case 'symbol':
      return ksymSnippet(requirement.name);
    case 'kconfig':
      return kconfigSnippet(requirement.name, value);
    case 'function':
    case 'tracepoint':
      return attachSnippetFor(found);
  }
}

function programOf(failures: readonly ProgramFailure[], objects: ReadonlyMap<string, ExplainedObject>): Found['program'] {
  const [first] = failures;
  const program = first && objects.get(first.object)?.result.programs.find(({ name }) => name === first.program);
  return program ? { name: program.name, section: program.section } : null;
}

/** The attribute of a map that no kernel takes, with the value in the object; null for any other failure. */
function impossibleMap(
  { class: failureClass, object, reason }: ProgramFailure,
  objects: ReadonlyMap<string, ExplainedObject>,
): string | null {
  const [, name] = failureClass === 'map-create-failed' ? (/^map '([^']*)'/.exec(reason) ?? []) : [];
  const map = objects.get(object)?.bpf?.maps.find((each) => each.name === name);
  if (!map) return null;
  const ofInner = reason.includes('its inner map cannot be created') ? impossibleInnerAttribute(map) : null;
  if (ofInner !== null)
    return `No kernel creates maps of type ${map.inner?.type ?? 'unknown'}, as those in "${name}" are, like this: ${ofInner}. Set it in the definition of the inner map, or let the loader set it (maps: with inner: in the configuration).`;
  const wrong = impossibleAttribute(map);
  return (
    wrong &&
    `No kernel creates a map of type ${map.type} like this: ${wrong}. Set it in the definition, or let the loader set it (maps: in the configuration).`
  );
}

interface Variants {
  /** Types of a kernel that meets the requirement; null without one. */
  witness: KernelTypes | null;
  /** Variants of a target on failing kernels. */
  related: ReadonlySet<string>;
}

/** Finds variants of a missing target on failing kernels, and adds a hint for each such kernel. */
async function variantsOf(
  requirement: Requirement,
  having: readonly Having[],
  { failing, cache, hints }: { failing: readonly Having[]; cache: KernelCache; hints: Map<string, string[]> },
): Promise<Variants> {
  const related = new Set<string>();
  let witness: KernelTypes | null = null;
  for (const each of failing) {
    const types = await cache.typesOf(each.kernel.id);
    if (!types) continue;
    const why = requirement.what === 'struct-ops-type' ? whyWithoutType(requirement.name, each.kernel, types.config) : null;
    if (why !== null) hints.set(each.kernel.id, [why]);
    const nearest = nearestHaving(having, having.indexOf(each));
    const other = nearest && (await cache.typesOf(nearest.id));
    witness ??= other;
    if (requirement.what !== 'function' && requirement.what !== 'tracepoint') continue;
    // A kernel that has the function needs no replacement for a missing one.
    const names = each.inModules?.state === 'in-vmlinux' ? [] : relatedTargets(types, requirement, other);
    for (const name of names) related.add(name);
    if (names.length > 0) hints.set(each.kernel.id, [`variants with the same parameters on this kernel: ${names.join(', ')}`]);
  }
  return { witness, related };
}

/** How the declaration of a kfunc in the object differs from the function in a kernel, by position; or that of a kernel variable. */
async function differencesOn(
  kernel: string,
  { what, name }: Requirement,
  { declared, cache }: { declared: Btf | null; cache: KernelCache },
): Promise<Difference[]> {
  const types = (what === 'kfunc' || what === 'symbol') && declared ? await cache.typesOf(kernel) : null;
  if (!declared || !types) return [];
  if (what === 'kfunc') return kfuncDifferences(declared, name, types);
  const text = variableDifference(declared, name, types);
  return text === null ? [] : [{ text, declared: null }];
}

/** The member of a struct_ops map that a kernel lacks; null for any other failure, or if the object's file is missing. */
function memberRequirement(failure: ProgramFailure, objects: ReadonlyMap<string, ExplainedObject>): Requirement | null {
  const [, name] = /^struct_ops member (\w+) /.exec(failure.reason) ?? [];
  const map = name === undefined ? null : structOpsMap(failure, objects);
  return name === undefined || !map ? null : { what: 'struct-ops-member', name, type: map.type };
}

/** The numbers in a struct_ops map that the kernel refuses as too large; null for any other failure. */
function largeNumber(failure: ProgramFailure, objects: ReadonlyMap<string, ExplainedObject>): string | null {
  const map = failure.class === 'attach-failed' && failure.reason.includes('E2BIG') ? structOpsMap(failure, objects) : null;
  return map && tooLarge(map);
}

/** What is known about failures that concern nothing that BTF or a configuration shows. */
interface PlainFacts {
  /** The advice on failures about which the object's instructions show nothing. */
  general?: string;
  /** What kernels lack besides; see `lackingBesides`. @default nothing */
  lacking?: readonly string[];
}

/** Findings about failures that concern nothing that BTF or a configuration shows. */
export function plainFindings(
  failures: readonly ProgramFailure[],
  objects: ReadonlyMap<string, ExplainedObject>,
  { general, lacking = [] }: PlainFacts = {},
): RequirementFindings {
  const found = failures.map((failure) => ({ failure, ...verifierFindings(failure, objects) }));
  const hints = new Map<string, string[]>();
  for (const { failure, hints: own } of found) hints.set(failure.kernel, [...new Set([...(hints.get(failure.kernel) ?? []), ...own])]);
  const adviceOf = (failure: ProgramFailure) =>
    withOtherLoader(impossibleMap(failure, objects) ?? largeNumber(failure, objects) ?? adviceByReason(failure.class, failure.reason), {
      reason: failure.reason,
      object: objects.get(failure.object),
      lacking,
    });
  const advice = found.map(({ failure, advice: own }) => own ?? general ?? adviceOf(failure));
  return { presence: null, situations: plainSituations(failures, hints), snippet: null, advice: [...new Set(advice)] };
}

function adviceOnDifferences(requirement: Requirement, differences: readonly Difference[], refusing: readonly string[]): string[] {
  if (differences.length === 0) return [];
  const types = differences.flatMap(({ declared }) => declared ?? []);
  return [types.length === differences.length ? adviceOnDeclaredTypes([...new Set(types)]) : adviceOnDeclaration(requirement, refusing)];
}

function adviceOnMissing(requirement: Requirement, stage: Stage, refusing: readonly string[]): string {
  if (refusing.length > 0) return adviceOnRefusedAddress(requirement.name, [...new Set(refusing)]);
  return requirement.what === 'kfunc' && stage === 'verify' ? adviceOnWeakKfunc(requirement.name) : adviceOn(requirement);
}

/** The end of the words about a module that only a kprobe can attach to. */
const SETTING = /, with modules: \[\w+\]$/;

/** A requirement with what the object declares of it: whether it gives a kernel variable a type. */
function asDeclared(requirement: Requirement, declared: Btf | null): Requirement {
  return requirement.what === 'symbol' && declared ? { ...requirement, isTyped: isTypedVariable(declared, requirement.name) } : requirement;
}

/** A loader found several symbols of one name, and refuses even a weak one. @see kallsyms_cb() in libbpf.c */
const AMBIGUOUS = /ambiguous/;

/** Findings about the failures of one cause without a relocation. */
export async function requirementFindings(
  failures: readonly ProgramFailure[],
  subject: string,
  objects: ReadonlyMap<string, ExplainedObject>,
  cache: KernelCache,
): Promise<RequirementFindings> {
  const [first] = failures;
  const isNamed = first !== undefined && !isAboutUnreadTarget(first.reason);
  const named = isNamed ? (requirementOf(first.class, subject) ?? memberRequirement(first, objects)) : null;
  const requirement = named && asDeclared(named, objects.get(first?.object ?? '')?.bpf?.btf ?? null);
  const hints = new Map<string, string[]>();
  const ambiguous = failures.filter(({ class: failureClass, reason }) => failureClass === 'ksym-missing' && AMBIGUOUS.test(reason));
  if (!first || !requirement || ambiguous.length === failures.length)
    return plainFindings(failures, objects, { lacking: await lackingBesides(failures, objects, cache) });
  const { having, value } = await availabilityOf(requirement, cache);
  const failing = having.filter(({ kernel }) => failures.some((failure) => failure.kernel === kernel.id));
  const { witness, related } = await variantsOf(requirement, having, { failing, cache, hints });
  const said = new Set(failures.map(({ reason }) => reason));
  // A prediction has these words in its reason.
  const isSaid = (text: string) => [...said].some((reason) => reason.includes(text));
  let differing = 0;
  const allDifferences: Difference[] = [];
  for (const { kernel, inModules } of failing) {
    const text = inModules?.text ?? null;
    // A run knows which modules were loaded, so its reason names no setting.
    if (text !== null && !isSaid(text.replace(SETTING, ''))) hints.set(kernel.id, [text, ...(hints.get(kernel.id) ?? [])]);
    const differences = await differencesOn(kernel.id, requirement, { declared: objects.get(first.object)?.bpf?.btf ?? null, cache });
    allDifferences.push(...differences);
    const unsaid = differences.map(({ text: difference }) => difference).filter((each) => !isSaid(each));
    if (unsaid.length > 0) hints.set(kernel.id, [...(hints.get(kernel.id) ?? []), ...unsaid]);
    differing += differences.length > 0 ? 1 : 0;
  }
  const refusing = having.flatMap(({ kernel, refusesAddress }) => (refusesAddress ? [kernel.series ?? kernel.id] : []));
  const existsEverywhere = differing > 0 && differing === failing.length;
  const general = [
    ...adviceOnDifferences(requirement, allDifferences, refusing),
    ...(existsEverywhere ? [] : [adviceOnMissing(requirement, first.stage, refusing)]),
    ...new Set(ambiguous.map(({ reason }) => adviceByReason('ksym-missing', reason))),
  ];
  const own = await attachAdvice(requirement, failures, objects, cache);
  // "No kernel has it" is true only if no module has it.
  const isInBtf = having.every(({ inModules }) => inModules?.state !== 'in-vmlinux');
  const isCounted = having.some(({ has }) => has === true) || !having.some(({ has, inModules }) => has === null && inModules);
  return {
    presence:
      isInBtf && isCounted && having.some(({ has }) => has !== null)
        ? presenceAmong(having.map(({ kernel, has }) => ({ id: kernel.id, has })))
        : null,
    situations: plainSituations(failures, hints),
    // The snippet for a symbol serves kernels that lack it, and the one for a kfunc takes its address.
    snippet:
      (existsEverywhere && requirement.what === 'symbol') || refusing.length > 0 || ambiguous.length > 0
        ? null
        : snippetFor({ requirement, having: witness, related, value, program: programOf(failures, objects) }),
    advice: [...(own.length > 0 ? own : moduleAdvice(requirement, having, failing)), ...general],
  };
}
