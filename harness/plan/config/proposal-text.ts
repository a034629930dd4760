// Proposed settings of an object as lines of corematrix.yaml: what is certain to be needed stands there, the rest in comments.
import { stringify } from 'yaml';
import { shortened, visible } from '../../base/visible.ts';
import type { Proposal, Proposed } from './propose.ts';

const MAX_LISTED = 40;
const MAX_WHY = 80;

/** A value as YAML writes it on one line. */
export function inline(value: unknown): string {
  return stringify(value, { lineWidth: 0, defaultStringType: 'PLAIN', collectionStyle: 'flow', flowCollectionPadding: false }).trim();
}

function line<T>(indent: string, { name, value, why }: Proposed<T>): string {
  return `${indent}${inline(name)}: ${value === null ? '' : inline(value)} # ${shortened(visible(why), MAX_WHY)}`.replace(':  #', ': #');
}

/** A key with lines below it; none where there is nothing to say. */
function below<T>(key: string, indent: string, all: readonly Proposed<T>[]): string[] {
  if (all.length === 0) return [];
  const more = all.length > MAX_LISTED ? [`    # and ${all.length - MAX_LISTED} more`] : [];
  return [`${indent}${key}:`, ...all.slice(0, MAX_LISTED).map((each) => line(`${indent}  `, each)), ...more];
}

/** Whether an object needs settings to be loaded as its loader does. */
export function isNeeded({ maps, alternatives }: Proposal): boolean {
  return maps.length > 0 || alternatives.length > 0;
}

/** Whether there is anything to say. */
export function isEmpty({ programs, variables, kconfig, ...rest }: Proposal): boolean {
  return !isNeeded({ programs, variables, kconfig, ...rest }) && programs.length + variables.length + kconfig.length === 0;
}

/** The entry of an object, to stand below `objects:`. */
export function proposalLines(path: string, { maps, alternatives, programs, variables, kconfig }: Proposal): string[] {
  return [
    `  - path: ${inline(path)}`,
    ...below('maps', '    ', maps),
    ...(alternatives.length > 0 ? ['    alternatives: # the first that loads'] : []),
    ...alternatives.map((names) => `      - ${inline(names)}`),
    ...below('programs', '    # ', programs),
    ...below('variables', '    # ', variables),
    ...below('kconfig', '    # ', kconfig),
  ];
}
