// Settings of programs held against the programs an object has.
import type { ProgramSettings } from '../config/settings/programs.ts';
import type { BpfObject } from '../../bpf/object/object.ts';
import { checkAttachTo } from './attach-to.ts';
import { notThere, type PlaceOf } from './problem.ts';

/**
 * Checks settings of programs.
 * @throws UserError with the place, what is wrong and what the object has
 */
export function checkPrograms(
  settings: Readonly<Record<string, ProgramSettings>>,
  { programs, maps }: Pick<BpfObject, 'programs' | 'maps'>,
  placeOf: PlaceOf,
): void {
  for (const [name, own] of Object.entries(settings)) {
    const program = programs.find((each) => each.name === name);
    if (!program) {
      notThere(
        placeOf(['programs', name]),
        'program',
        name,
        programs.map((each) => each.name),
      );
    }
    const type = own.type ?? program.type ?? '';
    if (own.attach_to !== undefined) checkAttachTo({ name, section: program.section, type, target: own.attach_to }, maps, placeOf);
  }
}
