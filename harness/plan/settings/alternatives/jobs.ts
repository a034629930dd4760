// Finds programs that do one job on different kernels, and jobs that tools leave out where the kernel has no place for them.
import type { BpfObject } from '../../../bpf/object/object.ts';
import { type AttachPlace, attachPlaceOf, comparePreference } from './attach-place.ts';
import { type ProgramCode, programCodes } from './same-code.ts';
import { commonName, familyOf, generalNames, isPlaceholder } from './target-names.ts';

interface Placed extends AttachPlace {
  program: string;
  code: ProgramCode;
}

/** Why a job may be left out where the kernel has no target for it, and the target or the program that shows this. */
export type Optional =
  | { why: 'placeholder'; target: string }
  | { why: 'system call'; program: string }
  | { why: 'special form'; program: string }
  | { why: 'renamed family'; program: string };

export interface Job {
  /** Names of the programs, the preferred first. Each kernel needs one of them. */
  programs: readonly string[];
  /** Null if a kernel without a target for it fails the load. */
  optional: Optional | null;
}

function addTo(groups: Map<string, Placed[]>, key: string, placed: Placed): void {
  const own = groups.get(key);
  if (own) own.push(placed);
  else groups.set(key, [placed]);
}

function usesMapsOf(a: Placed, b: Placed): boolean {
  const [fewer, more] = a.code.maps.size <= b.code.maps.size ? [a.code.maps, b.code.maps] : [b.code.maps, a.code.maps];
  return [...fewer].every((map) => more.has(map));
}

/** Whether two programs are for one job: one place that is reached in two ways, or two names of one target, and the same maps. */
function isSameJob(a: Placed, b: Placed): boolean {
  if (a.name !== b.name) return usesMapsOf(a, b);
  // A program that uses no map does something else than one that does.
  return a.way !== b.way && (a.code.maps.size === 0) === (b.code.maps.size === 0) && usesMapsOf(a, b);
}

function placedPrograms(object: BpfObject): Placed[] {
  const codes = programCodes(object);
  return object.programs.flatMap(({ name, section }) => {
    const place = attachPlaceOf(section);
    const code = codes.get(name);
    return place && code ? [{ ...place, program: name, code }] : [];
  });
}

/** The programs of each job. Two programs at one place in one way are both wanted, so that they are no alternatives. */
function groupsOf(placed: readonly Placed[]): Placed[][] {
  const groups = new Map<string, Placed[]>();
  for (const each of placed) {
    addTo(groups, `${each.returns} ${commonName(each.name)}`, each);
  }
  return [...groups.values()].flatMap((members) => {
    const places = new Set(members.map(({ way, name }) => `${way} ${name}`));
    const isOneJob = places.size === members.length && members.every((each, at) => at === 0 || isSameJob(members[0] ?? each, each));
    return isOneJob ? [members.toSorted(comparePreference)] : members.map((each) => [each]);
  });
}

/** The programs of other jobs, by what relates them to a job. */
interface Relatives {
  byForm: ReadonlyMap<string, readonly Placed[]>;
  byName: ReadonlyMap<string, readonly Placed[]>;
  /** Programs of jobs whose target has several names, by the family of the target. */
  renamed: ReadonlyMap<string, readonly Placed[]>;
}

function relativesIn(groups: readonly (readonly Placed[])[]): Relatives {
  const byForm = new Map<string, Placed[]>();
  const byName = new Map<string, Placed[]>();
  const renamed = new Map<string, Placed[]>();
  for (const each of groups.flat()) {
    if (each.code.form !== null) addTo(byForm, each.code.form, each);
    addTo(byName, each.name, each);
  }
  for (const group of groups.filter((members) => new Set(members.map(({ name }) => name)).size > 1))
    for (const each of group) addTo(renamed, familyOf(each.name) ?? each.name, each);
  return { byForm, byName, renamed };
}

function optionalOf(group: readonly Placed[], { byForm, byName, renamed }: Relatives): Job['optional'] {
  const own = new Set(group.map(({ program }) => program));
  for (const each of group) {
    if (isPlaceholder(each.name)) return { why: 'placeholder', target: each.name };
    const isUnrelated = (other: Placed) => !own.has(other.program);
    const isOther = (other: Placed) => isUnrelated(other) && other.returns === each.returns && other.way === each.way;
    const same = each.isSystemCall ? byForm.get(each.code.form ?? '')?.find((other) => other.isSystemCall && isOther(other)) : undefined;
    if (same) return { why: 'system call', program: same.program };
    const general = generalNames(each.name).flatMap((name) => byName.get(name) ?? []);
    const found = general.find((other) => isOther(other) && usesMapsOf(each, other));
    if (found) return { why: 'special form', program: found.program };
    const relative = renamed.get(familyOf(each.name) ?? '')?.find(isUnrelated);
    if (relative && group.length === 1) return { why: 'renamed family', program: relative.program };
  }
  return null;
}

/** The jobs of an object, in the order of their first programs. Programs whose section names no place in the kernel are left out. */
export function jobsOf(object: BpfObject): Job[] {
  const placed = placedPrograms(object);
  const groups = groupsOf(placed);
  const relatives = relativesIn(groups);
  return groups.map((group) => ({ programs: group.map(({ program }) => program), optional: optionalOf(group, relatives) }));
}
