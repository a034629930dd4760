// `kconfig`: values of `__kconfig` variables instead of the kernel's own.
import { z } from 'zod';
import { withAllFaults } from '../../../base/errors.ts';
import { typeText } from '../../../bpf/btf/type-text.ts';
import type { BpfObject } from '../../../bpf/object/object.ts';
import { kconfigOf, type ObjectVariable } from '../../../bpf/object/variables.ts';
import type { Proposal, Setting, SettingInput } from '../definition.ts';
import { notInObject } from '../place.ts';
import { expectedFor, type KconfigValue, valueText } from './value-text.ts';

type Values = Record<string, KconfigValue>;

const schema = z
  .record(z.string(), z.union([z.boolean(), z.number(), z.string()]))
  .describe("Values of `__kconfig` variables, instead of the kernel's own: true, false, `m`, a number, or text.");

/** Variables such as LINUX_KERNEL_VERSION. @see bpf_object__resolve_externs() in libbpf.c */
const SET_BY_LIBBPF = /^LINUX_/;

function settable(object: BpfObject): ObjectVariable[] {
  return kconfigOf(object).filter(({ name }) => name.startsWith('CONFIG_'));
}

/** Values that the agent gives to libbpf. */
export interface PreparedKconfig {
  /** By name, as in a kernel configuration. */
  values: ReadonlyMap<string, string>;
  /** The lines of a kernel configuration that hold the values; '' without any. */
  text: string;
}

function preparedKconfig(values: Values, { object, place }: SettingInput<unknown>): PreparedKconfig {
  const { btf } = object;
  const known = settable(object);
  const names = known.map(({ name }) => name);
  const found = withAllFaults('kconfig', Object.entries(values), ([name, value]) => {
    const variable = known.find((each) => each.name === name);
    if (SET_BY_LIBBPF.test(name) && kconfigOf(object).some((each) => each.name === name))
      throw place.at(name).problem(`libbpf itself sets ${name}: kconfig sets only variables whose names begin with CONFIG_`);
    if (!btf || !variable) throw notInObject(place.at(name), '__kconfig variable', name, names);
    const text = valueText(btf, variable.type, value);
    if (text !== null) return [name, text] as const;
    const type = typeText(btf, variable.type);
    throw place
      .at(name)
      .problem(`${JSON.stringify(value)} is not a value for ${name} (${type}); expected ${expectedFor(btf, variable.type)}`);
  });
  return { values: new Map(found), text: found.map(([name, text]) => `${name}=${text}\n`).join('') };
}

/** Proposes the variables that the object reads from the kernel's configuration. */
function proposeKconfig(object: BpfObject): Proposal | null {
  const { btf } = object;
  if (!btf) return null;
  return { isNeeded: false, entries: settable(object).map(({ name, type }) => ({ name, value: null, why: typeText(btf, type) })) };
}

export const kconfig: Setting<Values, PreparedKconfig> = {
  schema,
  isOnlyForAgent: true,
  prepare: preparedKconfig,
  apply: (object, { values: given }) => ({ ...object, kconfig: given }),
  frames: ({ text }) => (text === '' ? [] : [{ type: 'kconfig', text }]),
  propose: proposeKconfig,
};
