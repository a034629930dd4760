// The names by which things in the report are linked.
import type { FailureClass } from '../../harness/base/failures.ts';

/** A foreign name as part of a fragment: letters, digits and a few signs; everything else by its code. */
export function namePart(name: string): string {
  return name.replaceAll(/[^\w.+-]/g, (character) => `~${(character.codePointAt(0) ?? 0).toString(16)}~`);
}

/** The id of an object on a kernel. */
export function cellAnchor(kernel: string, object: string): string {
  return `c/${namePart(kernel)}/${namePart(object)}`;
}

/** The id of a program's row of the matrix. */
export function programAnchor(object: string, program: string): string {
  return `p/${namePart(object)}/${namePart(program)}`;
}

/** The id of an object's relocations across kernels. */
export function relocationsAnchor(object: string): string {
  return `r/${namePart(object)}`;
}

/** The id of one relocation of an object on a kernel; `ref` is its position in the object's list. */
export function relocationAnchor(kernel: string, object: string, ref: number): string {
  return `${cellAnchor(kernel, object)}/r/${ref}`;
}

/** The id of a log of a cell, or of one of its programs; `/L12` after it is its twelfth line. */
export function logAnchor(cell: { kernel: string; object: string }, kind: string, program?: string): string {
  return `${cellAnchor(cell.kernel, cell.object)}/log/${kind}${program === undefined ? '' : `/${namePart(program)}`}`;
}

/** The id of what is said of a root cause. */
export function causeAnchor(fingerprint: string): string {
  return `cause/${namePart(fingerprint)}`;
}

/** The id of a failure class in the legend. */
export function classAnchor(failure: FailureClass): string {
  return `class/${failure}`;
}

/** The id of what is known of a kernel. */
export function kernelAnchor(kernel: string): string {
  return `k/${namePart(kernel)}`;
}
