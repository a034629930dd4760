// `variables`: values of global variables, as bytes for their data sections.
import { z } from 'zod';
import { withAllFaults } from '../../../base/errors.ts';
import { decodeValue } from '../../../bpf/btf/decode.ts';
import { encodeValue, type Value } from '../../../bpf/btf/encode.ts';
import { typeText } from '../../../bpf/btf/type-text.ts';
import { type ElfSection, sectionNamed } from '../../../bpf/elf/elf.ts';
import type { BpfObject } from '../../../bpf/object/object.ts';
import { variablesOf } from '../../../bpf/object/variables.ts';
import type { Proposal, ProposedEntry, Setting, SettingInput } from '../definition.ts';
import { listed, notInObject } from '../place.ts';
import { valueSchema } from '../value-schema.ts';

type Values = Record<string, Value>;

/** Bytes to write into a data section before the load. */
export interface VariableBytes {
  section: string;
  offset: number;
  bytes: Uint8Array;
}

const schema = z
  .record(z.string(), valueSchema)
  .describe(
    'Values of global variables (`const volatile`, `.data`, `.bss`), by their names: numbers, booleans, text for char arrays, names of ' +
      'enumerators, lists for arrays, maps of members for structs. Integers beyond 2^53 may be written as text: `"0xffffffffffffffff"`.',
  );

function encodedVariables(values: Values, { object, place }: SettingInput<unknown>): VariableBytes[] {
  const { btf, littleEndian } = object;
  const variables = variablesOf(object);
  const names = variables.map(({ name }) => name);
  return withAllFaults('variables', Object.entries(values), ([name, value]) => {
    const here = place.at(name);
    const own = variables.filter((variable) => variable.name === name);
    const [variable] = own;
    if (!btf || !variable) throw notInObject(here, 'variable', name, names);
    if (own.length > 1) throw here.problem(`more than one variable "${name}", in ${listed(own.map(({ section }) => section))}`);
    const encoded = encodeValue(btf, variable.type, value, littleEndian);
    if (!encoded.ok) throw here.problem(`variable "${name}" (${typeText(btf, variable.type)}): ${encoded.problem}`);
    return { section: variable.section, offset: variable.offset, bytes: encoded.bytes };
  });
}

/** A section with values written into it. A section without bytes in the file, such as .bss, holds no constants. */
function withValues(section: ElfSection, variables: readonly VariableBytes[]): ElfSection {
  const own = variables.filter((variable) => variable.section === section.name && section.bytes.length > 0);
  if (own.length === 0) return section;
  const bytes = Uint8Array.from(section.bytes);
  for (const variable of own) if (variable.offset + variable.bytes.length <= bytes.length) bytes.set(variable.bytes, variable.offset);
  return { ...section, bytes };
}

/** The `const volatile` variables, with their compiled values. Loaders set these; other variables are state. */
function proposeConstants(object: BpfObject): Proposal | null {
  const { btf, elf, littleEndian } = object;
  if (!btf) return null;
  const entries = variablesOf(object).flatMap(({ name, section, type, offset, size }): ProposedEntry[] => {
    const text = typeText(btf, type);
    if (!section.startsWith('.rodata') || !text.includes('volatile') || size === null) return [];
    const bytes = sectionNamed(elf, section)?.bytes.subarray(offset, offset + size) ?? new Uint8Array();
    const value = bytes.length === size ? decodeValue(btf, type, bytes, littleEndian) : null;
    return [{ name, value, why: text.replaceAll(/\b(?:const|volatile) /g, '') }];
  });
  return { isNeeded: false, entries };
}

export const variables: Setting<Values, readonly VariableBytes[]> = {
  schema,
  isOnlyForAgent: true,
  prepare: encodedVariables,
  apply: (object, values) => ({
    ...object,
    elf: { ...object.elf, sections: object.elf.sections.map((section) => withValues(section, values)) },
  }),
  frames: (values) => values.map(({ section, offset, bytes }) => ({ type: 'variable', section, offset, bytes })),
  propose: proposeConstants,
};
