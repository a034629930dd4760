// The real inputs that mutated ones are made from. We recorded them in guests of the matrix.
import { readdirSync, readFileSync } from 'node:fs';

const FOLDER = new URL('./seeds/', import.meta.url);

/** Reads the seeds whose file names begin with a text. */
export function seedFiles(beginning: string): readonly [Buffer, ...Buffer[]] {
  const names = readdirSync(FOLDER).filter((name) => name.startsWith(beginning));
  const [first, ...rest] = names.toSorted().map((name) => readFileSync(new URL(name, FOLDER)));
  if (!first) throw new Error(`no seed begins with ${beginning}`);
  return [first, ...rest];
}
