// `alternatives`: groups of programs or maps, of which the agent loads one.
import { z } from 'zod';
import { withAllFaults } from '../../../base/errors.ts';
import type { Alternatives, BpfObject } from '../../../bpf/object/object.ts';
import type { Setting, SettingInput } from '../definition.ts';
import { notInObject } from '../place.ts';
import { proposeAlternatives } from './propose.ts';

const schema = z
  .array(z.array(z.string()).min(2, 'a group of alternatives has at least two'))
  .describe(
    'Groups of programs, or of maps, of which one is loaded: the first program whose target exists and that loads, and in the modes `attach` and `run` is attached; ' +
      'the first map whose type the kernel knows. The others are left out.',
  );

export interface Others {
  programs?: Readonly<Record<string, { autoload?: boolean | 'if-supported' | undefined }>> | undefined;
}

function checkedAlternatives(
  groups: readonly (readonly string[])[],
  { object: { programs, maps }, settings, place }: SettingInput<Others>,
): Alternatives[] {
  const seen = new Set<string>();
  const programNames = new Set(programs.map(({ name }) => name));
  const mapNames = new Set(maps.map(({ name }) => name));
  return withAllFaults('alternatives', groups.entries(), ([group, names]) => {
    const kind = names.some((name) => programNames.has(name)) ? 'programs' : 'maps';
    const [own, what] = kind === 'programs' ? [programNames, 'program'] : [mapNames, 'map'];
    withAllFaults('alternatives', names.entries(), ([index, name]) => {
      const here = place.at(group, index);
      if (!own.has(name)) throw notInObject(here, names.some((each) => own.has(each)) ? what : 'program or map', name, [...own]);
      if (seen.has(name)) throw here.problem(`the alternatives name "${name}" twice`);
      if (kind === 'programs' && settings.programs?.[name]?.autoload === false)
        throw here.problem(`"${name}" is one of the alternatives, but its autoload is false`);
      seen.add(name);
    });
    return { kind, names };
  });
}

/** Every member may be loaded, also one whose section name begins with `?`. */
function applied(object: BpfObject, alternatives: readonly Alternatives[]): BpfObject {
  const members = new Set(alternatives.flatMap(({ kind, names }) => (kind === 'programs' ? names : [])));
  const programs = object.programs.map((program) =>
    program.autoload === false && members.has(program.name) ? { ...program, autoload: true } : program,
  );
  return { ...object, programs, alternatives };
}

export const alternatives: Setting<string[][], readonly Alternatives[], Others> = {
  schema,
  isOnlyForAgent: true,
  prepare: checkedAlternatives,
  apply: applied,
  frames: (groups) => groups.map(({ kind, names }) => ({ type: 'alternatives', kind, names })),
  propose: proposeAlternatives,
};
