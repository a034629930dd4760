// Proposed settings of an object as lines of corematrix.yaml: settings that the object needs, and all others as comments.
import { stringify } from 'yaml';
import { shortened, visible } from '../../base/visible.ts';
import type { BpfObject } from '../../bpf/object/object.ts';
import type { Proposal, ProposedEntry } from '../settings/definition.ts';
import { acceptedBy, type ProposedLoader, proposedLoader } from './proposed-loader.ts';
import { SETTING_NAMES, type SettingName, SETTINGS } from './setting-table.ts';

const MAX_LISTED = 40;
const MAX_WHY = 80;
const MAX_EVIDENCE = 120;
/** Settings that loader programs of other libraries refuse. */
const ONLY_LIBBPF: ReadonlySet<SettingName> = new Set(['alternatives', 'kconfig']);

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

/** The loader that the evidence in an object names; every proposed loader has the evidence as a comment. */
function loaderLine({ loader, libraries, evidence }: ProposedLoader): string {
  const why = `${libraries}: ${evidence.map(({ words }) => words).join(', ')}`;
  return `    loader: ${inline(loader)} # ${shortened(visible(why), MAX_EVIDENCE)}`;
}

/**
 * The settings to propose for an object, as far as its file shows them.
 * @param file the path of the object
 */
export function proposalFor(object: BpfObject, file: string): ObjectProposal {
  const loader = proposedLoader(object, file);
  const accepted = loader ? acceptedBy(loader.library, object) : object;
  const names = loader ? SETTING_NAMES.filter((name) => !ONLY_LIBBPF.has(name)) : SETTING_NAMES;
  const proposed = names.flatMap((name) => {
    const proposal = SETTINGS[name].propose?.(accepted);
    return proposal && proposal.entries.length > 0 ? [{ name, proposal }] : [];
  });
  const needed = proposed.filter(({ proposal }) => proposal.isNeeded);
  const others = proposed.filter(({ proposal }) => !proposal.isNeeded);
  const lines = [...needed, ...others].flatMap(({ name, proposal }) => settingLines(name, proposal));
  return { isNeeded: loader !== null || needed.length > 0, lines: loader ? [loaderLine(loader), ...lines] : lines };
}
