// The schema of checks: conditions that must be true after the triggers of a run.
import { z } from 'zod';
import { valueSchema } from '../value-schema.ts';

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

const oneCheckSchema = z.strictObject({
  program: z.string().optional().describe('The program that fails if this check does. Default: every program of the object.'),
  runs: count.optional().describe('`program` has run at least this often.'),
  returns: z.number().int().optional().describe('Every test run of `program` returns this.'),
  events: z.string().optional().describe('A ring buffer or perf event array that has received at least `at_least` events (default: 1).'),
  map: z.string().optional().describe('A map to look into, at `key`.'),
  key: valueSchema.optional().describe("The key, written according to the type of the map's keys, or as `hex:...`."),
  variable: z.string().optional().describe('A global variable to look at.'),
  equals: valueSchema.optional().describe('Expected value, written according to the type, or as `hex:...`.'),
  at_least: count
    .optional()
    .describe('The value must be a number, and at least this. In maps with a value for each processor, their sum counts.'),
  not_zero: z.literal(true).optional().describe('The value must not be all zero.'),
});

export const checkSchema = z.array(oneCheckSchema).min(1).describe('Conditions that must be true after the triggers.');

export type OneCheck = z.infer<typeof oneCheckSchema>;
