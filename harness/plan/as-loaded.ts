// An object as its settings make it, for whatever is said of it without a guest.
import type { ObjectSettings } from './config/object-settings.ts';
import type { ElfSection } from '../bpf/elf/elf.ts';
import type { ObjectMap } from '../bpf/object/maps.ts';
import type { BpfObject, BpfProgram } from '../bpf/object/object.ts';
import type { LoadPlan } from './object-settings.ts';
import type { VariableBytes } from './settings/variables.ts';

/** A section with values written into it. What has no bytes in the file, such as .bss, is no constant to anybody. */
function withValues(section: ElfSection, variables: readonly VariableBytes[]): ElfSection {
  const own = variables.filter((variable) => variable.section === section.name && section.bytes.length > 0);
  if (own.length === 0) return section;
  const bytes = Uint8Array.from(section.bytes);
  for (const variable of own) if (variable.offset + variable.bytes.length <= bytes.length) bytes.set(variable.bytes, variable.offset);
  return { ...section, bytes };
}

function asLoadedProgram(program: BpfProgram, settings: ObjectSettings, alternatives: LoadPlan['alternatives']): BpfProgram {
  // Whatever its section says, one of alternatives is to be loaded.
  const byDefault = program.autoload || alternatives.some(({ names }) => names.includes(program.name));
  const { autoload = byDefault, type = program.type, attach_to = program.attachTo } = settings.programs?.[program.name] ?? {};
  return { ...program, autoload, type, attachTo: attach_to };
}

function asLoadedMap(map: ObjectMap, settings: ObjectSettings): ObjectMap {
  const { type = map.type, autocreate = map.autocreate } = settings.maps?.[map.name] ?? {};
  return { ...map, type, autocreate };
}

/** The object as a loader with these settings sees it when it loads. */
export function asLoaded(object: BpfObject, settings: ObjectSettings, { variables, alternatives }: LoadPlan): BpfObject {
  return {
    ...object,
    programs: object.programs.map((program) => asLoadedProgram(program, settings, alternatives)),
    alternatives,
    maps: object.maps.map((map) => asLoadedMap(map, settings)),
    elf: { ...object.elf, sections: object.elf.sections.map((section) => withValues(section, variables)) },
  };
}
