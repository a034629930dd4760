// Cuts text and lists to what a person reads on a terminal. Without a terminal nothing is cut: a log is searched, not read.
import { shortened } from '../../harness/base/visible.ts';

interface Room {
  /** Columns of the terminal; infinite without one. */
  width: number;
}

/** Text with at most so many characters on a terminal; whole without one. */
export function cutTo(text: string, length: number, { width }: Room): string {
  return Number.isFinite(width) ? shortened(text, length) : text;
}

/** The first items on a terminal; all without one. */
export function firstOf<Item>(items: readonly Item[], count: number, { width }: Room): readonly Item[] {
  return Number.isFinite(width) ? items.slice(0, count) : items;
}
