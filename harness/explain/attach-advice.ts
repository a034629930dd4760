// Advice from the object itself on a missing attach target: a sibling program has another target, or the name is a placeholder.
import { attachTargetOf, nameInBtf } from '../bpf/object/attach-point.ts';
import type { ExplainedObject, ProgramFailure } from './failures.ts';
import type { KernelCache } from './kernel-cache.ts';
import { wordsOf } from './related-names.ts';
import { meetsRequirement, type Requirement, TARGETS, targetOf } from './requirement.ts';

/** Names that tools use where their loader sets the target. */
const PLACEHOLDER = /^(?:dummy|placeholder|fake)_/;

/** The number of words that names of related targets share: `account_page_dirtied` and `folio_account_dirtied`. */
const SHARED_WORDS = 2;

function sharedWords(a: string, b: string): number {
  const words = new Set(wordsOf(targetOf(a)));
  return wordsOf(targetOf(b)).filter((word) => words.has(word)).length;
}

interface Sibling {
  program: string;
  requirement: Requirement;
}

/** Programs of the same object that attach to a related target. */
function siblingsOf({ name }: Requirement, failure: ProgramFailure, objects: ReadonlyMap<string, ExplainedObject>): Sibling[] {
  return (objects.get(failure.object)?.result.programs ?? []).flatMap((program) => {
    const target = attachTargetOf(program.section);
    if (!target || program.name === failure.program) return [];
    const own = nameInBtf(target);
    const what = target.symbol === TARGETS.tracepoint.start ? 'tracepoint' : 'function';
    return own !== name && sharedWords(own, name) >= SHARED_WORDS ? [{ program: program.name, requirement: { what, name: own } }] : [];
  });
}

/** Whether some kernel has one target without the other. Names alone do not show that one took the place of the other. */
async function isReplaced(target: Requirement, by: Requirement, cache: KernelCache): Promise<boolean> {
  for (const { id } of cache.kernels) {
    const types = await cache.typesOf(id);
    if (types && meetsRequirement(types, target) === true && meetsRequirement(types, by) !== true) return true;
  }
  return false;
}

/**
 * Finds advice on a missing function or tracepoint in the object. A sibling program is named only if every failing kernel has its target, and
 * a kernel that has the missing target lacks it.
 * @param failures failures of one cause
 */
export async function attachAdvice(
  requirement: Requirement,
  failures: readonly ProgramFailure[],
  objects: ReadonlyMap<string, ExplainedObject>,
  cache: KernelCache,
): Promise<string[]> {
  const [first] = failures;
  if (!first || (requirement.what !== 'function' && requirement.what !== 'tracepoint')) return [];
  if (PLACEHOLDER.test(requirement.name)) {
    return [`${requirement.name} is a placeholder: the loader sets the target. Name the target with attach_to: in the configuration.`];
  }
  const kernels = [...new Set(failures.map(({ kernel }) => kernel))];
  const types = await Promise.all(kernels.map(async (kernel) => cache.typesOf(kernel)));
  const related = siblingsOf(requirement, first, objects);
  const replaced = await Promise.all(related.map(async (sibling) => isReplaced(requirement, sibling.requirement, cache)));
  const siblings = related.filter((_, index) => replaced[index]);
  const symbols = siblings.length > 0 ? await Promise.all(types.map(async (each) => each?.readSymbols?.())) : [];
  return siblings
    .filter((sibling) => types.every((each) => each !== null && meetsRequirement(each, sibling.requirement) === true))
    .filter(
      ({ requirement: { what, name } }) => what !== 'function' || symbols.every((each) => (each?.find(name).kind ?? 'found') === 'found'),
    )
    .map(({ program, requirement: { name } }) => {
      return `Program ${program} of this object attaches to ${name}, which these kernels have. Load one of the two (alternatives: in the configuration).`;
    });
}
