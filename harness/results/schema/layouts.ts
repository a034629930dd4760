// `layouts` in results.json: the kernel types that relocations go through, on every kernel of the run that has BTF.
import { z } from 'zod';
import { LAYOUT_KINDS } from '../../base/vocabulary.ts';
import { count, kernelIds } from './values.ts';

const member = z.strictObject({
  name: z.string().describe('Name of the member, enumerator or parameter; empty if it has none.'),
  type: z.string().describe('Type as C writes it; of an enumerator, its value in decimal.'),
  size: count.nullable().describe('Size, in bytes; null if it has none.'),
  bitSize: count.describe('Width of a bit field, in bits; 0 for anything else.'),
});

const distinctLayout = z.strictObject({
  kernels: kernelIds.describe('Kernels that have this layout, by id.'),
  kind: z.enum(LAYOUT_KINDS).describe('Kind of the type.'),
  size: count.nullable().describe('Size of the type, in bytes; null if it has none.'),
  others: count.describe('Number of other types of this kind that have the same name in the kernel.'),
  places: z
    .array(z.tuple([count, count.nullable()]))
    .describe(
      'In the order of the declaration: position in `members`, and offset in bits (null for what has no offset, such as an enumerator).',
    ),
});

const typeLayouts = z.strictObject({
  name: z.string().describe('Type as C refers to it, without flavor: `struct task_struct`.'),
  members: z.array(member).describe('Every member that any kernel has; one that only moved is listed once.'),
  layouts: z.array(distinctLayout).describe('Each distinct layout once.'),
  missing: kernelIds.describe('Kernels with BTF that lack the type, by id.'),
});

export const layoutCollection = z.strictObject({
  types: z.array(typeLayouts).describe('The types, ordered by name.'),
  omitted: z.array(z.string()).describe('Names of types that are too large to be kept.'),
});

export type TypeLayouts = z.infer<typeof typeLayouts>;
export type LayoutCollection = z.infer<typeof layoutCollection>;
