// The ids of things in the page, out of the names of kernels, objects and programs.
import type { FailureClass } from '../../harness/base/failures.ts';
import { causeAddress, cellAddress, cellRelocationAddress, logAddress, relocationsAddress } from './shared/addresses.ts';

/** A foreign name as part of a fragment: letters, digits and a few signs; everything else by its code. */
export function namePart(name: string): string {
  return name.replaceAll(/[^\w.+-]/g, (character) => `~${(character.codePointAt(0) ?? 0).toString(16)}~`);
}

/** The id of an object on a kernel. */
export function cellAnchor(kernel: string, object: string): string {
  return cellAddress(namePart(kernel), namePart(object));
}

/** The id of a program's row of the matrix. */
export function programAnchor(object: string, program: string): string {
  return `p/${namePart(object)}/${namePart(program)}`;
}

/** The id of an object's relocations across kernels. */
export function relocationsAnchor(object: string): string {
  return relocationsAddress(namePart(object));
}

/** The id of one relocation of an object on a kernel; `ref` is its position in the object's list. */
export function relocationAnchor(kernel: string, object: string, ref: number): string {
  return cellRelocationAddress(cellAnchor(kernel, object), ref);
}

/** The id of a log of a cell, or of one of its programs; `/L12` after it is its twelfth line. */
export function logAnchor(cell: { kernel: string; object: string }, kind: string, program?: string): string {
  return logAddress(cellAnchor(cell.kernel, cell.object), program === undefined ? kind : `${kind}/${namePart(program)}`);
}

/** The id of a root cause. */
export function causeAnchor(fingerprint: string): string {
  return causeAddress(namePart(fingerprint));
}

/** The id of a failure class in the legend. */
export function classAnchor(failure: FailureClass): string {
  return `class/${failure}`;
}

/** The id of a kernel in the table of kernels. */
export function kernelAnchor(kernel: string): string {
  return `k/${namePart(kernel)}`;
}
