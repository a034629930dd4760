// Findings about a root cause with a relocation: which kernels have the field, what the others have instead, and code for all of them.
import { essentialName } from '../bpf/btf/essential-name.ts';
import type { KernelTypes } from '../core-relo/candidates.ts';
import { presenceAmong } from '../results/presence-among.ts';
import type { CoreSpec } from '../bpf/core-spec/spec.ts';
import { nameOf } from '../bpf/btf/btf.ts';
import { enumeratorOf, resolveType } from '../bpf/btf/types.ts';
import type { Neighbours } from './absence.ts';
import { accessOfSpec, accessText } from './access.ts';
import type { CausePresence, CauseSituation } from '../results/explanation.ts';
import type { KernelCache } from './kernel-cache.ts';
import { stepsOf } from './path.ts';
import { type Presence, presenceOf } from './presence.ts';
import { distinguishing, type Situation, situationOf, specThere } from './situation.ts';
import { type Reading, readSnippet, sizeSnippet } from './snippet.ts';
import { enumSnippet } from './snippet-guard.ts';

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

interface Failing {
  kernel: OnKernel;
  types: KernelTypes;
  situation: Situation;
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

/** The nearest older and newer kernels that have the access. */
function neighboursOf(all: readonly OnKernel[], { at }: OnKernel, names: ReadonlyMap<string, string>): Neighbours {
  const having = all.filter(({ presence }) => isThere(presence) === true);
  const name = (kernel: OnKernel | undefined) => (kernel ? (names.get(kernel.id) ?? kernel.id) : null);
  return { before: name(having.findLast((each) => each.at < at)), after: name(having.find((each) => each.at > at)) };
}

/** Log lines that prove the failure on one kernel. */
type Evidence = Pick<CauseSituation, 'evidence' | 'log'>;

/** An access that fails on some kernels. */
export interface FailingAccess {
  local: CoreSpec;
  /** Keyed by the id of each kernel on which it fails. */
  evidence: ReadonlyMap<string, Evidence>;
  cache: KernelCache;
  /** Short names of kernels. */
  names: ReadonlyMap<string, string>;
}

async function failingOn({ local, evidence, cache, names }: FailingAccess, all: readonly OnKernel[]): Promise<Failing[]> {
  const failing: Failing[] = [];
  for (const kernel of all) {
    const types = kernel.presence && evidence.has(kernel.id) ? await cache.typesOf(kernel.id) : null;
    if (!types || !kernel.presence) continue;
    const witness = nearest(all, kernel);
    const elsewhere = witness && witness !== kernel ? await cache.typesOf(witness.id) : null;
    const situation = situationOf(local, {
      kernel: types,
      presence: kernel.presence,
      elsewhere: elsewhere && specThere(local, elsewhere),
      neighbours: neighboursOf(all, kernel, names),
    });
    failing.push({ kernel, types, situation });
  }
  return failing;
}

function grouped(failing: readonly Failing[], evidence: ReadonlyMap<string, Evidence>): CauseSituation[] {
  const groups = new Map<string, CauseSituation>();
  for (const { kernel, situation } of failing) {
    const { summary, hints } = situation;
    const alternatives = situation.alternatives.map(({ relation, paths, type, certainty }) => ({ relation, paths, type, certainty }));
    // Only the best alternative counts, because the others differ from kernel to kernel.
    const key = JSON.stringify([summary, alternatives[0], hints]);
    const { evidence: lines, log } = evidence.get(kernel.id) ?? { evidence: [], log: null };
    const group: CauseSituation = groups.get(key) ?? { kernels: [], summary, alternatives, hints, evidence: lines, log };
    group.kernels.push(kernel.id);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** The best alternatives of all kernels, those of the newest kernel first, and the compiled access at the end. */
function readingsOf({ local, names }: FailingAccess, failing: readonly Failing[], lastWith: string | null): Reading[] {
  const found = new Map<string, Reading>();
  for (const { kernel, types, situation } of failing) {
    const [best] = situation.alternatives;
    if (!best || situation.root === null) continue;
    const key = JSON.stringify([best.paths, best.type]);
    const known = found.get(key);
    const flavor = known?.flavor ?? flavorOf(names.get(kernel.id) ?? kernel.id);
    // Moves a known alternative to the end, so that alternatives are ordered by the newest kernel that needs them.
    found.delete(key);
    found.set(key, known ?? { btf: types.vmlinux.btf, root: situation.root, paths: best.paths, flavor });
  }
  const flavor = lastWith === null ? 'wanted' : flavorOf(names.get(lastWith) ?? lastWith);
  const anyWidth = failing.some(
    ({ kernel, situation }) => kernel.presence?.state === 'present' && situation.class === 'core-field-incompatible',
  );
  return [...[...found.values()].toReversed(), { btf: local.btf, root: local.rootId, paths: [stepsOf(local)], flavor, anyWidth }];
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

function suggestion(question: FailingAccess, failing: readonly Failing[], lastWith: string | null) {
  const { local } = question;
  const access = accessOfSpec(local);
  if (access.what === 'enumerator') {
    const enumerator = enumeratorOf(local.btf, resolveType(local.btf, local.rootId), local.raw[0] ?? 0);
    const snippet = enumSnippet(essentialName(nameOf(local.btf, local.rootId)), access.enumerator ?? '', enumerator?.value ?? 0n);
    return { snippet, advice: [] };
  }
  const ambiguous = failing.find(({ kernel }) => kernel.presence?.state === 'ambiguous');
  if (ambiguous) return distinguishingSnippet(local, ambiguous.kernel.presence, accessText(access));
  const snippet = access.what === 'field' ? readSnippet(accessText(access), readingsOf(question, failing, lastWith)) : null;
  const nowhere = lastWith === null ? ['None of these kernels has it. Check the name, or look in newer kernels and in modules.'] : [];
  const unsure = failing.some(({ situation }) => situation.alternatives[0]?.certainty === 'possible');
  return {
    snippet,
    advice:
      unsure && snippet !== null
        ? ['Check that the alternative means the same. Its place in the type does not prove it.', ...nowhere]
        : nowhere,
  };
}

/** Findings from BTF about an access that some kernels lack. */
export async function fieldFindings(question: FailingAccess): Promise<FieldFindings> {
  const { local, evidence, cache } = question;
  const all: OnKernel[] = [];
  for (const [at, { id }] of cache.kernels.entries()) {
    const types = await cache.typesOf(id);
    all.push({ id, at, presence: types && presenceOf(local, types) });
  }
  const presence = presenceAmong(all.map((each) => ({ id: each.id, has: isThere(each.presence) })));
  const failing = await failingOn(question, all);
  return { presence, situations: grouped(failing, evidence), ...suggestion(question, failing, presence.last) };
}
