// Names of functions and tracepoints that mean the same thing in kernels of different age or configuration.

/** Words that kernels of one age or configuration add to a name: page became folio, `_noprof` and `_nested` are the functions behind macros. */
const VARIANT_WORDS: ReadonlySet<string> = new Set(['page', 'pages', 'folio', 'folios', 'noprof', 'nested']);

/** What newer kernels have in place of a function, where the name shares too few words. Without leading underscores. */
const REPLACED_BY: ReadonlyMap<string, string> = new Map([
  // Linux 6.5 has the tracepoints block_io_start and block_io_done, because the functions are inlined.
  ['blk_account_io_start', 'block_io_start'],
  ['blk_account_io_done', 'block_io_done'],
  // Linux 5.16 allocates folios.
  ['page_cache_alloc', 'filemap_alloc_folio'],
  // Linux 5.15 has folio_account_dirtied, which some compilers inline; the tracepoint beside it remains.
  ['account_page_dirtied', 'writeback_dirty_folio'],
  ['folio_account_dirtied', 'writeback_dirty_folio'],
]);

/** Names that tools write where their loader sets the target. */
const PLACEHOLDER = /^(?:dummy|placeholder|fake)(?:_|$)|^(?:foo|bar|func|function|handle_(?:entry|return|exit))$/;

const withoutUnderscores = (name: string) => name.replace(/^_+/, '');

/** Words that only mark a placeholder, or name how it is attached: `dummy_fentry`. */
const PLACEHOLDER_WORDS: ReadonlySet<string> = new Set(['dummy', 'placeholder', 'fake', 'fentry', 'fexit', 'kprobe', 'kretprobe']);

/** The same text for all names of one target. */
export function commonName(name: string): string {
  if (isPlaceholder(name))
    return `placeholder ${name
      .split('_')
      .filter((word) => !PLACEHOLDER_WORDS.has(word))
      .join('_')}`;
  const plain = withoutUnderscores(name);
  const words = (REPLACED_BY.get(plain) ?? plain).split('_').filter((word) => word !== '' && !VARIANT_WORDS.has(word));
  return words.length === 0 ? name : words.join('_');
}

/** Whether a name stands for a target that the loader sets. */
export function isPlaceholder(name: string): boolean {
  return PLACEHOLDER.test(name);
}

/** Functions that every kernel since 5.4 exports, by a word of a placeholder: examples of its target with the usual arguments. */
const EXAMPLES: readonly (readonly [RegExp, string])[] = [
  [/(?:^|_)read(?:_|$)/, 'generic_file_read_iter'],
  [/(?:^|_)write(?:_|$)/, 'generic_file_write_iter'],
  [/(?:^|_)open(?:_|$)/, 'generic_file_open'],
  [/(?:^|_)f?sync(?:_|$)/, 'vfs_fsync_range'],
  [/(?:^|_)getattr(?:_|$)/, 'simple_getattr'],
];
const ANY_EXAMPLE = 'vfs_read';

/** An example of a function to which a program with this placeholder can be attached. */
export function exampleTarget(placeholder: string): string {
  return EXAMPLES.find(([word]) => word.test(placeholder))?.[1] ?? ANY_EXAMPLE;
}

const FAMILY_WORDS = 3;
/** The most words that a special form of a function has more: `kmalloc_node`, `mutex_lock_interruptible`. */
const MAX_ADDED_WORDS = 2;

/** The words that the functions of one part of the kernel share: `blk_account_io` of `blk_account_io_start`; null for names without another word. */
export function familyOf(name: string): string | null {
  const words = withoutUnderscores(name).split('_');
  return words.length > FAMILY_WORDS ? words.slice(0, FAMILY_WORDS).join('_') : null;
}

/** The shorter names of which a name may be a special form: `a_b` and `a` for `a_b_c`. */
export function generalNames(name: string): string[] {
  const words = name.split('_');
  const count = Math.min(MAX_ADDED_WORDS, words.length - 1);
  return Array.from({ length: count }, (_, index) => words.slice(0, words.length - 1 - index).join('_')).filter((each) => each !== '');
}
