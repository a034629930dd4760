// The filter language of the matrix.

/** One word of a query, lower case. */
export interface Term {
  /** `o` object, `p` program, `loader`, `k` kernel, `arch`, `s` status, `class` of failure, `type` of program, `is` a mark; '' any text of a row. */
  key: string;
  text: string;
  not: boolean;
}

/** The facts of a row that a query can match, in lower case. */
export interface FilterRow {
  object: string;
  program: string;
  /** The program type by libbpf's name; '' if unknown. */
  type: string;
  /** What loads the object: `libbpf@default`, `cilium@0.22`; '' for an executable. */
  loader: string;
  /** The statuses on the kernels that are shown. */
  statuses: readonly string[];
  classes: readonly string[];
  /** `flaky`, `mispredicted`. */
  marks: readonly string[];
  /** The texts and reasons of the cells. */
  texts: readonly string[];
}

/** The words of a query: `key:text`, `"quoted text"`, `key:"quoted text"`. A `!` before a word negates it. An unknown key is text. */
export function parseFilter(query: string): Term[] {
  const words = query.toLowerCase().matchAll(/(!?)(?:(o|p|k|s|is|arch|type|class|loader):)?(?:"([^"]*)"?|(\S+))/g);
  return [...words]
    .map(([, not, key, quoted, plain]) => ({ not: not === '!', key: key ?? '', text: quoted ?? plain ?? '' }))
    .filter(({ text }) => text !== '');
}

/** Whether a query matches a kernel, by the text of its head. */
export function wantsKernel(terms: readonly Term[], kernel: string): boolean {
  const text = kernel.toLowerCase();
  return ['k', 'arch'].every((key) => {
    const asked = terms.filter((term) => term.key === key);
    const wanted = asked.filter(({ not }) => !not);
    if (asked.some((term) => term.not && text.includes(term.text))) return false;
    return wanted.length === 0 || wanted.some((term) => text.includes(term.text));
  });
}

/** Whether a query matches a row: for each key at least one of its words, every word without a key, and no negated word. */
export function wantsRow(terms: readonly Term[], row: FilterRow): boolean {
  const has = ({ key, text }: Term): boolean => {
    if (key === 'is') return text === 'different' ? new Set(row.statuses).size > 1 : row.marks.includes(text);
    if (key === 'type') return row.type.includes(text);
    if (key === 'loader') return row.loader.includes(text);
    if (key === 's') return row.statuses.includes(text);
    if (key === 'class') return row.classes.some((name) => name.includes(text));
    if (key === 'o') return row.object.includes(text);
    if (key === 'p') return row.program.includes(text);
    return [row.object, row.program, ...row.texts].some((part) => part.includes(text));
  };
  const asked = terms.filter(({ key }) => key !== 'k' && key !== 'arch');
  if (asked.some((term) => term.not && has(term))) return false;
  return asked.every(
    (term) => term.not || (term.key === '' ? has(term) : asked.some((other) => other.key === term.key && !other.not && has(other))),
  );
}
