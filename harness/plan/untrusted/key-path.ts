// The keys of a configuration as a type, so that a table over all of them is checked when it is compiled.
import type { Value } from '../../bpf/btf/encode.ts';

type Below<At extends string, Key extends string> = At extends '' ? Key : `${At}.${Key}`;

/**
 * Every path of keys that leads to a value in a configuration: `kernels.selector`, `maps.*.max_entries`. List positions are left out,
 * `*` is a name that the user chooses. A command, and a value of any shape, is one path.
 */
export type KeyPath<Given, At extends string = ''> = [Value] extends [Given]
  ? At
  : Given extends boolean | number | string
    ? At
    : Given extends readonly (infer Item)[]
      ? KeyPath<Item, At>
      : string extends keyof Given
        ? KeyPath<Given[keyof Given], Below<At, '*'>>
        : {
            [Key in keyof Given & string]-?: Key extends 'command' ? Below<At, Key> : KeyPath<NonNullable<Given[Key]>, Below<At, Key>>;
          }[keyof Given & string];
