// Findings about a root cause with a relocation: which kernels have the field, what the others have instead, and code for all of them.
import { essentialName } from '../bpf/btf/essential-name.ts';
import { presenceAmong } from '../results/presence-among.ts';
import type { CoreSpec } from '../bpf/core-spec/spec.ts';
import { nameOf } from '../bpf/btf/btf.ts';
import { enumeratorOf, resolveType } from '../bpf/btf/types.ts';
import type { Neighbours } from './absence.ts';
import { accessOfSpec, accessText } from './access.ts';
import type { CausePresence, CauseSituation } from '../results/explanation.ts';
import type { FieldUse } from './field-use.ts';
import type { KernelCache } from './kernel-cache.ts';
import { stepsOf } from './path.ts';
import { hasOtherType, type Presence, presenceOf } from './presence.ts';
import { distinguishing, type Situation, situationOf, specThere } from './situation.ts';
import { type Replacement, replacementHint, replacementOf, wantedValue } from './replacement.ts';
import { existsName, type Reading, readSnippet, sizeSnippet } from './snippet.ts';
import { enumSnippet } from './snippet-guard.ts';
import { type Value, valueAt, valueOf } from './value.ts';

export interface FieldFindings {
  presence: CausePresence;
  situations: CauseSituation[];
  snippet: string | null;
  advice: string[];
}

interface OnKernel {
  id: string;
  at: number;
  presence: Presence | null;
}

/** A kernel that lacks the access, or on which the access fails although the kernel has it. */
interface Lacking {
  kernel: OnKernel;
  situation: Situation;
  replacement: Replacement;
}

function isThere(presence: Presence | null): boolean | null {
  return presence && (presence.state === 'present' || presence.state === 'ambiguous');
}

/** Makes a flavor from the name of a kernel, such as `v6_12`. It contains no `___`. */
function flavorOf(name: string): string {
  return `v${name.replaceAll(/[^A-Za-z0-9]+/g, '_').replaceAll(/^_+|_+$/g, '')}`.slice(0, 40);
}

function nearest(all: readonly OnKernel[], { at }: OnKernel): OnKernel | undefined {
  const having = all.filter(({ presence }) => presence?.state === 'present');
  return having.toSorted((a, b) => Math.abs(a.at - at) - Math.abs(b.at - at))[0];
}

/** The nearest older and newer kernels that have the type, with or without the field. */
function neighboursOf(all: readonly OnKernel[], { at }: OnKernel, names: ReadonlyMap<string, string>): Neighbours {
  const having = all.filter(({ presence }) => presence !== null && presence.state !== 'type-absent');
  const name = (kernel: OnKernel | undefined) => (kernel ? (names.get(kernel.id) ?? kernel.id) : null);
  return { before: name(having.findLast((each) => each.at < at)), after: name(having.find((each) => each.at > at)) };
}

/** Log lines that prove the failure on one kernel. */
type Evidence = Pick<CauseSituation, 'evidence' | 'log'>;

/** An access that fails on some kernels. */
export interface FailingAccess {
  local: CoreSpec;
  use: FieldUse;
  /** Keyed by the id of each kernel on which it fails. */
  evidence: ReadonlyMap<string, Evidence>;
  cache: KernelCache;
  /** Short names of kernels. */
  names: ReadonlyMap<string, string>;
}

async function lackingOn({ local, use, evidence, cache, names }: FailingAccess, all: readonly OnKernel[]): Promise<Lacking[]> {
  const lacking: Lacking[] = [];
  for (const kernel of all) {
    const failsHere = evidence.has(kernel.id);
    if (!kernel.presence || (!failsHere && isThere(kernel.presence) === true)) continue;
    const types = await cache.typesOf(kernel.id);
    if (!types) continue;
    const witness = nearest(all, kernel);
    const elsewhere = witness && witness !== kernel ? await cache.typesOf(witness.id) : null;
    const spec = elsewhere && specThere(local, elsewhere);
    const situation = situationOf(local, {
      kernel: types,
      presence: kernel.presence,
      elsewhere: spec,
      neighbours: neighboursOf(all, kernel, names),
    });
    lacking.push({ kernel, situation, replacement: replacementOf(local, wantedValue(local, spec, use), situation, use) });
  }
  return lacking;
}

function grouped(lacking: readonly Lacking[], evidence: ReadonlyMap<string, Evidence>): CauseSituation[] {
  const groups = new Map<string, CauseSituation>();
  for (const { kernel, situation, replacement } of lacking) {
    if (!evidence.has(kernel.id)) continue;
    const { summary } = situation;
    const hints = [replacementHint(replacement) ?? [], situation.hints].flat();
    const contradicted = replacement.state === 'other-meaning' ? replacement.alternative : null;
    const alternatives = situation.alternatives.map((each) => {
      const { relation, paths, type } = each;
      return { relation, paths, type, certainty: each === contradicted ? ('possible' as const) : each.certainty };
    });
    // Only the best alternative counts, because the others differ from kernel to kernel.
    const key = JSON.stringify([summary, alternatives[0], hints]);
    const { evidence: lines, log } = evidence.get(kernel.id) ?? { evidence: [], log: null };
    const group: CauseSituation = groups.get(key) ?? { kernels: [], summary, alternatives, hints, evidence: lines, log };
    group.kernels.push(kernel.id);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** What is known about an access on all kernels. */
interface Surveyed {
  all: readonly OnKernel[];
  lacking: readonly Lacking[];
  /** The last kernel that has the access. */
  lastWith: string | null;
}

/** True for two numbers of different sizes: a program that reads one as the other reads too many bytes or too few. */
function haveOtherWidths(a: Value | null, b: Value | null): boolean {
  return a?.kind === 'number' && b?.kind === 'number' && !a.bitfield && !b.bitfield && a.bits !== b.bits;
}

/** True if another reading has the same path and another size, because the first of the two is then read for both. */
function isOfOtherWidth(reading: Reading, others: readonly Reading[]): boolean {
  const path = JSON.stringify(reading.paths);
  const value = ({ btf, root, paths }: Reading) => valueAt(btf, root, paths);
  return (
    reading.use !== 'address' &&
    others.some((other) => JSON.stringify(other.paths) === path && haveOtherWidths(value(reading), value(other)))
  );
}

/** The access itself if a kernel has it, then the replacements with the same value, those of the newest kernel first. */
function readingsOf({ local, use, names }: FailingAccess, { lacking, lastWith, all }: Surveyed): Reading[] {
  const found = new Map<string, Reading>();
  for (const { kernel, situation, replacement } of lacking) {
    if (replacement.state !== 'same-value' || !situation.root) continue;
    const { alternative, as } = replacement;
    const key = JSON.stringify([alternative.paths, alternative.type, as]);
    const known = found.get(key);
    const flavor = known?.flavor ?? flavorOf(names.get(kernel.id) ?? kernel.id);
    // Moves a known alternative to the end, so that alternatives are ordered by the newest kernel that needs them.
    found.delete(key);
    found.set(key, known ?? { btf: situation.root.btf, root: situation.root.id, paths: alternative.paths, flavor, as, use });
  }
  const replacements = [...found.values()]
    .toReversed()
    .map((reading, _, others) => ({ ...reading, anyWidth: isOfOtherWidth(reading, others) }));
  if (lastWith === null) return replacements;
  const anyWidth =
    use === 'value' &&
    (lacking.some(({ kernel, situation }) => kernel.presence?.state === 'present' && situation.class === 'core-field-incompatible') ||
      all.some(({ presence }) => presence?.state === 'present' && haveOtherWidths(valueOf(local), valueOf(presence.spec))));
  const flavor = flavorOf(names.get(lastWith) ?? lastWith);
  return [{ btf: local.btf, root: local.rootId, paths: [stepsOf(local)], flavor, anyWidth, use }, ...replacements];
}

/** True if each kernel with a replacement reads this one, because no reading before it is also there. */
function eachReadsItsOwn(lacking: readonly Lacking[], readings: readonly Reading[]): boolean {
  return lacking.every(({ situation: { root }, replacement }) => {
    if (replacement.state === 'none' || !root) return true;
    const taken = readings.find(({ paths, btf, root: from }) => {
      const [own, here] = [valueAt(btf, from, paths), valueAt(root.btf, root.id, paths)];
      return own !== null && here !== null && own.kind === here.kind;
    });
    if (replacement.state === 'other-meaning') return taken === undefined;
    const { alternative, as } = replacement;
    return JSON.stringify([taken?.paths, taken?.as ?? null]) === JSON.stringify([alternative.paths, as]);
  });
}

/** Snippets for several types with one name. Each first checks a member that only one type has, which selects this type. */
function distinguishingSnippet(
  local: CoreSpec,
  presence: Presence | null | undefined,
  what: string,
): { snippet: string | null; advice: string[] } {
  if (presence?.state !== 'ambiguous') return { snippet: null, advice: [] };
  const { specs } = presence;
  const snippets = specs.flatMap(({ btf, rootId }, at) => {
    const [only] = distinguishing(specs, at);
    if (only === undefined) return [];
    if (local.kind === 'type_size') return sizeSnippet(what.replace(/^\w+ /, ''), btf, rootId, only) ?? [];
    const reading: Reading = { btf, root: rootId, paths: [stepsOf(local)], flavor: `with_${only}`, only };
    return readSnippet(`${what}_with_${only}`, [reading]) ?? [];
  });
  const advice =
    snippets.length > 0 ? ['Use the snippet of the type that you mean. Its first check tests a member that only this type has.'] : [];
  return { snippet: snippets.length > 0 ? snippets.join('\n\n') : null, advice };
}

interface Suggestion {
  snippet: string | null;
  advice: string[];
}

const NOWHERE = 'None of these kernels has it. Check the name, or look in newer kernels and in modules.';

const OTHER_TYPE =
  'These kernels have the field only with another type. Declare it with that type in a flavor (struct NAME___flavor), and read it where bpf_core_field_exists() is true.';

/** Advice on an access that no kernel has. */
function nowhere(all: readonly OnKernel[]): string {
  return all.some(({ presence }) => hasOtherType(presence)) ? OTHER_TYPE : NOWHERE;
}

const NOT_A_READ =
  'The program asks for the size or the place of the field, not for its value. Ask only where bpf_core_field_exists() is true.';

/** Code that reads the value on each kernel that certainly has it, and a check for the other kernels. */
function valueSuggestion(question: FailingAccess, surveyed: Surveyed): Suggestion {
  const { local, names } = question;
  const { lacking } = surveyed;
  const readings = readingsOf(question, surveyed);
  if (readings.length === 0) return { snippet: null, advice: [nowhere(surveyed.all)] };
  if (!eachReadsItsOwn(lacking, readings))
    return { snippet: null, advice: ['No code reads the same value on all these kernels: forms with another meaning have the same name.'] };
  const text = accessText(accessOfSpec(local));
  const snippet = readSnippet(text, readings);
  if (snippet === null) return { snippet, advice: ['No code that works on all these kernels can be suggested for this access.'] };
  const without = lacking.filter(({ kernel, replacement }) => kernel.presence?.state !== 'present' && replacement.state !== 'same-value');
  if (without.length === 0) return { snippet, advice: [] };
  const list = without.map(({ kernel: { id } }) => names.get(id) ?? id).join(', ');
  return { snippet, advice: [`Nothing reads the same value on ${list}. Check ${existsName(text)}() first, which is 0 there.`] };
}

function suggestion(question: FailingAccess, surveyed: Surveyed): Suggestion {
  const { local } = question;
  const { lacking, lastWith } = surveyed;
  const access = accessOfSpec(local);
  if (access.what === 'enumerator') {
    const enumerator = enumeratorOf(local.btf, resolveType(local.btf, local.rootId), local.raw[0] ?? 0);
    const snippet = enumSnippet(essentialName(nameOf(local.btf, local.rootId)), access.enumerator ?? '', enumerator?.value ?? 0n);
    return { snippet, advice: [] };
  }
  const ambiguous = lacking.find(({ kernel }) => kernel.presence?.state === 'ambiguous');
  if (ambiguous) return distinguishingSnippet(local, ambiguous.kernel.presence, accessText(access));
  if (access.what === 'field' && local.kind !== 'byte_off') return { snippet: null, advice: [NOT_A_READ] };
  if (access.what === 'field') return valueSuggestion(question, surveyed);
  return { snippet: null, advice: lastWith === null ? [NOWHERE] : [] };
}

/** Findings from BTF about an access that some kernels lack. */
export async function fieldFindings(question: FailingAccess): Promise<FieldFindings> {
  const { local, evidence, cache } = question;
  const all: OnKernel[] = [];
  for (const [at, { id }] of cache.kernels.entries()) {
    const types = await cache.typesOf(id);
    all.push({ id, at, presence: types && presenceOf(local, types) });
  }
  const presence = presenceAmong(all.map((each) => ({ id: each.id, has: isThere(each.presence), otherType: hasOtherType(each.presence) })));
  const lacking = await lackingOn(question, all);
  return { presence, situations: grouped(lacking, evidence), ...suggestion(question, { all, lacking, lastWith: presence.last }) };
}
