// Proposed settings of an object as lines of corematrix.yaml: settings that the object needs, and all others as comments.
import { stringify } from 'yaml';
import { shortened, visible } from '../../base/visible.ts';
import type { BpfObject } from '../../bpf/object/object.ts';
import type { Proposal, ProposedEntry } from '../settings/definition.ts';
import { checkLoaderApplies } from './loader-limits.ts';
import { acceptedBy, type ProposedLoader, proposedLoader } from './proposed-loader.ts';
import { UserError } from '../../base/errors.ts';
import { type ObjectSettings, SETTING_NAMES, type SettingName, SETTINGS } from './setting-table.ts';

const MAX_LISTED = 40;
const MAX_WHY = 80;
const MAX_EVIDENCE = 120;
/** Settings that loader programs of other libraries refuse. */
const ONLY_LIBBPF: ReadonlySet<SettingName> = new Set(['kconfig']);

/** The keys of an entry that have no value yet; none for an entry that becomes a comment. */
function unfilledIn(setting: SettingName, { name, value, isOptional = false }: ProposedEntry): string[] {
  if (name === null || value === null || typeof value !== 'object' || isOptional) return [];
  return Object.entries(value).flatMap(([key, each]) => (each === null ? [`${setting}.${name}.${key}`] : []));
}

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
  /** The settings without which it does not load and whose values only its loader knows: `programs.on_unlink.attach_to`. */
  unfilled: readonly string[];
  /** The lines below its path, settings that are needed first; none without a proposal. */
  lines: readonly string[];
}

/** The loader that the evidence in an object names; every proposed loader has the evidence as a comment. */
function loaderLine({ loader, libraries, evidence }: ProposedLoader): string {
  const why = `${libraries}: ${evidence.map(({ words }) => words).join(', ')}`;
  return `    loader: ${inline(loader)} # ${shortened(visible(why), MAX_EVIDENCE)}`;
}

/** The settings of one key of a proposed entry. Null if its value is a placeholder, or if the setting has no entries by name. */
function settingsOf(name: SettingName, entry: string, value: object): ObjectSettings | null {
  if (name === 'maps') {
    const { data } = SETTINGS.maps.schema.safeParse({ [entry]: value });
    return data ? { maps: data } : null;
  }
  if (name !== 'programs') return null;
  const { data } = SETTINGS.programs.schema.safeParse({ [entry]: value });
  return data ? { programs: data } : null;
}

function canApply(loader: string, settings: ObjectSettings | null): boolean {
  try {
    if (settings) checkLoaderApplies(loader, settings, () => '', null);
    return true;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

/** A proposed entry without the keys that a loader refuses; none if nothing remains. */
function appliedBy(loader: string, name: SettingName, entry: ProposedEntry): ProposedEntry[] {
  const { name: member, value } = entry;
  if (member === null || value === null || typeof value !== 'object') return [entry];
  const all = Object.entries(value);
  const kept = all.filter(([key, each]) => canApply(loader, settingsOf(name, member, { [key]: each })));
  if (kept.length === all.length) return [entry];
  return kept.length === 0 ? [] : [{ ...entry, value: Object.fromEntries(kept) }];
}

/** A proposal without what a loader refuses. */
function withLoader(loader: string, name: SettingName, proposal: Proposal): Proposal {
  const entries = proposal.entries.flatMap((entry) => appliedBy(loader, name, entry));
  return { ...proposal, entries, isNeeded: proposal.isNeeded && entries.some(({ isOptional }) => isOptional !== true) };
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
    const made = SETTINGS[name].propose?.(accepted);
    const proposal = made && loader ? withLoader(loader.loader, name, made) : made;
    return proposal && proposal.entries.length > 0 ? [{ name, proposal }] : [];
  });
  const needed = proposed.filter(({ proposal }) => proposal.isNeeded);
  const others = proposed.filter(({ proposal }) => !proposal.isNeeded);
  const lines = [...needed, ...others].flatMap(({ name, proposal }) => settingLines(name, proposal));
  const unfilled = needed.flatMap(({ name, proposal }) => proposal.entries.flatMap((entry) => unfilledIn(name, entry)));
  return { isNeeded: loader !== null || needed.length > 0, unfilled, lines: loader ? [loaderLine(loader), ...lines] : lines };
}
