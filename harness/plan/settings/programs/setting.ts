// `programs`: which programs are loaded, as what, and where they are attached.
import { withAllFaults } from '../../../base/errors.ts';
import { ATTACH_TYPES, attachTypesOf } from '../../../bpf/object/attach-type.ts';
import type { BpfProgram } from '../../../bpf/object/object.ts';
import { PROGRAM_TYPES } from '../../../bpf/object/program-type.ts';
import type { RequestFrame } from '../../../guest/protocol/frames.ts';
import type { Setting, SettingInput } from '../definition.ts';
import type { Mode } from '../mode-name.ts';
import { either, notInObject, type Place } from '../place.ts';
import { wantedOf } from '../switch.ts';
import { checkAttachTo } from './attach-to.ts';
import { proposePrograms } from './propose.ts';
import { type ProgramSettings, programsSchema, type ProgramsSettings } from './schema.ts';

export interface Others {
  mode?: Mode | undefined;
}

/** Checks that programs of a type have an attach type. */
function checkAttachType(type: string | null, { attach_type: attachType }: ProgramSettings, place: Place): void {
  const possible = type === null ? undefined : attachTypesOf(type);
  if (attachType === undefined || !possible || possible.includes(attachType)) return;
  const problem = `${attachType} is no attach type of ${type} programs`;
  throw place.problem(
    possible.length === 0 ? `${problem}, which have none; remove attach_type` : `${problem}; expected ${either(possible)}`,
  );
}

function checkPrograms(value: ProgramsSettings, { object, settings: { mode = 'load' }, place }: SettingInput<Others>): void {
  const names = object.programs.map(({ name }) => name);
  withAllFaults('programs', Object.entries(value), ([name, settings]) => {
    const { type, autoload, attach_to: target } = settings;
    const program = object.programs.find((each) => each.name === name);
    if (!program) throw notInObject(place.at(name), 'program', name, names);
    const loaded = { ...program, type: type ?? program.type };
    checkAttachType(loaded.type, settings, place.at(name, 'attach_type'));
    if (target === undefined) return;
    checkAttachTo(loaded, target, {
      object,
      mode,
      place: place.at(name, 'attach_to'),
      isQuestion: autoload === 'if-supported',
    });
  });
}

function applied(program: BpfProgram, { autoload, type, attach_to }: ProgramSettings = {}): BpfProgram {
  return {
    ...program,
    autoload: autoload ?? program.autoload,
    type: type ?? program.type,
    hasGivenType: type !== undefined && type !== program.type,
    attachTo: attach_to ?? program.attachTo,
  };
}

function programFrames(program: string, { autoload, type, attach_type }: ProgramSettings): RequestFrame[] {
  const frames: RequestFrame[] = [];
  if (type !== undefined) frames.push({ type: 'program-setting', program, attribute: 'type', value: PROGRAM_TYPES.indexOf(type) });
  if (attach_type !== undefined)
    frames.push({ type: 'program-setting', program, attribute: 'attach_type', value: ATTACH_TYPES.indexOf(attach_type) });
  if (autoload !== undefined) frames.push({ type: 'autoload', program, wanted: wantedOf(autoload) });
  return frames;
}

export const programs: Setting<ProgramsSettings, ProgramsSettings, Others> = {
  schema: programsSchema,
  isOnlyForAgent: true,
  prepare: (value, input) => {
    checkPrograms(value, input);
    return value;
  },
  apply: (object, own) => ({ ...object, programs: object.programs.map((program) => applied(program, own[program.name])) }),
  frames: (own) => Object.entries(own).flatMap(([name, settings]) => programFrames(name, settings)),
  // The agent looks up a target at once, and only for programs that will be loaded. Alternatives decide that first.
  lastFrames: (own) =>
    Object.entries(own).flatMap(([program, { attach_to: target }]): RequestFrame[] =>
      target === undefined ? [] : [{ type: 'attach-to', program, target }],
    ),
  propose: proposePrograms,
};
