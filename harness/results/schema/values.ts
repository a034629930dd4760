// Values that occur in many places of results.json.
import { z } from 'zod';
import { FAILURE_CLASSES } from '../../base/failures.ts';
import { STAGES, STATUSES } from '../../base/vocabulary.ts';

export const count = z.number().int().nonnegative();
export const milliseconds = z.number().nonnegative();
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
export const status = z.enum(STATUSES);
export const stage = z.enum(STAGES);
export const failureClass = z.enum(FAILURE_CLASSES);

/** `isolation` of a run and of an attempt. */
export const isolation = z.enum(['snapshot', 'boot']);

export const kernelId = z.string().describe('`id` of the kernel in `kernels`.');
export const objectId = z.string().describe('`id` of the object in `objects`.');

/** A list of kernels by id; the description says which. */
export const kernelIds = z.array(z.string());
