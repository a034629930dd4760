// Measures the similarity of two names in the kernel.

const MAX_NAME = 80;

/** Words of a name: `__i_ctime` and `i_ctime` have the same. */
function stripped(name: string): string {
  return name.replace(/^_+|_+$/g, '').toLowerCase();
}

/** Edits from one text, of at most MAX_NAME characters, to the other: insertions, deletions, replacements. */
function distance(a: string, b: string): number {
  const row = new Uint8Array(b.length + 1);
  for (let at = 0; at <= b.length; at++) row[at] = at;
  for (let i = 1; i <= a.length; i++) {
    const letter = a.charCodeAt(i - 1);
    let diagonal = row[0] ?? 0;
    let left = i;
    row[0] = left;
    for (let j = 1; j <= b.length; j++) {
      const above = row[j] ?? 0;
      left = Math.min(diagonal + (letter === b.charCodeAt(j - 1) ? 0 : 1), above + 1, left + 1);
      row[j] = left;
      diagonal = above;
    }
  }
  return row[b.length] ?? 0;
}

function sharedLetters(a: string, b: string): number {
  const longest = Math.max(a.length, b.length);
  return longest === 0 ? 0 : 1 - distance(a, b) / longest;
}

function sharedWords(a: string, b: string): number {
  if (!a.includes('_') && !b.includes('_')) return 0;
  const [left, right] = [new Set(a.split('_')), new Set(b.split('_'))];
  const shared = [...left].filter((word) => right.has(word)).length;
  return (2 * shared) / (left.size + right.size);
}

/** From 0 to 1: 1 for names that differ in leading underscores only, else by shared words or letters, whichever is more. */
export function similarity(left: string, right: string): number {
  const [a, b] = [stripped(left.slice(0, MAX_NAME)), stripped(right.slice(0, MAX_NAME))];
  return a === b ? 1 : Math.min(0.95, Math.max(sharedLetters(a, b), sharedWords(a, b)));
}

/** The names most similar to a wanted one, best first; `least` is the minimum similarity. */
export function mostSimilar(wanted: string, names: Iterable<string>, count: number, least: number): string[] {
  const length = stripped(wanted).length;
  const words = stripped(wanted)
    .split('_')
    .filter((word) => word.length > 2);
  const ranked: { name: string; score: number }[] = [];
  for (const name of new Set(names)) {
    const near = Math.abs(name.length - length) <= length * (1 - least) + 4 || words.some((word) => name.includes(word));
    const score = near && name !== wanted ? similarity(wanted, name) : 0;
    if (score >= least) ranked.push({ name, score });
  }
  return ranked
    .toSorted((a, b) => b.score - a.score || (a.name < b.name ? -1 : 1))
    .slice(0, count)
    .map(({ name }) => name);
}

/** Enough letters or words in common for a typing error. */
const TYPING_ERROR = 0.6;
const MAX_NAMES = 2000;

/** The letters of a name in order, because exchanged letters are two edits. */
function lettersOf(name: string): string {
  return Array.from(name.slice(0, MAX_NAME)).toSorted().join('');
}

/** The question to put after an unknown name, ` (did you mean kernels?)`; empty if no possible name is similar. */
export function didYouMean(wanted: string, names: readonly string[]): string {
  const possible = names.slice(0, MAX_NAMES);
  const exchanged = possible.find((name) => name !== wanted && lettersOf(name) === lettersOf(wanted));
  const nearest = exchanged ?? mostSimilar(wanted, possible, 1, TYPING_ERROR)[0];
  return nearest === undefined ? '' : ` (did you mean ${nearest}?)`;
}
