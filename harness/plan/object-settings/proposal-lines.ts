// Proposed settings of an object as lines of corematrix.yaml: settings that the object needs, and all others as comments.
import { stringify } from 'yaml';
import { shortened, visible } from '../../base/visible.ts';
import type { BpfObject } from '../../bpf/object/object.ts';
import type { Proposal, ProposedEntry } from '../settings/definition.ts';
import { SETTING_NAMES, type SettingName, SETTINGS } from './setting-table.ts';

const MAX_LISTED = 40;
const MAX_WHY = 80;

/** A value as YAML writes it on one line. */
export function inline(value: unknown): string {
  return stringify(value, { lineWidth: 0, defaultStringType: 'PLAIN', collectionStyle: 'flow', flowCollectionPadding: false }).trim();
}

function entryLine(indent: string, { name, value, why }: ProposedEntry): string {
  const key = name === null ? '-' : `${inline(name)}:`;
  const text = value === null ? '' : ` ${inline(value)}`;
  const comment = why === undefined ? '' : ` # ${shortened(visible(why), MAX_WHY)}`;
  return `${indent}${key}${text}${comment}`;
}

const neededFirst = (a: ProposedEntry, b: ProposedEntry) => Number(a.isOptional === true) - Number(b.isOptional === true);

function settingLines(name: SettingName, { isNeeded, remark, entries }: Proposal): string[] {
  const indent = isNeeded ? '    ' : '    # ';
  const indentOf = ({ isOptional = false }: ProposedEntry) => (isNeeded && isOptional ? `${indent}  # ` : `${indent}  `);
  // The object does not load without the settings that it needs.
  const shown = isNeeded ? entries.toSorted(neededFirst) : entries.slice(0, MAX_LISTED);
  const more = entries.length > shown.length ? [`    # and ${entries.length - shown.length} more`] : [];
  return [
    `${indent}${name}:${remark === undefined ? '' : ` # ${remark}`}`,
    ...shown.map((entry) => entryLine(indentOf(entry), entry)),
    ...more,
  ];
}

/** The proposed settings of an object. */
export interface ObjectProposal {
  /** Whether the object needs settings to load. */
  isNeeded: boolean;
  /** The lines below its path, settings that are needed first; none without a proposal. */
  lines: readonly string[];
}

/** The settings to propose for an object, as far as its file shows them. */
export function proposalFor(object: BpfObject): ObjectProposal {
  const proposed = SETTING_NAMES.flatMap((name) => {
    const proposal = SETTINGS[name].propose?.(object);
    return proposal && proposal.entries.length > 0 ? [{ name, proposal }] : [];
  });
  const needed = proposed.filter(({ proposal }) => proposal.isNeeded);
  const others = proposed.filter(({ proposal }) => !proposal.isNeeded);
  return { isNeeded: needed.length > 0, lines: [...needed, ...others].flatMap(({ name, proposal }) => settingLines(name, proposal)) };
}
