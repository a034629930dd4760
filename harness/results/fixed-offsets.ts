// The note about objects whose programs read kernel structs at fixed offsets, from their results.
import { basename } from 'node:path';
import type { ObjectResult } from './schema.ts';

/** One line for each object whose programs read kernel structs at fixed offsets. */
export function fixedOffsetLines(objects: readonly Pick<ObjectResult, 'path' | 'fixedOffsets'>[]): string[] {
  return objects.flatMap(({ path, fixedOffsets = [] }) => {
    if (fixedOffsets.length === 0) return [];
    const what = `${fixedOffsets.join(', ')}: reads kernel structs, but the object has no CO-RE relocation`;
    return [`${basename(path)}: ${what}, so its offsets are those of the machine that compiled it and may be wrong on any other kernel`];
  });
}
