// Settings of programs held against the programs an object has.
import type { ProgramSettings } from '../../config/settings/programs.ts';
import { UserError } from '../../errors.ts';
import type { BpfProgram } from '../../object/object.ts';
import { notThere, type PlaceOf } from './problem.ts';

/**
 * Checks settings of programs.
 * @throws UserError with the place, what is wrong and what the object has
 */
export function checkPrograms(
  settings: Readonly<Record<string, ProgramSettings>>,
  programs: readonly BpfProgram[],
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
    if (own.attach_to !== undefined && (own.type ?? program.type) === 'ext') {
      const place = placeOf(['programs', name, 'attach_to']);
      throw new UserError(
        `${place}: "${name}" replaces a function of another program, which would have to be loaded before: not possible here`,
      );
    }
  }
}
