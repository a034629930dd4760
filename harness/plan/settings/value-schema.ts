// Values of variables, map keys and map values, as YAML writes them.
import { z } from 'zod';
import type { Value } from '../../bpf/btf/encode.ts';

/** A list for an array, members by name for a struct. Integers that YAML's numbers cannot hold are text. */
export const valueSchema: z.ZodType<Value> = z.lazy(() =>
  z.union([z.boolean(), z.number(), z.string(), z.array(valueSchema), z.record(z.string(), valueSchema)]),
);
