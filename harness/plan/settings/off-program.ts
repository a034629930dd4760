// Programs that are off: a test run or a check of one would never find it.
import type { BpfObject } from '../../bpf/object/object.ts';
import type { Place } from './place.ts';

/** The settings that decide whether a program is loaded. */
export interface LoadSettings {
  programs?: Readonly<Record<string, { autoload?: boolean | 'if-supported' | undefined }>> | undefined;
  alternatives?: readonly (readonly string[])[] | undefined;
}

/**
 * Checks that a program is loaded.
 * @param place the place that names it
 * @throws UserError if it is off
 */
export function checkIsLoaded(name: string, object: BpfObject, { programs, alternatives = [] }: LoadSettings, place: Place): void {
  const program = object.programs.find((each) => each.name === name);
  // libbpf loads the program of a struct_ops map with that map.
  if (!program || program.member || alternatives.some((group) => group.includes(name))) return;
  const given = programs?.[name]?.autoload;
  if (given === false) throw place.problem(`program "${name}" is off (autoload: false); switch it on, or name another program`);
  if (given === undefined && program.autoload === false)
    throw place.problem(
      `program "${name}" is off: its section name "${program.section}" begins with "?"; write "programs: { ${name}: { autoload: true } }"`,
    );
}
