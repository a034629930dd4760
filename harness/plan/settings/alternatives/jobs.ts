// Finds programs that do one job on different kernels, and jobs that tools leave out where the kernel has no place for them.
import type { BpfObject } from '../../../bpf/object/object.ts';
import { type AttachPlace, attachPlaceOf, comparePreference } from './attach-place.ts';
import { type ProgramCode, programCodes } from './same-code.ts';
import { commonName, generalNames, isPlaceholder } from './target-names.ts';

interface Placed extends AttachPlace {
  program: string;
  code: ProgramCode;
}

/** Why a job may be left out where the kernel has no target for it, and the target or the program that shows this. */
export type Optional =
  | { why: 'placeholder'; target: string }
  | { why: 'system call'; program: string }
  | { why: 'special form'; program: string };

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

/** Whether two programs are for one job: one place that is reached in two ways, or two names of one target and the same maps. */
function isSameJob(a: Placed, b: Placed): boolean {
  if (a.name === b.name) return a.way !== b.way;
  return usesMapsOf(a, b);
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
    const key = `${each.returns} ${isPlaceholder(each.name) ? each.name : commonName(each.name)}`;
    addTo(groups, key, each);
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
}

function relativesIn(placed: readonly Placed[]): Relatives {
  const byForm = new Map<string, Placed[]>();
  const byName = new Map<string, Placed[]>();
  for (const each of placed) {
    if (each.code.form !== null) addTo(byForm, each.code.form, each);
    addTo(byName, each.name, each);
  }
  return { byForm, byName };
}

function optionalOf(group: readonly Placed[], { byForm, byName }: Relatives): Job['optional'] {
  const own = new Set(group.map(({ program }) => program));
  for (const each of group) {
    if (isPlaceholder(each.name)) return { why: 'placeholder', target: each.name };
    const isOther = (other: Placed) => !own.has(other.program) && other.returns === each.returns && other.way === each.way;
    const same = each.isSystemCall ? byForm.get(each.code.form ?? '')?.find((other) => other.isSystemCall && isOther(other)) : undefined;
    if (same) return { why: 'system call', program: same.program };
    const general = generalNames(each.name).flatMap((name) => byName.get(name) ?? []);
    const found = general.find((other) => isOther(other) && usesMapsOf(each, other));
    if (found) return { why: 'special form', program: found.program };
  }
  return null;
}

/** The jobs of an object, in the order of their first programs. Programs whose section names no place in the kernel are left out. */
export function jobsOf(object: BpfObject): Job[] {
  const placed = placedPrograms(object);
  const relatives = relativesIn(placed);
  return groupsOf(placed).map((group) => ({ programs: group.map(({ program }) => program), optional: optionalOf(group, relatives) }));
}
