// Where symbols of a kernel are. A kernel may give the type of a function to variables, too, and it frees some functions after it booted.
import type { KernelSymbol } from '../../kernels/image/kallsyms.ts';

export type SymbolPlace =
  /** Code that stays. */
  | 'text'
  /** Memory that the kernel frees after it booted: functions marked `__init`, and `__exit` of code that is built in. */
  | 'init'
  | 'data';

/**
 * Returns a function that places the symbols with the type of a function. Every place is `text` if the kernel does not mark where it ends.
 * The guest's agent knows the same: symbol_lists.c.
 * @see include/asm-generic/sections.h in the kernel
 */
export function symbolPlaces(symbols: readonly KernelSymbol[]): (symbol: KernelSymbol) => SymbolPlace {
  const offsets = new Map(symbols.flatMap(({ name, offset }) => (offset === null ? [] : [[name, offset] as const])));
  const marked = (name: string) => offsets.get(name) ?? null;
  const [end, freed, kept] = [marked('_etext'), marked('__init_begin'), marked('__init_end')];
  return ({ offset }) => {
    if (end === null || offset === null || offset < end) return 'text';
    return freed !== null && kept !== null && offset >= freed && offset < kept ? 'init' : 'data';
  };
}
