// Values of an object's global variables, and of the kernel configuration as its programs see it.
import { z } from 'zod';

const scalar = z.union([z.boolean(), z.number(), z.string()]);

/** A value as YAML has it: a list for an array, a map of members for a struct. Integers too large for YAML's numbers are text. */
export type VariableValue = boolean | number | string | VariableValue[] | { [member: string]: VariableValue };

const value: z.ZodType<VariableValue> = z.lazy(() => z.union([scalar, z.array(value), z.record(z.string(), value)]));

export const variablesSettingsSchema = z
  .record(z.string(), value)
  .describe(
    'Values of global variables (`const volatile`, `.data`, `.bss`), by their names: numbers, booleans, text for char arrays, names of ' +
      'enumerators, lists for arrays, maps of members for structs. Integers beyond 2^53 are written as text: `"0xffffffffffffffff"`.',
  );

export const kconfigSettingsSchema = z
  .record(z.string(), scalar)
  .describe("Values of `__kconfig` variables, instead of the kernel's own: true, false, `m`, a number, or text.");

export type KconfigValue = z.infer<typeof scalar>;
