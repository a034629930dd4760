// Places in the report, by positions in its data, and their addresses.
import { cellAddress } from '../shared/addresses.ts';
import type { PageData } from '../shared/page-data.ts';
import { itemAt, pageData } from './page.ts';

/** One object on one kernel. */
export interface CellPlace {
  kernel: number;
  object: number;
}

/** Two kernels compared for one object, or two rows of one file on one kernel; `program` is null for all its programs. */
export interface ComparisonPlace {
  left: number;
  right: number;
  object: number;
  /** The row on the right: the object itself, or another row of the same file, such as that of another loader. */
  rightObject: number;
  program: number | null;
}

/** One relocation of an object on two kernels. */
export interface RelocationPlace {
  object: number;
  ref: number;
  left: number;
  right: number;
}

/** A view with an address. */
export type Destination =
  | { view: 'cell'; place: CellPlace }
  | { view: 'comparison'; place: ComparisonPlace }
  | { view: 'relocation'; place: RelocationPlace };

const kernelAnchor = (position: number) => itemAt(pageData().kernels, position).anchor;
const objectAnchor = (position: number) => itemAt(pageData().objects, position).anchor;

/** The address of a cell. The ids in its view begin with it, too. */
export function cellId({ kernel, object }: CellPlace): string {
  return cellAddress(kernelAnchor(kernel), objectAnchor(object));
}

/** The link to a comparison. */
export function comparisonLink({ left, right, object, rightObject, program }: ComparisonPlace): string {
  const end = program === null ? '' : `/${itemAt(itemAt(pageData().objects, object).programs, program).anchor}`;
  // No anchor has a `=`.
  const other = rightObject === object ? '' : `=${objectAnchor(rightObject)}`;
  return `#compare/${kernelAnchor(left)}/${kernelAnchor(right)}/${objectAnchor(object)}${other}${end}`;
}

/** The link to a relocation on two kernels. */
export function relocationLink({ object, ref, left, right }: RelocationPlace): string {
  return `#relo/${objectAnchor(object)}/${ref}/${kernelAnchor(left)}/${kernelAnchor(right)}`;
}

function find(list: readonly { anchor: string }[], anchor: string | undefined): number {
  return list.findIndex((item) => item.anchor === anchor);
}

const isKnown = (...positions: readonly number[]) => positions.every((position) => position >= 0);

function parseCell(address: string, { kernels, objects }: PageData): Destination | null {
  const [, kernel, object] = /^c\/([^/]*)\/([^/]*)(?:\/|$)/.exec(address) ?? [];
  const place = { kernel: find(kernels, kernel), object: find(objects, object) };
  return isKnown(place.kernel, place.object) ? { view: 'cell', place } : null;
}

function parseComparison(address: string, { kernels, objects }: PageData): Destination | null {
  const [, one, two, rows, name] = /^compare\/([^/]*)\/([^/]*)\/([^/]*)(?:\/([^/]*))?$/.exec(address) ?? [];
  const [row, rightRow = row] = rows?.split('=') ?? [];
  const [left, right, object, rightObject] = [find(kernels, one), find(kernels, two), find(objects, row), find(objects, rightRow)];
  const program = name === undefined ? null : find(objects[object]?.programs ?? [], name);
  if (!isKnown(left, right, object, rightObject, program ?? 0)) return null;
  return { view: 'comparison', place: { left, right, object, rightObject, program } };
}

function parseRelocation(address: string, { kernels, objects }: PageData): Destination | null {
  const [, name, ref, from, to] = /^relo\/([^/]*)\/(\d+)\/([^/]*)\/([^/]*)$/.exec(address) ?? [];
  const place = { object: find(objects, name), ref: Number(ref ?? -1), left: find(kernels, from), right: find(kernels, to) };
  return isKnown(place.object, place.ref, place.left, place.right) ? { view: 'relocation', place } : null;
}

/** The view that an address (without its `#`) leads to; null if it leads to a part of the overview or nowhere. */
export function parseAddress(address: string, data: PageData): Destination | null {
  return parseCell(address, data) ?? parseComparison(address, data) ?? parseRelocation(address, data);
}
