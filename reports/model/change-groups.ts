// Changes since a baseline in short: every report uses these groups.
import { CHANGES, type Comparison, type ProgramChange } from '../../harness/results/compare.ts';
import { RELOCATION_CHANGES, type RelocationChange } from '../../harness/results/compare-relocations.ts';
import { grouped, plural } from '../../harness/base/text.ts';

export interface ChangeGroup {
  /** `regression`, `value-moved`, ... */
  change: ProgramChange['change'] | RelocationChange['change'];
  /** The change in one line; '' if its name is enough. */
  what: string;
  /** Programs, `object/program`. */
  programs: string[];
  kernels: string[];
}

const WORDS = {
  regression: 'regression',
  'new-failure': 'new failure',
  'still-failing': 'still failing',
  'no-verdict': 'without a verdict now',
  fixed: 'fixed',
  'new-pass': 'new pass',
  appeared: 'appeared',
  disappeared: 'disappeared',
  lost: 'relocation lost its target',
  'guard-flipped': 'guard flipped',
  'value-moved': 'value moved',
  found: 'relocation found its target',
} as const satisfies Record<ChangeGroup['change'], string>;

/** A change in words: `new failure`. */
export function changeWord(change: ChangeGroup['change']): string {
  return WORDS[change];
}

function group<Item extends { object: string; kernel: string }>(
  items: readonly Item[],
  facts: (item: Item) => { change: ChangeGroup['change']; what: string; program: string },
): ChangeGroup[] {
  const groups = grouped(items, (item) => JSON.stringify([facts(item).change, facts(item).what]));
  return [...groups.values()].flatMap((members) => {
    const [first] = members;
    if (!first) return [];
    const { change, what } = facts(first);
    const programs = [...new Set(members.map((member) => `${member.object}/${facts(member).program}`))];
    return [{ change, what, programs, kernels: [...new Set(members.map(({ kernel }) => kernel))] }];
  });
}

/** The groups of a comparison that need attention, the most serious first. Passes are only counted. */
export function changeGroups({ programs, relocations }: Comparison): ChangeGroup[] {
  const serious = programs.filter(({ change }) => change !== 'new-pass' && change !== 'appeared');
  const ofPrograms = group(serious, ({ change, reason, program }) => ({ change, what: reason ?? '', program: program ?? '(as a whole)' }));
  const ofRelocations = group(relocations, ({ change, access, kind, before, after, program }) => ({
    change,
    what: `${access} (${kind}): ${before} → ${after}`,
    program,
  }));
  const order: readonly string[] = [...CHANGES, ...RELOCATION_CHANGES];
  return [...ofPrograms, ...ofRelocations].toSorted((a, b) => order.indexOf(a.change) - order.indexOf(b.change));
}

/** Why a gate lets a run pass or not: `gate regressions: 0 regressions; not counted: 12 known failures`. Empty without a gate. */
function gateWords({ programs, gate = 'failures' }: Comparison): string[] {
  if (gate === 'failures') return [];
  const count = (wanted: ProgramChange['change']) => programs.filter(({ change }) => change === wanted).length;
  const [regressions, fresh, known] = [count('regression'), count('new-failure'), count('still-failing')];
  const isCounted = gate === 'regressions+new';
  const counted = [plural(regressions, 'regression'), ...(isCounted ? [plural(fresh, 'new failure')] : [])];
  const excused = [
    ...(known > 0 ? [plural(known, 'known failure')] : []),
    ...(!isCounted && fresh > 0 ? [plural(fresh, 'new failure')] : []),
  ];
  const ending = excused.length === 0 ? [] : [`not counted: ${excused.join(', ')}`];
  return [`gate ${gate}: ${counted.join(' and ')}`, ...ending];
}

/** `1 regression, 2 fixed, 3 relocations changed`, or a text for no change; then what the gate makes of it. */
export function changeCounts(comparison: Comparison): string {
  const { programs, relocations } = comparison;
  const counts = CHANGES.flatMap((change) => {
    const count = programs.filter((one) => one.change === change).length;
    if (count === 0) return [];
    const countable = change === 'regression' || change === 'new-failure';
    return [countable ? plural(count, WORDS[change]) : `${count} ${WORDS[change]}`];
  });
  if (relocations.length > 0) counts.push(`${plural(relocations.length, 'relocation')} changed`);
  const changes = counts.length === 0 ? 'nothing changed' : counts.join(', ');
  return [changes, ...gateWords(comparison)].join('; ');
}
